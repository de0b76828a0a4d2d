/** OvnSnatRule, IptablesSnatRule -> NAT rows of type snat. */
import { type Cidr, formatCidr, hostPrefix, parsePrefix } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import { type AnySnatRule, eipKindOf, eipNameOf, FAMILIES, type SnatKind, snatWords } from '../external/families.ts';
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

const snatRule = (kind: SnatKind) =>
  rule({
    kind,
    reads: {
      kinds:
        kind === 'OvnSnatRule'
          ? ['OvnEip', 'OvnFip', 'IP', 'Subnet', 'Vpc', 'Placement', 'Vip']
          : ['IptablesEIP', 'VpcNatGateway', 'IptablesFIPRule', 'Vpc'],
      facts: ['VpcExternal'],
    },
    emits: [],
    run(snat, name, read, emit) {
      const eip = eipOf(eipKindOf(kind), eipNameOf(snat), read, emit);
      const created = snat.metadata.creationTimestamp;
      if (!eip || isTaken({ kind, key: name, created }, eip.name, read, emit)) return;
      const sources = snatSources(snat, eip.vpc, read, emit);
      const link = sources && linkOf(sources.vpc, eip, read, emit);
      if (!sources || !link) return;
      const { vpc, prefixes } = sources;
      const covered = prefixes.filter(({ family }) => eip.addresses.some((ip) => ip.family === family));
      if (covered.length === 0 && prefixes.length > 0)
        return tellFamilies(
          eip,
          prefixes.map(({ family, base }) => ({ family, value: base })),
          emit,
        );
      for (const logical of covered) {
        const external = eip.addresses.find(({ family }) => family === logical.family)!;
        emitSnat({ vpc, subnet: eip.subnet, link, external: formatIp(external), logical }, emit);
      }
    },
  });

export const ovnSnatRule = snatRule('OvnSnatRule');
export const iptablesSnatRule = snatRule('IptablesSnatRule');

/** @param gatewayVpc VPC of an IptablesSnatRule */
export function snatSources(
  rule: AnySnatRule,
  gatewayVpc: string,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): Sources | undefined {
  const spec = snatWords(rule, gatewayVpc);
  const isOvn = rule.kind === 'OvnSnatRule';
  const namespace = isOvn ? rule.metadata.annotations?.[SNAT_NAMESPACE_ANNOTATION] : undefined;
  if (namespace !== undefined && namespace !== '') return ofNamespace(spec.vpc ?? '', namespace, read);
  if (spec.vpcSubnet) return ofSubnet(spec.vpcSubnet, read, emit);
  if (spec.ipName) {
    const target = targetOf({ ipName: spec.ipName }, FAMILIES.OvnEip.target, read, emit);
    return target && { vpc: target.vpc, prefixes: target.addresses.map(hostPrefix) };
  }
  const prefixes = [spec.v4IpCidr, spec.v6IpCidr].flatMap((text) =>
    text ? (attempt(() => parsePrefix(text)) ?? []) : [],
  );
  const vpc = spec.vpc ?? '';
  if (prefixes.length > 0 && read.get('Vpc', vpc, () => true) === true) return { vpc, prefixes };
  const field = isOvn ? 'spec.vpc' : 'spec.internalCIDR';
  emit.issue({
    reason: 'TargetNotFound',
    field,
    message:
      prefixes.length > 0
        ? `spec.vpc: there is no VPC ${JSON.stringify(vpc)}: create it, or name another one`
        : isOvn
          ? 'spec: it says nothing of what leaves: set vpcSubnet, or ipName, or vpc with v4IpCidr or v6IpCidr'
          : 'spec.internalCIDR: it says nothing of what leaves: set it to a prefix or an address of the VPC',
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
    const target = targetOf({ ipName: key }, FAMILIES.OvnEip.target, read, { issue: () => undefined });
    return target?.vpc === vpc ? target.addresses.map(hostPrefix) : [];
  });
  const unique = new Map(prefixes.map((prefix) => [formatCidr(prefix), prefix]));
  return { vpc, prefixes: [...unique.values()] };
}
