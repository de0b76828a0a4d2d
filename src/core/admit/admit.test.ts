import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SubnetSpec } from '../../kinds/subnet.ts';
import type { VpcSpec } from '../../kinds/vpc.ts';
import { subnet as anySubnet, vpc as anyVpc } from '../compile/testing/worlds.ts';
import { World } from '../compile/world.ts';
import { admit } from './admit.ts';
import { errorsOf, neighbours, subnet, vpc } from './testing/neighbours.ts';
import { FINALIZER } from './verdict.ts';

describe('Subnet: what is computed is what Kube-OVN computes', () => {
  test('IPv4', () => {
    const { object, errors, warnings } = admit(
      subnet('new', { vpc: 'red', cidrBlock: '10.2.0.0/16' }),
      undefined,
      neighbours(),
    );
    expect([errors, warnings]).toEqual([[], []]);
    expect(object.spec).toEqual({
      vpc: 'red',
      cidrBlock: '10.2.0.0/16',
      provider: 'ovn',
      protocol: 'IPv4',
      gateway: '10.2.0.1',
      excludeIps: ['10.2.0.1'],
    });
    expect(object.metadata.finalizers).toEqual([FINALIZER]);
  });

  test('dual stack, order turned, host bits, excludes merged with the gateway', () => {
    const { object, warnings } = admit(
      subnet('new', {
        vpc: 'red',
        cidrBlock: 'FD00:2::5/64, 10.2.3.4/16',
        gateway: '10.2.0.9',
        excludeIps: ['10.2.0.5..10.2.0.8', '10.2.0.3', 'fd00:2::2..fd00:2::f'],
      }),
      undefined,
      neighbours(),
    );
    expect(object.spec).toMatchObject({
      cidrBlock: '10.2.0.0/16,fd00:2::/64',
      protocol: 'Dual',
      gateway: '10.2.0.9,fd00:2::1',
      excludeIps: ['10.2.0.3', '10.2.0.5..10.2.0.9', 'fd00:2::1..fd00:2::f'],
    });
    expect(warnings.join()).toMatch(/host bits of 10\.2\.3\.4\/16 are cleared/);
  });

  test('the default VPC, a string where a list belongs', () => {
    const { object, warnings } = admit(
      subnet('new', { cidrBlock: '10.2.0.0/16', allowSubnets: '0.0.0.0/0, 10.0.0.0/8' }),
      undefined,
      neighbours(),
    );
    expect(object.spec).toMatchObject({
      vpc: 'ovn-cluster',
      gatewayType: 'distributed',
      allowSubnets: ['0.0.0.0/0', '10.0.0.0/8'],
    });
    expect(warnings[0]).toContain('is read as a comma-separated list');
  });

  test('defaults of defaults are the same', () => {
    fc.assert(
      fc.property(anySubnet, (object) => {
        const once = admit(object, undefined, new World()).object;
        expect(admit(once, undefined, new World()).object).toEqual(once);
      }),
    );
  });
});

describe('Subnet: what is refused', () => {
  const cases: readonly (readonly [what: string, name: string, spec: SubnetSpec, error: RegExp])[] = [
    ['no prefix', 'new', { vpc: 'red' }, /^spec\.cidrBlock: a prefix such as/],
    ['not a prefix', 'new', { vpc: 'red', cidrBlock: '10.300.0.0/16' }, /^spec\.cidrBlock: .*octet 300 is above 255/],
    ['three prefixes', 'new', { vpc: 'red', cidrBlock: '10.2.0.0/16,fd00::/64,10.3.0.0/16' }, /one IPv4 and one IPv6/],
    ['two of a family', 'new', { vpc: 'red', cidrBlock: '10.2.0.0/16,10.3.0.0/16' }, /one IPv4 and one IPv6/],
    ['single address', 'new', { vpc: 'red', cidrBlock: '10.2.0.1/32' }, /single address/],
    ['link-local', 'new', { vpc: 'red', cidrBlock: '169.254.0.0/24' }, /overlaps link-local/],
    [
      'gateway outside',
      'new',
      { vpc: 'red', cidrBlock: '10.2.0.0/16', gateway: '10.3.0.1' },
      /^spec\.gateway: 10\.3\.0\.1 is outside/,
    ],
    [
      'gateway is broadcast',
      'new',
      { vpc: 'red', cidrBlock: '10.2.0.0/16', gateway: '10.2.255.255' },
      /network or broadcast/,
    ],
    [
      'gateway is nonsense',
      'new',
      { vpc: 'red', cidrBlock: '10.2.0.0/16', gateway: '10.2.0.01' },
      /^spec\.gateway: .*leading zeros/,
    ],
    [
      'exclude upside down',
      'new',
      { vpc: 'red', cidrBlock: '10.2.0.0/16', excludeIps: ['10.2.0.9..10.2.0.1'] },
      /^spec\.excludeIps\[0\]: .*above its last/,
    ],
    [
      'exclude outside',
      'new',
      { vpc: 'red', cidrBlock: '10.2.0.0/16', excludeIps: ['10.2.0.9', '10.3.0.1'] },
      /^spec\.excludeIps\[\d\]: is outside/,
    ],
    [
      'overlap inside the VPC',
      'new',
      { vpc: 'red', cidrBlock: '10.0.128.0/24' },
      /^spec\.cidrBlock: overlaps subnet net1 \(10\.0\.0\.0\/16\)/,
    ],
    ['overlap around', 'new', { vpc: 'red', cidrBlock: '10.0.0.0/8' }, /overlaps subnet net/],
    ['overlap in IPv6', 'new', { vpc: 'red', cidrBlock: 'fd00:1::/48' }, /overlaps subnet net2/],
    ['reserved name', 'join', { vpc: 'red', cidrBlock: '10.2.0.0/16' }, /^metadata\.name: is reserved/],
    ['name of a VPC', 'blue', { vpc: 'red', cidrBlock: '10.2.0.0/16' }, /^metadata\.name: is the name of a VPC/],
    [
      'port name of another',
      'c',
      { vpc: 'a-b', cidrBlock: '10.2.0.0/16' },
      /^metadata\.name: collides with subnet b-c of VPC a/,
    ],
    [
      'provider of another',
      'new',
      { vpc: 'blue', cidrBlock: '10.2.0.0/16', provider: 'a.ns.ovn' },
      /^spec\.provider: subnet net1 already serves/,
    ],
    ['the default VPC’s name', 'ovn-cluster', { vpc: 'red', cidrBlock: '10.2.0.0/16' }, /^metadata\.name: is reserved/],
    ['a VPC that is no name', 'new', { vpc: '$(reboot)', cidrBlock: '10.2.0.0/16' }, /^spec\.vpc: is not the name/],
    [
      'a provider that is no name',
      'new',
      { vpc: 'red', cidrBlock: '10.2.0.0/16', provider: 'a"b' },
      /^spec\.provider: must be/,
    ],
    ['reserved addresses', 'new', { vpc: 'red', cidrBlock: '240.0.0.0/8' }, /overlaps reserved/],
    ['IPv4-mapped addresses', 'new', { vpc: 'red', cidrBlock: '::ffff:10.0.0.0/112' }, /overlaps IPv4-mapped/],
    [
      'a VPC that is being deleted',
      'new',
      { vpc: 'leaving', cidrBlock: '10.2.0.0/16' },
      /^spec\.vpc: VPC leaving is being deleted/,
    ],
    ['MTU below IPv4', 'new', { vpc: 'red', cidrBlock: '10.2.0.0/16', mtu: 40 }, /^spec\.mtu: must be at least 576/],
    ['MTU below IPv6', 'new', { vpc: 'red', cidrBlock: 'fd00:2::/64', mtu: 1200 }, /^spec\.mtu: must be at least 1280/],
    [
      'allowSubnets nonsense',
      'new',
      { vpc: 'red', cidrBlock: '10.2.0.0/16', allowSubnets: ['x'] },
      /^spec\.allowSubnets\[0\]/,
    ],
  ];
  test.each(cases)('%s', (_, name, spec, error) => {
    const found = errorsOf(subnet(name, spec));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(error);
  });

  test('the same prefix in another VPC is fine', () => {
    expect(errorsOf(subnet('twin', { vpc: 'blue', cidrBlock: '10.0.0.0/16' }))).toEqual([]);
  });

  test('a change that would strand addresses in use, or move the VPC or the gateway', () => {
    const old = subnet('net1', { vpc: 'red', cidrBlock: '10.0.0.0/16', gateway: '10.0.0.1' });
    const change = (spec: SubnetSpec) => errorsOf(subnet('net1', { ...old.spec, ...spec }), old);
    expect(change({ cidrBlock: '10.0.0.4/30', gateway: '10.0.0.6' })).toEqual([
      expect.stringMatching(/spec\.gateway: cannot change while it is used by IP vm1\.ns\.a\.ns\.ovn: take/),
    ]);
    expect(change({ cidrBlock: '10.0.0.0/30' })).toEqual([
      expect.stringMatching(
        /spec\.cidrBlock: cannot become 10\.0\.0\.0\/30: 10\.0\.0\.5 of IP vm1\.ns\.a\.ns\.ovn would be outside/,
      ),
    ]);
    expect(change({ vpc: 'blue' })).toEqual([expect.stringMatching(/spec\.vpc: cannot change while it is used by/)]);
    expect(change({ cidrBlock: '10.0.0.0/24' })).toEqual([]);
  });

  test('a subnet that nobody uses may move to another VPC, but not to one that is being deleted', () => {
    const old = subnet('net2', { vpc: 'red', cidrBlock: '10.1.0.0/16', gateway: '10.1.0.1' });
    const move = (vpc: string) => errorsOf(subnet('net2', { ...old.spec, vpc }), old);
    expect(move('blue')).toEqual([]);
    expect(move('leaving')).toEqual([expect.stringMatching(/spec\.vpc: VPC leaving is being deleted/)]);
  });
});

describe('Vpc', () => {
  test('policy is filled in, prefixes are normalised', () => {
    const { object, warnings, errors } = admit(
      vpc('new', { namespace: 'kube-system', staticRoutes: [{ cidr: '172.16.5.1/16', nextHopIP: '10.0.0.9' }] }),
      undefined,
      neighbours(),
    );
    expect(errors).toEqual([]);
    expect(object.spec).toMatchObject({
      staticRoutes: [{ cidr: '172.16.0.0/16', nextHopIP: '10.0.0.9', policy: 'policyDst' }],
    });
    expect(warnings).toHaveLength(2);
  });

  const cases: readonly (readonly [what: string, spec: VpcSpec, error: RegExp])[] = [
    ['prefix', { staticRoutes: [{ cidr: '10.0.0.0/40', nextHopIP: '10.0.0.9' }] }, /^spec\.staticRoutes\[0\]\.cidr: /],
    [
      'next hop',
      { staticRoutes: [{ cidr: '10.0.0.0/8', nextHopIP: 'gw' }] },
      /^spec\.staticRoutes\[0\]\.nextHopIP: is not an IP address/,
    ],
    ['no next hop', { staticRoutes: [{ cidr: '10.0.0.0/8' }] }, /^spec\.staticRoutes\[0\]\.nextHopIP/],
    [
      'families',
      { staticRoutes: [{ cidr: '10.0.0.0/8', nextHopIP: 'fd00::1' }] },
      /nextHopIP: is IPv6, the prefix is IPv4/,
    ],
    [
      'multicast next hop',
      { staticRoutes: [{ cidr: '10.0.0.0/8', nextHopIP: '224.0.0.1' }] },
      /cannot be a next hop: it is multicast/,
    ],
    [
      'duplicate',
      {
        staticRoutes: [
          { cidr: '10.0.0.0/8', nextHopIP: '10.0.0.9' },
          { cidr: '10.0.0.1/8', nextHopIP: '10.0.0.9', policy: 'policyDst' },
        ],
      },
      /spec\.staticRoutes\[1\]: spec\.staticRoutes\[0\] says the same/,
    ],
    [
      'policy priority',
      { policyRoutes: [{ priority: 40000, action: 'drop', match: 'ip4' }] },
      /priority: must be 0 to 32767/,
    ],
    [
      'reroute',
      { policyRoutes: [{ priority: 1, action: 'reroute', nextHopIP: '10.0.0.1,x', match: 'ip4' }] },
      /nextHopIP: is not an IP address/,
    ],
    [
      'peering with itself',
      { vpcPeerings: [{ remoteVpc: 'new', localConnectIP: '169.254.0.1/30' }] },
      /is this VPC itself/,
    ],
    [
      'peering link',
      { vpcPeerings: [{ remoteVpc: 'red', localConnectIP: '169.254.0.1' }] },
      /localConnectIP: is not a CIDR/,
    ],
  ];
  test.each(cases)('%s', (_, spec, error) => {
    const found = errorsOf(vpc('new', spec));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(error);
  });

  test('the name of a subnet', () => {
    expect(errorsOf(vpc('net1'))).toEqual([expect.stringMatching(/is the name of a subnet/)]);
  });

  test('admitting twice is the same', () => {
    fc.assert(
      fc.property(anyVpc, (object) => {
        const once = admit(object, undefined, new World()).object;
        expect(admit(once, undefined, new World()).object).toEqual(once);
      }),
    );
  });
});
