/** IPPool: addresses of a subnet that are set aside for who asks for them, or for some namespaces. Kube-OVN's kind and fields. */
import { column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, conditions, num, obj, str, strings, type Static } from './schema.ts';

const spec = obj(
  {
    subnet: str('subnet of the addresses'),
    ips: strings('addresses, ranges (FIRST..LAST) and prefixes'),
    namespaces: strings('namespaces that get their addresses from here and nowhere else'),
    enableAddressSet: bool('make an OVN address set of them, for use in matches'),
  },
  { required: ['subnet', 'ips'] },
);

const status = obj({
  conditions,
  v4AvailableIPs: num('IPv4 addresses that can still be given'),
  v4AvailableIPRange: str('which ones'),
  v4UsingIPs: num('IPv4 addresses in use'),
  v4UsingIPRange: str('which ones'),
  v6AvailableIPs: num('IPv6 addresses that can still be given'),
  v6AvailableIPRange: str('which ones'),
  v6UsingIPs: num('IPv6 addresses in use'),
  v6UsingIPRange: str('which ones'),
});

export type IpPoolSpec = Static<typeof spec>;
type Counters = 'v4AvailableIPs' | 'v4UsingIPs' | 'v6AvailableIPs' | 'v6UsingIPs';
export type IpPoolStatus = Omit<Static<typeof status>, Counters> & {
  /** may exceed 2^53: JSON numbers of arbitrary size */
  readonly [K in Counters]?: number | bigint;
};
export type IpPool = KubeObject<IpPoolSpec, IpPoolStatus>;

export const ipPoolKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'IPPool',
  plural: 'ippools',
  singular: 'ippool',
  shortNames: ['ippool'],
  namespaced: false,
  statusSubresource: true,
  description: 'Addresses of a subnet that are set aside.',
  spec,
  status,
  columns: [
    column('Subnet', '.spec.subnet'),
    column('enableAddressSet', '.spec.enableAddressSet', 'boolean'),
    column('IPs', '.spec.ips'),
    column('V4Used', '.status.v4UsingIPs', 'number'),
    column('V4Available', '.status.v4AvailableIPs', 'number'),
    column('V6Used', '.status.v6UsingIPs', 'number'),
    column('V6Available', '.status.v6AvailableIPs', 'number'),
    READY,
    REASON,
  ],
};
