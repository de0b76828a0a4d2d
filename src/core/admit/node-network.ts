/** The network between nodes that a user's network chooses, at the door. */
import { CLUSTER_NETWORK_LABEL } from '../../kinds/cluster-network.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { labelled } from '../underlay/choice.ts';
import { isNetworkName, NODE_NETWORKS_ANNOTATION, parseNodeNetworks } from '../underlay/node-annotations.ts';
import type { Findings, Review, Verdict } from './verdict.ts';

export function checkNodeNetwork({ spec }: Subnet, neighbours: ReadonlyWorld, findings: Findings): void {
  const name = spec?.nodeNetwork;
  if (name) checkName('spec.nodeNetwork', name, neighbours, findings);
}

export function checkLabel(
  attachment: NetworkAttachmentDefinition,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const name = labelled(attachment);
  if (name !== undefined) checkName(`metadata.labels[${CLUSTER_NETWORK_LABEL}]`, name, neighbours, findings);
}

function checkName(path: string, name: string, neighbours: ReadonlyWorld, findings: Findings): void {
  if (!isNetworkName(name)) {
    findings.invalid(path, name, 'is no name of a network between nodes');
    return;
  }
  if (neighbours.get('ClusterNetwork', name) || isAnnotated(name, neighbours)) return;
  findings.warn(
    path,
    `no ClusterNetwork is named ${name}, and no Node has it in annotation ${NODE_NETWORKS_ANNOTATION}: pods on this network do not start until there is one`,
  );
}

function isAnnotated(name: string, neighbours: ReadonlyWorld): boolean {
  return neighbours.keys('Node', 'all', '').some((key) => {
    const text = neighbours.get('Node', key)?.metadata.annotations?.[NODE_NETWORKS_ANNOTATION];
    return parseNodeNetworks(text).addresses.has(name);
  });
}

/** A Node is never refused for an annotation: what cannot be read of it is left out, and said. */
export function admitNode({ object, old }: Review<KubeObject>): Verdict<KubeObject> {
  const text = object.metadata.annotations?.[NODE_NETWORKS_ANNOTATION];
  if (text === old?.metadata.annotations?.[NODE_NETWORKS_ANNOTATION]) return { object, warnings: [], errors: [] };
  return { object, warnings: parseNodeNetworks(text).problems, errors: [] };
}
