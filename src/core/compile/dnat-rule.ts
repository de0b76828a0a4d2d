/** OvnDnatRule -> a Load_Balancer of the VPC's router, with one entry for each port and family. */
import { formatIp } from '../../lib/netaddr/ip.ts';
import { hostPrefix } from '../../lib/netaddr/cidr.ts';
import type { OvnDnatRule, OvnDnatRuleSpec } from '../../kinds/ovn-dnat-rule.ts';
import { portKey, portPairs } from '../external/ports.ts';
import { socketText } from '../vip/balanced.ts';
import { eipOf, isTaken, linkOf } from './eip.ts';
import { type Checked, emitHealthCheck, healthSources, isChecked, portMappings } from './health-checks.ts';
import { leavesBy } from './nat-rows.ts';
import { type NatTarget, targetOf, tellFamilies } from './nat-target.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

export const dnatRule = rule({
  kind: 'OvnDnatRule',
  reads: {
    kinds: ['OvnEip', 'OvnFip', 'OvnDnatRule', 'IP', 'Vip', 'Subnet', 'Vpc', 'Placement'],
    facts: ['VpcExternal'],
  },
  emits: [],
  run({ metadata, spec }, name, read, emit) {
    const eip = eipOf(spec?.ovnEip ?? '', read, emit);
    if (!eip || isTaken({ kind: 'OvnDnatRule', key: name, created: metadata.creationTimestamp }, eip.name, read, emit))
      return;
    const ports = portPairs(spec?.externalPort ?? '', spec?.internalPort ?? '');
    if (typeof ports === 'string') {
      emit.issue({ reason: 'InvalidSpec', field: 'spec.externalPort', message: `spec: ${ports}: correct it` });
      return;
    }
    const protocol = spec?.protocol || 'tcp';
    const free = withoutTaken(name, metadata.creationTimestamp, eip.name, protocol, ports, read, emit);
    const targets = targetsOf(spec!, read, emit);
    const vpc = targets?.[0]?.vpc;
    if (!targets || vpc === undefined || free.length === 0) return;
    const link = linkOf(vpc, eip, read, emit);
    if (!link) return;
    const inside = targets.flatMap(({ addresses }) => addresses);
    const machines = checkedMachines(metadata, protocol, targets);
    const mappings = portMappings(machines, healthSources(machines, read, emit));
    const vips: Record<string, string> = {};
    for (const external of eip.addresses) {
      const backends = inside.filter(({ family }) => family === external.family);
      if (backends.length === 0) continue;
      for (const [outer, inner] of free)
        vips[socketText(formatIp(external), outer)] = backends
          .map((backend) => socketText(formatIp(backend), inner))
          .join(',');
      for (const backend of backends) leavesBy({ vpc, subnet: eip.subnet, link }, hostPrefix(backend), emit);
    }
    if (Object.keys(vips).length === 0) return tellFamilies(eip.addresses, inside, 'spec.ovnEip', emit);
    emit.row('Load_Balancer', name, {
      vips,
      protocol,
      selection_fields: [],
      ip_port_mappings: mappings,
      options: {},
      external_ids: { vendor: 'kube-ovn', vpc },
    });
    if (Object.keys(mappings).length > 0) for (const vip of Object.keys(vips)) emitHealthCheck(name, vip, vip, emit);
    const ref = { table: 'Load_Balancer', key: name };
    emit.member('Logical_Router', vpc, 'load_balancer', ref);
    // machines of the VPC need not go outside and back
    for (const subnet of read.keys('Subnet', 'vpc', vpc)) emit.member('Logical_Switch', subnet, 'load_balancer', ref);
  },
});

/** Machines of a rule that are checked: those of several that share its connections; SCTP OVN does not check (ovn-nb(5), Load_Balancer_Health_Check). */
function checkedMachines(
  metadata: { readonly annotations?: Readonly<Record<string, string>> },
  protocol: string,
  targets: readonly NatTarget[],
): readonly Checked[] {
  if (targets.length < 2 || protocol === 'sctp' || !isChecked(metadata)) return [];
  return targets.flatMap(({ addresses, port, subnet }) =>
    port === undefined || subnet === undefined
      ? []
      : addresses.map((address) => ({ address: formatIp(address), port, subnet })),
  );
}

/** Subnets in which the machines of a rule are checked. */
export function checkedSubnets(rule: OvnDnatRule, read: Pick<Read, 'get' | 'keys' | 'fact'>): readonly string[] {
  const targets = targetsOf(rule.spec ?? { ovnEip: '', externalPort: '' }, read, { issue: () => undefined }) ?? [];
  const machines = checkedMachines(rule.metadata, rule.spec?.protocol ?? '', targets);
  return [...new Set(machines.flatMap(({ subnet }) => subnet ?? []))];
}

/** a port belongs to the oldest rule that forwards it */
function withoutTaken(
  name: string,
  created: string | undefined,
  eip: string,
  protocol: string,
  ports: readonly (readonly [number, number])[],
  read: Read,
  emit: Emit,
): readonly (readonly [number, number])[] {
  const taken = new Map<string, number[]>();
  const free = ports.filter(([port]) => {
    const others = read.keys('OvnDnatRule', 'port', portKey(eip, protocol, port)).filter((key) => key !== name);
    const older = mostSenior(seniority(created, name), others, (key) =>
      read.get('OvnDnatRule', key, (other) => other.metadata.creationTimestamp),
    );
    if (older !== undefined) taken.set(older, [...(taken.get(older) ?? []), port]);
    return older === undefined;
  });
  for (const [older, those] of taken)
    emit.issue({
      reason: 'EipInUse',
      field: 'spec.externalPort',
      message: `spec.externalPort: OvnDnatRule ${older} forwards ${protocol} port ${those.slice(0, 5).join(', ')}${those.length > 5 ? ` and ${those.length - 5} more` : ''} of OvnEip ${eip} already: use other ports, or another OvnEip`,
    });
  return free;
}

/** all in one VPC: a router hands on to its own machines only */
function targetsOf(spec: OvnDnatRuleSpec, read: Read, emit: Pick<Emit, 'issue'>): readonly NatTarget[] | undefined {
  const names = (spec.ipName ?? '').split(',').map((text) => text.trim());
  const targets = names.map((ipName) => targetOf({ ...spec, ipName }, read, emit));
  const known = targets.filter((target) => target !== undefined);
  if (known.length === 0) return undefined;
  const other = known.find(({ vpc }) => vpc !== known[0]!.vpc);
  if (other) {
    emit.issue({
      reason: 'TargetNotFound',
      field: 'spec.ipName',
      message: `spec.ipName: ${names[0]} is in VPC ${known[0]!.vpc} and another one in VPC ${other.vpc}: name machines of one VPC`,
    });
    return undefined;
  }
  return known;
}
