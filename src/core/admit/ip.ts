/** What an IP object must be to be let in: its addresses are free. This is what makes an address unique, whoever asks for it. */
import { cidrContains, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { parseMac } from '../../lib/netaddr/mac.ts';
import type { IpObject } from '../../kinds/ip.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitIp({ object, old, neighbours }: Review<IpObject>): Verdict<IpObject> {
  const findings = new Findings();
  const { subnet = '', macAddress = '' } = object.spec ?? {};
  const { name } = object.metadata;
  const found = neighbours.get('Subnet', subnet);
  if (!found && !old)
    findings.errors.push({ path: 'spec.subnet', type: 'NotFound', value: subnet, detail: 'create the subnet first' });
  const cidrs = (found?.spec?.cidrBlock ?? '').split(',').map((text) => attempt(() => parseInterface(text).cidr));
  for (const field of ['v4IpAddress', 'v6IpAddress'] as const) {
    const text = object.spec?.[field] ?? '';
    if (text === '' || (old && old.spec?.[field] === text)) continue;
    const path = `spec.${field}`;
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (!ip) continue;
    if (formatIp(ip) !== text) findings.invalid(path, text, `must be spelled ${formatIp(ip)}`);
    if (found && !cidrs.some((cidr) => cidr && cidrContains(cidr, ip)))
      findings.invalid(path, text, `is outside of subnet ${subnet} (${found.spec?.cidrBlock})`);
    const holder = neighbours.keys('IP', 'address', `${subnet}|${text}`).find((key) => key !== name);
    if (holder)
      findings.duplicate(path, text, `it is in use by ${holder}: choose another address, or delete that IP object`);
  }
  if (macAddress !== '') findings.parsed('spec.macAddress', macAddress, () => parseMac(macAddress));
  return { object, warnings: findings.warnings, errors: findings.errors };
}
