/** What the conditions of networks say is wrong. */
import { type Condition, keyOf, type KubeObject } from '../../kinds/object.ts';
import { clusterNetworkKind } from '../../kinds/cluster-network.ts';
import { ipPoolKind } from '../../kinds/ip-pool.ts';
import { type NodeUnderlay, nodeUnderlayKind } from '../../kinds/node-underlay.ts';
import { subnetKind } from '../../kinds/subnet.ts';
import { vipKind } from '../../kinds/vip.ts';
import { virtualNetworkKind } from '../../kinds/virtual-network.ts';
import { vpcKind } from '../../kinds/vpc.ts';
import { vpcPeeringKind } from '../../kinds/vpc-peering.ts';
import { underlayFindings } from '../../core/doctor/underlay-findings.ts';
import type { KubeClient } from '../../lib/kube/client.ts';

export interface Problem {
  readonly what: string;
  readonly why: string;
  readonly todo: string;
  /** it works all the same */
  readonly severity?: 'warning';
}

export async function networkProblems(client: KubeClient): Promise<readonly Problem[]> {
  const kinds = [virtualNetworkKind, vpcKind, vpcPeeringKind, subnetKind, ipPoolKind, vipKind, clusterNetworkKind];
  const lists = await Promise.all(kinds.map((kind) => client.list<KubeObject>(kind)));
  const reports = await client.list<NodeUnderlay>(nodeUnderlayKind);
  const clusterNetworks = new Set(lists.at(-1)!.items.map(({ metadata }) => metadata.name));
  const conditions = lists.flatMap(({ items }, index) =>
    items.flatMap(({ metadata, status }) =>
      wrongOf((status as { readonly conditions?: readonly Condition[] } | undefined)?.conditions).map(
        ({ message, type }) => ({
          ...(type === 'Warning' ? { severity: 'warning' as const } : {}),
          what: `${kinds[index]!.kind} ${keyOf(metadata)}`,
          why: message,
          todo: `kubectl describe ${kinds[index]!.singular} ${metadata.name}${metadata.namespace ? ` -n ${metadata.namespace}` : ''} has the whole story`,
        }),
      ),
    ),
  );
  return [...conditions, ...underlayFindings(reports.items, clusterNetworks)];
}

function wrongOf(conditions: readonly Condition[] = []): readonly Condition[] {
  return conditions.filter(
    ({ type, status }) => (type === 'Ready' && status === 'False') || (type === 'Warning' && status === 'True'),
  );
}
