import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCidr } from '../../lib/netaddr/cidr.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { eui64 } from '../../lib/netaddr/mac.ts';
import { parseRange } from '../../lib/netaddr/range.ts';
import { AllocationError } from './allocation-error.ts';
import { Allocator, type Request, type SubnetPlan } from './allocator.ts';

const PLAN: SubnetPlan = {
  cidrs: [parseCidr('10.0.0.0/28')],
  gateways: [parseIp('10.0.0.1')],
  excluded: [parseRange('10.0.0.14')],
  routerMac: '02:00:00:00:00:01',
  slaac: false,
};
const DUAL: SubnetPlan = { ...PLAN, cidrs: [parseCidr('10.0.0.0/28'), parseCidr('fd00::/64')] };

function withPools(plan = PLAN): Allocator {
  const allocator = new Allocator();
  allocator.setSubnet('net', plan);
  allocator.setPool('net', 'low', { ranges: [parseRange('10.0.0.2..10.0.0.3')], namespaces: ['shop'] });
  allocator.setPool('net', 'high', { ranges: [parseRange('10.0.0.12..10.0.0.15')], namespaces: [] });
  return allocator;
}

const address = (allocator: Allocator, nic: string, request?: Request) =>
  allocator.allocate('net', nic, request).ips.map(formatIp).join(',');
const reason = (act: () => unknown) => {
  try {
    return act();
  } catch (error) {
    return error instanceof AllocationError ? `${error.reason}: ${error.message}` : error;
  }
};

describe('named pools', () => {
  test('only who asks for a pool gets from it; excluded addresses stay excluded inside it', () => {
    const allocator = withPools();
    expect(address(allocator, 'a')).toBe('10.0.0.4');
    expect(address(allocator, 'b', { pools: ['low'] })).toBe('10.0.0.2');
    expect(['c', 'd'].map((nic) => address(allocator, nic, { pools: ['high'] }))).toEqual(['10.0.0.12', '10.0.0.13']);
    expect(reason(() => address(allocator, 'e', { pools: ['high'] }))).toMatch(
      /NoAvailableAddress: IPPool high of subnet net has no free IPv4 address/,
    );
    // the second pool helps out
    expect(address(allocator, 'e', { pools: ['high', 'low'] })).toBe('10.0.0.3');
    expect(reason(() => address(allocator, 'f', { pools: ['none'] }))).toMatch(
      /PoolNotFound: IPPool none is none of subnet net/,
    );
  });

  test('a pool of one family: the other comes from where everybody’s does', () => {
    const allocator = withPools(DUAL);
    expect(address(allocator, 'a', { pools: ['low'] })).toBe('10.0.0.2,fd00::1');
    expect(allocator.fits('net', 'a', { pools: ['low'] })).toBe(true);
    expect(allocator.fits('net', 'a', { pools: ['high'] })).toBe(false);
  });

  test('an address of a pool may be asked for by name, unless the pool is for other namespaces', () => {
    const allocator = withPools();
    expect(address(allocator, 'a', { ips: [parseIp('10.0.0.12')], namespace: 'other' })).toBe('10.0.0.12');
    expect(reason(() => address(allocator, 'b', { ips: [parseIp('10.0.0.2')], namespace: 'other' }))).toMatch(
      /AddressReserved: 10.0.0.2 belongs to IPPool low, which is for namespaces shop/,
    );
    expect(address(allocator, 'b', { ips: [parseIp('10.0.0.2')], namespace: 'shop' })).toBe('10.0.0.2');
    expect(allocator.poolsOf('net', 'shop')).toEqual(['low']);
  });

  test('pools do not overlap; a pool that goes gives its addresses back; a changed subnet keeps its pools', () => {
    const allocator = withPools();
    const overlapping = { ranges: [parseRange('10.0.0.3..10.0.0.5')], namespaces: [] };
    expect(reason(() => allocator.setPool('net', 'third', overlapping))).toMatch(/10.0.0.3 is in IPPool low too/);
    allocator.setSubnet('net', { ...PLAN, excluded: [] });
    expect(address(allocator, 'a')).toBe('10.0.0.4');
    expect(allocator.poolUsage('net', 'high', 4)).toEqual({
      available: 3n,
      availableRange: '10.0.0.12-10.0.0.14',
      using: 0n,
      usingRange: '',
    });
    allocator.removePool('net', 'low');
    expect(address(allocator, 'b')).toBe('10.0.0.2');
  });
});

describe('lists, families, addresses that follow from something else', () => {
  test('the first set that is wholly free', () => {
    const allocator = new Allocator();
    allocator.setSubnet('net', DUAL);
    const choices = ['10.0.0.5,fd00::5', '10.0.0.6,fd00::6'].map((text) => text.split(',').map(parseIp));
    expect(address(allocator, 'a', { ips: [parseIp('fd00::5')] })).toBe('10.0.0.2,fd00::5');
    expect(address(allocator, 'b', { choices })).toBe('10.0.0.6,fd00::6');
    expect(reason(() => address(allocator, 'c', { choices }))).toMatch(
      /none of 10.0.0.5,fd00::5; 10.0.0.6,fd00::6 \(ip_pool\) is free/,
    );
    expect(address(allocator, 'd', { families: [6] })).toBe('fd00::1');
    expect(reason(() => address(allocator, 'e', { families: [6], ips: [parseIp('10.0.0.9')] }))).toMatch(
      /not asked for \(ip_family\)/,
    );
  });

  test('SLAAC: the IPv6 address is the one that the guest makes of its MAC', () => {
    const allocator = new Allocator();
    allocator.setSubnet('net', { ...DUAL, slaac: true });
    expect(address(allocator, 'a', { mac: '02:00:00:00:00:0a' })).toBe('10.0.0.2,fd00::ff:fe00:a');
    expect(eui64('00:25:96:12:34:56').toString(16)).toBe('22596fffe123456');
  });

  test('one that comes back gets what it had, if that is still free', () => {
    const allocator = withPools();
    for (const nic of ['a', 'b', 'c']) address(allocator, nic);
    allocator.release('net', 'b');
    expect(address(allocator, 'd')).toBe('10.0.0.7');
    expect(address(allocator, 'b')).toBe('10.0.0.5');
    allocator.release('net', 'b');
    address(allocator, 'e', { ips: [parseIp('10.0.0.5')] });
    expect(address(allocator, 'b')).toBe('10.0.0.8');
  });
});

test('whatever happens: nobody has another’s address, and addresses of closed pools are with their namespaces only', () => {
  const nic = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const request: fc.Arbitrary<Request> = fc.record(
    {
      namespace: fc.constantFrom('shop', 'other'),
      ips: fc.integer({ min: 0, max: 15 }).map((host) => [parseIp(`10.0.0.${host}`)]),
      pools: fc.constantFrom(['low'], ['high'], ['high', 'low']),
    },
    { requiredKeys: ['namespace'] },
  );
  const step = fc.oneof(
    fc.record({ act: fc.constant('allocate' as const), nic, request }),
    fc.record({ act: fc.constant('release' as const), nic }),
    fc.record({ act: fc.constant('pool' as const), first: fc.integer({ min: 0, max: 11 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const allocator = withPools();
      const held = new Map<string, string>();
      for (const each of steps) {
        if (each.act === 'pool') {
          reason(() =>
            allocator.setPool('net', 'high', {
              ranges: [parseRange(`10.0.0.${each.first}..10.0.0.${each.first + 3}`)],
              namespaces: [],
            }),
          );
          continue;
        }
        if (each.act === 'release') {
          allocator.release('net', each.nic);
          held.delete(each.nic);
          continue;
        }
        const before = held.get(each.nic);
        const got = reason(() => address(allocator, each.nic, each.request));
        if (typeof got !== 'string' || !got.startsWith('10.')) continue;
        if (before !== undefined) expect(got).toBe(before);
        else {
          expect([...held.values()]).not.toContain(got);
          expect(got).not.toBe('10.0.0.1');
          const isClosed = got === '10.0.0.2' || got === '10.0.0.3';
          if (isClosed) expect(each.request.pools?.includes('low') || each.request.namespace === 'shop').toBe(true);
        }
        held.set(each.nic, got);
      }
      expect(allocator.usage('net', 4)!.using).toBe(
        BigInt([...held.values()].filter((text) => text !== '10.0.0.14').length),
      );
    }),
  );
});
