/** Virtual addresses that a subnet names (spec.vips): inside of it, and nobody's. */
import type { Subnet } from '../../kinds/subnet.ts';
import { type Cidr, cidrContains } from '../../lib/netaddr/cidr.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { addressHolder } from './address-holders.ts';
import type { Findings, Review } from './verdict.ts';

export function checkSubnetVips(
  { metadata, spec }: Subnet,
  cidrs: readonly Cidr[],
  { old, neighbours }: Review<Subnet>,
  findings: Findings,
): void {
  const seen = new Set<string>();
  for (const [index, text] of (spec?.vips ?? []).entries()) {
    const path = `spec.vips[${index}]`;
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (!ip) continue;
    const address = formatIp(ip);
    if (seen.has(address)) findings.duplicate(path, text, 'it stands twice');
    seen.add(address);
    if (!cidrs.some((cidr) => cidrContains(cidr, ip)))
      findings.invalid(path, text, `is outside of ${spec?.cidrBlock}: choose an address inside it`);
    if ((spec?.gateway ?? '').split(',').includes(address)) findings.invalid(path, text, 'is the gateway');
    const holder = old?.spec?.vips?.includes(text) ? undefined : addressHolder(metadata.name, address, '', neighbours);
    if (holder !== undefined) findings.duplicate(path, text, `it is in use by ${holder}: choose another address`);
  }
  for (const text of old?.spec?.vips ?? [])
    if (!spec?.vips?.includes(text)) {
      const users = neighbours.keys('IP', 'portVip', `${metadata.name}|${text}`);
      if (users.length > 0)
        findings.warn(
          'spec.vips',
          `${text} was used by ${users.slice(0, 3).join(', ')}: from now on nobody may send from it`,
        );
    }
}
