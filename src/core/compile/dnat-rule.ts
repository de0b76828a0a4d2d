/**
 * OvnDnatRule, IptablesDnatRule -> a Load_Balancer of the VPC's router, with one entry for each port and family. Of several IptablesDnatRules that share a port the
 * oldest has the entry, and its connections are shared by the machines of all.
 */
import { hostPrefix } from '../../lib/netaddr/cidr.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import { type DnatKind, eipKindOf, eipNameOf } from '../external/families.ts';
import { socketText } from '../vip/balanced.ts';
import { type Forwarded, forwardedBy } from './dnat-ports.ts';
import { eipOf, isTaken, linkOf } from './eip.ts';
import { type Checked, emitHealthCheck, healthSources, isChecked, portMappings } from './health-checks.ts';
import { leavesBy } from './nat-rows.ts';
import { tellFamilies } from './nat-target.ts';
import { type Read, rule } from './rule.ts';
import type { Kinds } from './world.ts';

const dnatRule = (kind: DnatKind) =>
  rule({
    kind,
    reads: {
      kinds: [
        ...(kind === 'OvnDnatRule'
          ? (['OvnEip', 'OvnFip', 'OvnDnatRule'] as const)
          : (['IptablesEIP', 'VpcNatGateway', 'IptablesFIPRule', 'IptablesDnatRule'] as const)),
        'IP',
        'Vip',
        'Subnet',
        'Vpc',
        'Placement',
      ],
      facts: ['VpcExternal'],
    },
    emits: [],
    run(dnat, name, read, emit) {
      const eip = eipOf(eipKindOf(kind), eipNameOf(dnat), read, emit);
      const { creationTimestamp: created } = dnat.metadata;
      if (!eip || isTaken({ kind, key: name, created }, eip.name, read, emit)) return;
      const forwarded = forwardedBy(kind, name, dnat, eip.vpc, read, emit);
      const vpc = forwarded?.members[0]?.targets[0]?.vpc;
      if (!forwarded || vpc === undefined) return;
      const link = linkOf(vpc, eip, read, emit);
      if (!link || forwarded.ports.length === 0) return;
      const { protocol, members } = forwarded;
      const vips: Record<string, string> = {};
      for (const external of eip.addresses)
        for (const port of forwarded.ports) {
          const sockets = members.flatMap(({ targets, inner }) =>
            targets.flatMap(({ addresses }) =>
              addresses
                .filter(({ family }) => family === external.family && inner.has(port))
                .map((backend) => socketText(formatIp(backend), inner.get(port)!)),
            ),
          );
          if (sockets.length > 0) vips[socketText(formatIp(external), port)] = [...new Set(sockets)].join(',');
        }
      const inside = members.flatMap(({ targets }) => targets.flatMap(({ addresses }) => addresses));
      if (Object.keys(vips).length === 0) return tellFamilies(eip, inside, emit);
      for (const backend of inside)
        if (eip.addresses.some(({ family }) => family === backend.family))
          leavesBy({ vpc, subnet: eip.subnet, link }, hostPrefix(backend), emit);
      const machines = checkedMachines(dnat.metadata, forwarded);
      const mappings = portMappings(machines, healthSources(machines, read, emit));
      const balancer = balancerName(kind, name);
      emit.row('Load_Balancer', balancer, {
        vips,
        protocol,
        selection_fields: [],
        ip_port_mappings: mappings,
        options: {},
        external_ids: { vendor: 'kube-ovn', vpc },
      });
      if (Object.keys(mappings).length > 0)
        for (const vip of Object.keys(vips)) emitHealthCheck(balancer, vip, vip, emit);
      const ref = { table: 'Load_Balancer', key: balancer };
      emit.member('Logical_Router', vpc, 'load_balancer', ref);
      // machines of the VPC need not go outside and back
      for (const subnet of read.keys('Subnet', 'vpc', vpc)) emit.member('Logical_Switch', subnet, 'load_balancer', ref);
    },
  });

export const ovnDnatRule = dnatRule('OvnDnatRule');
export const iptablesDnatRule = dnatRule('IptablesDnatRule');

/** Kube-OVN has a name for the one family only; names of objects have no colon. */
function balancerName(kind: DnatKind, name: string): string {
  return kind === 'OvnDnatRule' ? name : `iptables-dnat:${name}`;
}

/** Machines of a rule that are checked: those of several that share its connections; SCTP OVN does not check (ovn-nb(5), Load_Balancer_Health_Check). */
function checkedMachines(
  metadata: { readonly annotations?: Readonly<Record<string, string>> },
  { protocol, ports, members }: Forwarded,
): readonly Checked[] {
  const targets = members.flatMap((member) => member.targets);
  if (ports.length === 0 || targets.length < 2 || protocol === 'sctp' || !isChecked(metadata)) return [];
  return targets.flatMap(({ addresses, port, subnet }) =>
    port === undefined || subnet === undefined
      ? []
      : addresses.map((address) => ({ address: formatIp(address), port, subnet })),
  );
}

/** Subnets in which the machines of a rule are checked. */
export function checkedSubnets<K extends DnatKind>(
  kind: K,
  name: string,
  dnat: Kinds[K],
  read: Read,
): readonly string[] {
  const silent = { issue: () => undefined };
  const vpc = eipOf(eipKindOf(kind), eipNameOf(dnat), read, silent)?.vpc;
  const forwarded = vpc === undefined ? undefined : forwardedBy(kind, name, dnat, vpc, read, silent);
  if (!forwarded) return [];
  return [...new Set(checkedMachines(dnat.metadata, forwarded).flatMap(({ subnet }) => subnet ?? []))];
}
