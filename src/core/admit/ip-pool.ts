/** What an IPPool must be to be let in: addresses of its subnet, in no other pool. */
import type { IpPool } from '../../kinds/ip-pool.ts';
import { type Cidr, cidrContains, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type IpRange, parseRange } from '../../lib/netaddr/range.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitIpPool({ object, old, neighbours }: Review<IpPool>): Verdict<IpPool> {
  const findings = new Findings();
  const { subnet = '', ips = [] } = object.spec ?? {};
  const found = neighbours.get('Subnet', subnet);
  if (old?.spec && old.spec.subnet !== subnet)
    findings.forbidden('spec.subnet', `cannot change from ${old.spec.subnet} to ${subnet}: make a new pool`);
  else if (!found && !old)
    findings.errors.push({ path: 'spec.subnet', type: 'NotFound', value: subnet, detail: 'create the subnet first' });
  if (ips.length === 0) findings.required('spec.ips', 'addresses, ranges FIRST..LAST or prefixes');
  const cidrs = (found?.spec?.cidrBlock ?? '')
    .split(',')
    .flatMap((text) => attempt(() => parseInterface(text).cidr) ?? []);
  const others = neighbours.keys('IPPool', 'subnet', subnet).filter((name) => name !== object.metadata.name);
  for (const [index, text] of ips.entries()) {
    const path = `spec.ips[${index}]`;
    const range = findings.parsed(path, text, () => parseRange(text));
    if (!range) continue;
    if (found && !cidrs.some((cidr) => holds(cidr, range)))
      findings.invalid(path, text, `is outside of subnet ${subnet} (${found.spec?.cidrBlock})`);
    const other = others.find((name) => overlaps(neighbours.get('IPPool', name)?.spec?.ips ?? [], range));
    if (other !== undefined)
      findings.duplicate(path, text, `IPPool ${other} has some of it: pools of one subnet must not overlap`);
  }
  return { object, warnings: findings.warnings, errors: findings.errors };
}

function holds(cidr: Cidr, { family, first, last }: IpRange): boolean {
  return cidrContains(cidr, { family, value: first }) && cidrContains(cidr, { family, value: last });
}

function overlaps(texts: readonly string[], range: IpRange): boolean {
  const ranges = texts.flatMap((text) => attempt(() => parseRange(text)) ?? []);
  return ranges.some(
    ({ family, first, last }) => family === range.family && first <= range.last && range.first <= last,
  );
}
