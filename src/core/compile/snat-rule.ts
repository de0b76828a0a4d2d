/** OvnSnatRule -> NAT rows of type snat. */
import { type Cidr, formatCidr, hostPrefix, parsePrefix } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import { SNAT_NAMESPACE_ANNOTATION } from '../external/names.ts';
import { eipOf, isTaken, linkOf } from './eip.ts';
import { emitSnat } from './nat-rows.ts';
import { targetOf, tellFamilies } from './nat-target.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { viewSubnet } from './vpc-subnets.ts';

interface Sources {
  readonly vpc: string;
  readonly prefixes: readonly Cidr[];
}

export const snatRule = rule({
  kind: 'OvnSnatRule',
  reads: { kinds: ['OvnEip', 'OvnFip', 'IP', 'Subnet', 'Vpc', 'Placement', 'Vip'], facts: ['VpcExternal'] },
  emits: [],
  run(snat, name, read, emit) {
    const { metadata, spec } = snat;
    const eip = eipOf(spec?.ovnEip ?? '', read, emit);
    if (!eip || isTaken({ kind: 'OvnSnatRule', key: name, created: metadata.creationTimestamp }, eip.name, read, emit))
      return;
    const sources = snatSources(snat, read, emit);
    const link = sources && linkOf(sources.vpc, eip, read, emit);
    if (!sources || !link) return;
    const { vpc, prefixes } = sources;
    const covered = prefixes.filter(({ family }) => eip.addresses.some((ip) => ip.family === family));
    if (covered.length === 0 && prefixes.length > 0)
      return tellFamilies(
        eip.addresses,
        prefixes.map(({ family, base }) => ({ family, value: base })),
        'spec.ovnEip',
        emit,
      );
    for (const logical of covered) {
      const external = eip.addresses.find(({ family }) => family === logical.family)!;
      emitSnat({ vpc, subnet: eip.subnet, link, external: formatIp(external), logical }, emit);
    }
  },
});

export function snatSources(
  { metadata, spec = { ovnEip: '' } }: Pick<OvnSnatRule, 'metadata' | 'spec'>,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): Sources | undefined {
  const namespace = metadata.annotations?.[SNAT_NAMESPACE_ANNOTATION];
  if (namespace !== undefined && namespace !== '') return ofNamespace(spec.vpc ?? '', namespace, read);
  if (spec.vpcSubnet) return ofSubnet(spec.vpcSubnet, read, emit);
  if (spec.ipName) {
    const target = targetOf({ ipName: spec.ipName }, read, emit);
    return target && { vpc: target.vpc, prefixes: target.addresses.map(hostPrefix) };
  }
  const prefixes = [spec.v4IpCidr, spec.v6IpCidr].flatMap((text) =>
    text ? (attempt(() => parsePrefix(text)) ?? []) : [],
  );
  const vpc = spec.vpc ?? '';
  if (prefixes.length > 0 && read.get('Vpc', vpc, () => true) === true) return { vpc, prefixes };
  emit.issue({
    reason: 'TargetNotFound',
    field: 'spec.vpc',
    message:
      prefixes.length === 0
        ? 'spec: it says nothing of what leaves: set vpcSubnet, or ipName, or vpc with v4IpCidr or v6IpCidr'
        : `spec.vpc: there is no VPC ${JSON.stringify(vpc)}: create it, or name another one`,
  });
  return undefined;
}

function ofSubnet(name: string, read: Read, emit: Pick<Emit, 'issue'>): Sources | undefined {
  const vpc = read.get('Subnet', name, ({ spec }) => spec?.vpc ?? '');
  if (vpc !== undefined) return { vpc, prefixes: viewSubnet(name, read).cidrs };
  emit.issue({
    reason: 'TargetNotFound',
    field: 'spec.vpcSubnet',
    message: `spec.vpcSubnet: there is no Subnet ${JSON.stringify(name)}: create it, or name another one`,
  });
  return undefined;
}

/** the interfaces of a namespace's machines in the VPC, one by one */
function ofNamespace(vpc: string, namespace: string, read: Read): Sources {
  const prefixes = read.keys('IP', 'namespace', namespace).flatMap((key) => {
    const target = targetOf({ ipName: key }, read, { issue: () => undefined });
    return target?.vpc === vpc ? target.addresses.map(hostPrefix) : [];
  });
  const unique = new Map(prefixes.map((prefix) => [formatCidr(prefix), prefix]));
  return { vpc, prefixes: [...unique.values()] };
}
