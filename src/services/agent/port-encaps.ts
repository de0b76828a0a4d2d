/** The tunnel address of each port: what its network chooses, where this node has that and it is whole. */
import { byUuid, type Operation } from '../../lib/ovsdb/operations.ts';
import { type Choice, choiceOf, labelled } from '../../core/underlay/choice.ts';
import type { EncapPlan } from '../../core/underlay/encap-plan.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { InterfaceRow } from './local-switch.ts';

/** external_ids of a port: which subnet and network attachment it is of, so that it follows what they choose later */
export const SUBNET_ID = 'weft-subnet';
export const ATTACHMENT_ID = 'weft-attachment';
const ENCAP_ID = 'encap-ip';

export interface Networks {
  readonly subnet: (name: string) => Subnet | undefined;
  readonly subnets: () => Iterable<Subnet>;
  /** by `namespace/name` */
  readonly attachment: (key: string) => NetworkAttachmentDefinition | undefined;
  readonly attachments: () => Iterable<NetworkAttachmentDefinition>;
}

/** networks between nodes that anybody chooses */
export function chosenNetworks({ subnets, attachments }: Networks): ReadonlySet<string> {
  const names = [
    ...[...subnets()].map(({ spec }) => spec?.nodeNetwork),
    ...[...attachments()].map((attachment) => labelled(attachment)),
  ];
  return new Set(names.flatMap((name) => (name ? [name] : [])));
}

export function choiceOfPort({ external_ids: ids }: InterfaceRow, networks: Networks): Choice | undefined {
  const subnet = networks.subnet(ids[SUBNET_ID] ?? '');
  return subnet && choiceOf(subnet, networks.attachment(ids[ATTACHMENT_ID] ?? ''));
}

/** Operations that give each port the tunnel address that it should have; ports that others made are left alone. */
export function portOperations(
  interfaces: Iterable<InterfaceRow & { readonly _uuid: string }>,
  networks: Networks,
  { addressOf }: EncapPlan,
): readonly Operation[] {
  return [...interfaces].flatMap((row): Operation[] => {
    if (row.external_ids['vendor'] !== 'kube-ovn' || row.external_ids[SUBNET_ID] === undefined) return [];
    const choice = choiceOfPort(row, networks);
    const wanted = choice && addressOf.get(choice.network);
    if (row.external_ids[ENCAP_ID] === wanted) return [];
    return [
      {
        op: 'mutate',
        table: 'Interface',
        where: byUuid(row._uuid),
        mutations: [
          ['external_ids', 'delete', [ENCAP_ID]],
          ...(wanted === undefined ? [] : ([['external_ids', 'insert', { [ENCAP_ID]: wanted }]] as const)),
        ],
      },
    ];
  });
}
