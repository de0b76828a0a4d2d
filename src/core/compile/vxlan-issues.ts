/** The limits of VXLAN, said on the objects that meet them. */
import type { Subnet } from '../../kinds/subnet.ts';
import { isNear, matchesIngressPort, VXLAN_DATAPATHS, VXLAN_PORTS } from '../underlay/vxlan-limits.ts';
import type { Emit, Read } from './rule.ts';
import { seniority } from './seniority.ts';
import { SETTINGS_KEY } from './world.ts';

/** @returns whether there is a number left for the object's router or switch */
export function datapathFits(kind: 'Vpc' | 'Subnet', name: string, read: Read, emit: Emit): boolean {
  if (!isVxlan(read)) return true;
  const rank = read.fact('DatapathRank', `${kind}/${name}`)?.rank;
  if (rank === undefined) return true;
  if (rank <= VXLAN_DATAPATHS) {
    emit.issue({
      severity: 'warning',
      reason: 'VxlanLimit',
      message: `is number ${rank} of the ${VXLAN_DATAPATHS} VPCs and subnets that can be with VXLAN: delete some that nobody uses, or change to Geneve`,
    });
    return true;
  }
  emit.issue({
    reason: 'VxlanLimit',
    message: `is number ${rank} of the VPCs and subnets, and VXLAN has numbers for ${VXLAN_DATAPATHS}: it is kept out of OVN; delete others that nobody uses, or change to Geneve`,
  });
  return false;
}

/** Says which matches VXLAN cannot serve. */
export function checkMatches({ spec }: Subnet, read: Read, emit: Emit): void {
  if (!isVxlan(read)) return;
  for (const [index, { match = '', direction }] of (spec?.acls ?? []).entries())
    if (direction === 'to-lport' && matchesIngressPort(match))
      emit.issue({
        severity: 'warning',
        reason: 'VxlanIngressPort',
        field: `spec.acls[${index}].match`,
        message: `spec.acls[${index}].match: inport is not known of packets that come from another node by VXLAN, so this rule does not apply to them: match addresses, or change to Geneve`,
      });
}

/** Ports that a subnet has no numbers for become facts. */
export function checkPorts(name: string, read: Read, emit: Emit): void {
  if (!isVxlan(read)) return;
  // one port goes to the router
  const limit = VXLAN_PORTS - 1;
  const interfaces = read.keys('IP', 'subnet', name);
  if (!isNear(interfaces.length, limit)) return;
  emit.issue({
    severity: 'warning',
    reason: 'VxlanLimit',
    message:
      interfaces.length > limit
        ? `${interfaces.length - limit} interfaces are kept out of OVN: with VXLAN a subnet has numbers for ${limit}; move machines to another subnet, or change to Geneve`
        : `more than nine tenths of the ${limit} interfaces that a subnet can have with VXLAN are there: make another subnet, or change to Geneve`,
  });
  if (interfaces.length <= limit) return;
  const ranked = interfaces
    .map((key) => ({
      key,
      age: seniority(
        read.get('IP', key, ({ metadata }) => metadata.creationTimestamp),
        key,
      ),
    }))
    .toSorted((a, b) => (a.age < b.age ? -1 : 1));
  for (const { key } of ranked.slice(limit)) emit.fact('PortBeyondLimit', key, { limit });
}

function isVxlan(read: Read): boolean {
  return read.fact('VxlanMode', SETTINGS_KEY)?.vxlan === true;
}
