/** A subnet's spec in the form that the core knows: what Kube-OVN computes and writes back. */
import { type Cidr, cidrContains, formatCidr, parseInterface, usableBounds } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { formatRange, type IpRange, parseRange } from '../../lib/netaddr/range.ts';
import type { Subnet, SubnetSpec } from '../../kinds/subnet.ts';
import { isInterconnected, isMacOnly } from '../vlan/vlan-subnet.ts';
import { DEFAULT_VPC } from '../ovn/names.ts';
import type { Findings } from './verdict.ts';

/** Fills in and normalises; parts that cannot be understood stay as they are (the checks name them). */
export function subnetDefaults(subnet: Subnet, findings: Pick<Findings, 'warn'>): Subnet {
  const spec = subnet.spec ?? {};
  const cidrs = parts(spec.cidrBlock).map((text) => attempt(() => parseInterface(text)));
  const known = cidrs.every((item) => item !== undefined)
    ? cidrs.map((item) => item.cidr).toSorted((a, b) => a.family - b.family)
    : [];
  for (const item of cidrs) {
    if (item && item.ip.value !== item.cidr.base)
      findings.warn(
        'spec.cidrBlock',
        `host bits of ${formatIp(item.ip)}/${item.cidr.bits} are cleared: the subnet is ${formatCidr(item.cidr)}`,
      );
  }
  const protocol = known.length === 0 ? undefined : known.length === 2 ? 'Dual' : `IPv${known[0]!.family}`;
  if (protocol && spec.protocol && spec.protocol !== protocol)
    findings.warn('spec.protocol', `follows from spec.cidrBlock: it is ${protocol}, not ${spec.protocol}`);
  const vpc = spec.vpc || DEFAULT_VPC;
  const gateways = completeGateways(spec, known);
  const defaulted: SubnetSpec = {
    ...spec,
    vpc,
    provider: spec.provider || 'ovn',
    ...(known.length > 0 ? { cidrBlock: known.map(formatCidr).join(','), protocol: protocol! } : {}),
    ...(gateways.length > 0 ? { gateway: gateways.join(',') } : {}),
    ...(known.length > 0
      ? {
          excludeIps: mergedExcludes(
            spec.excludeIps ?? [],
            gateways.filter((text) => isInside(text, known)),
          ),
        }
      : {}),
    ...(vpc === DEFAULT_VPC ? { gatewayType: spec.gatewayType || 'distributed' } : {}),
    ...(spec.allowSubnets === undefined ? {} : { allowSubnets: allowList(spec.allowSubnets, findings) }),
  };
  return { ...subnet, spec: withoutUnused(defaulted, findings) };
}

/** as Kube-OVN has it: the address goes with what it is for */
function withoutUnused(spec: SubnetSpec, findings: Pick<Findings, 'warn'>): SubnetSpec {
  if (!spec.u2oInterconnectionIP || isInterconnected(spec) || isMacOnly(spec)) return spec;
  findings.warn('spec.u2oInterconnectionIP', 'is cleared: it is the address of spec.u2oInterconnection on a VLAN');
  const { u2oInterconnectionIP: _, ...rest } = spec;
  return rest;
}

function parts(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** the given gateways, and the first usable address of each family that has none */
function completeGateways(spec: SubnetSpec, cidrs: readonly Cidr[]): string[] {
  const given = parts(spec.gateway);
  const parsed = given.map((text) => attempt(() => parseIp(text)));
  if (parsed.includes(undefined)) return given;
  const missing = cidrs.filter(({ family }) => !parsed.some((ip) => ip?.family === family));
  const all = [
    ...(parsed as Ip[]),
    ...missing.map((cidr): Ip => ({ family: cidr.family, value: usableBounds(cidr).first })),
  ];
  return all.toSorted((a, b) => a.family - b.family).map(formatIp);
}

function isInside(text: string, cidrs: readonly Cidr[]): boolean {
  const ip = attempt(() => parseIp(text));
  return ip !== undefined && cidrs.some((cidr) => cidrContains(cidr, ip));
}

/** excluded ranges sorted and merged, the gateways among them */
function mergedExcludes(given: readonly string[], gateways: readonly string[]): string[] {
  const ranges = [...given, ...gateways].map((text) => attempt(() => parseRange(text)));
  if (ranges.includes(undefined)) return [...given];
  const sorted = (ranges as IpRange[]).toSorted(
    (a, b) => a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0),
  );
  const merged: IpRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last && last.family === range.family && range.first <= last.last + 1n)
      merged[merged.length - 1] = { ...last, last: range.last > last.last ? range.last : last.last };
    else merged.push(range);
  }
  return merged.map(formatRange);
}

function allowList(value: readonly string[] | string, findings: Pick<Findings, 'warn'>): readonly string[] {
  if (typeof value === 'string')
    findings.warn('spec.allowSubnets', 'a list is expected; the string is read as a comma-separated list');
  else if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) return value;
  return (typeof value === 'string' ? parts(value) : (value as readonly string[])).map((text, index) => {
    const item = attempt(() => parseInterface(text.trim()));
    if (!item) return text;
    const normal = formatCidr(item.cidr);
    if (item.ip.value !== item.cidr.base)
      findings.warn(`spec.allowSubnets[${index}]`, `host bits of ${text} are cleared: the prefix is ${normal}`);
    return normal;
  });
}
