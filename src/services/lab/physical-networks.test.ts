import { expect, test } from 'vitest';
import { parseCidr } from '../../lib/netaddr/cidr.ts';
import { physicalNetworks } from './physical-networks.ts';

const external = (families: '4' | '6' | 'dual') => {
  const found = physicalNetworks(families).find(([, { kind }]) => kind === 'Subnet')!;
  return (found[1] as unknown as { readonly spec: Record<string, unknown> }).spec;
};

test('the provider network says which router answers by BFD', () => {
  expect(physicalNetworks('4')[0]![1].metadata).toEqual({
    name: 'phys',
    annotations: { 'network.harvesterhci.io/bfd-peers': 'fe80::1' },
  });
});

test('addresses .20 to .250 of VLAN 100 are there to give, and ::20 to ::250', () => {
  expect(external('dual')).toEqual({
    protocol: 'Dual',
    vlan: 'vlan100',
    cidrBlock: '172.20.100.0/24,2001:db8:100::/64',
    gateway: '172.20.100.1,2001:db8:100::1',
    excludeIps: [
      '172.20.100.1..172.20.100.19',
      '172.20.100.251..172.20.100.254',
      '2001:db8:100::1..2001:db8:100::1f',
      '2001:db8:100::251..2001:db8:100:0:ffff:ffff:ffff:ffff',
    ],
  });
  for (const cidr of String(external('dual')['cidrBlock']).split(',')) expect(() => parseCidr(cidr)).not.toThrow();
});

test.each([
  ['4', 'IPv4', '172.20.100.1'],
  ['6', 'IPv6', '2001:db8:100::1'],
] as const)('with --ip %s it has one family', (families, protocol, gateway) => {
  expect(external(families)).toMatchObject({ protocol, gateway });
});
