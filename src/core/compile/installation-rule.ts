/** What holds for the whole installation and follows from its nodes: MTUs between them, and the limits of VXLAN. */
import type { NodeUnderlayStatus } from '../../kinds/node-underlay.ts';
import { guestMtus } from '../underlay/mtu.ts';
import { isNear, VXLAN_DATAPATHS } from '../underlay/vxlan-limits.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { seniority } from './seniority.ts';

export const installationRule = rule({
  kind: 'Settings',
  reads: { kinds: ['NodeUnderlay', 'Vpc', 'Subnet'], facts: [] },
  emits: ['GuestMtus', 'VxlanMode', 'DatapathRank'],
  run({ encaps = ['geneve'] }, name, read, emit) {
    const reports = read
      .keys('NodeUnderlay', 'all', '')
      .flatMap((node) => read.get('NodeUnderlay', node, withoutPeers) ?? []);
    emit.fact('GuestMtus', name, guestMtus(reports));
    const spoken = reports.length === 0 ? encaps : reports.flatMap(({ encapsulations = [] }) => encapsulations);
    const vxlan = spoken.includes('vxlan');
    emit.fact('VxlanMode', name, { vxlan });
    if (vxlan) rankDatapaths(read, emit);
  },
});

/** who reaches whom changes more often than what is decided here */
function withoutPeers({ encapsulations = [], networks = [] }: NodeUnderlayStatus): NodeUnderlayStatus {
  return {
    encapsulations,
    networks: networks.map(({ name, address, mtu = 0, default: standard = false, inUse = false }) => ({
      name,
      address,
      mtu,
      inUse,
      default: standard,
    })),
  };
}

/** The oldest keep what they have; only those near the limit are told where they stand. */
function rankDatapaths(read: Read, emit: Emit): void {
  const [vpcs, subnets] = [read.keys('Vpc', 'all', ''), read.keys('Subnet', 'all', '')];
  if (!isNear(vpcs.length + subnets.length, VXLAN_DATAPATHS)) return;
  const ranked = [
    ...vpcs.map((key) => [`Vpc/${key}`, read.get('Vpc', key, ({ metadata }) => metadata.creationTimestamp)] as const),
    ...subnets.map(
      (key) => [`Subnet/${key}`, read.get('Subnet', key, ({ metadata }) => metadata.creationTimestamp)] as const,
    ),
  ]
    .map(([id, created]) => ({ id, age: seniority(created, id) }))
    .toSorted((a, b) => (a.age < b.age ? -1 : 1));
  for (const [index, { id }] of ranked.entries())
    if (isNear(index + 1, VXLAN_DATAPATHS)) emit.fact('DatapathRank', id, { rank: index + 1 });
}
