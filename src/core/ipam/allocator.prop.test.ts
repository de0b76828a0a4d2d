import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCidr } from '../../lib/netaddr/cidr.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { parseRange } from '../../lib/netaddr/range.ts';
import { AllocationError } from './allocation-error.ts';
import { type Allocation, Allocator, type SubnetPlan } from './allocator.ts';

const PLAN: SubnetPlan = {
  cidrs: [parseCidr('10.0.0.0/28'), parseCidr('fd00::/124')],
  gateways: [parseIp('10.0.0.1'), parseIp('fd00::1')],
  excluded: [parseRange('10.0.0.3..10.0.0.4')],
  routerMac: '02:00:00:00:00:01',
  slaac: false,
};

const text = (allocation: Allocation) => allocation.ips.map(formatIp);

function fresh(plan = PLAN): Allocator {
  const allocator = new Allocator();
  allocator.setSubnet('net', plan);
  return allocator;
}

describe('order', () => {
  test('lowest free first, without gateway and excluded; released last', () => {
    const allocator = fresh();
    expect(['a', 'b', 'c'].map((nic) => text(allocator.allocate('net', nic)))).toEqual([
      ['10.0.0.2', 'fd00::2'],
      ['10.0.0.5', 'fd00::3'],
      ['10.0.0.6', 'fd00::4'],
    ]);
    allocator.release('net', 'a');
    expect(text(allocator.allocate('net', 'd'))).toEqual(['10.0.0.7', 'fd00::5']);
    expect(allocator.usage('net', 4)).toEqual({
      available: 8n,
      availableRange: '10.0.0.2,10.0.0.8-10.0.0.14',
      using: 3n,
      usingRange: '10.0.0.5-10.0.0.7',
    });
    for (let index = 0; index < 7; index += 1) allocator.allocate('net', `e${index}`);
    expect(text(allocator.allocate('net', 'last'))[0]).toBe('10.0.0.2');
  });

  test('a full pool says what is used, and takes nothing of the other family', () => {
    const allocator = fresh();
    for (let index = 0; index < 11; index += 1) allocator.allocate('net', `vm${index}`);
    const before = allocator.usage('net', 6);
    expect(() => allocator.allocate('net', 'one-more')).toThrow(/subnet net has no free IPv4 address: 11 are in use/);
    expect(allocator.usage('net', 6)).toEqual(before);
  });
});

describe('static requests', () => {
  const refusals: readonly (readonly [ip: string, why: RegExp])[] = [
    ['10.0.0.1', /gateway of subnet net/],
    ['10.0.1.9', /not a usable address of 10\.0\.0\.0\/28/],
    ['10.0.0.15', /not a usable address/],
    ['10.0.0.9', /in use by other/],
  ];
  test.each(refusals)('%s', (ip, why) => {
    const allocator = fresh();
    allocator.allocate('net', 'other', { ips: [parseIp('10.0.0.9')] });
    expect(() => allocator.allocate('net', 'nic', { ips: [parseIp(ip)] })).toThrow(why);
    expect(allocator.allocation('net', 'nic')).toBeUndefined();
  });

  test('an excluded address may be asked for; a family that the subnet lacks may not; a MAC is unique', () => {
    const allocator = fresh({ ...PLAN, cidrs: PLAN.cidrs.slice(0, 1) });
    expect(text(allocator.allocate('net', 'nic', { ips: [parseIp('10.0.0.3')], mac: '02:00:00:00:00:09' }))).toEqual([
      '10.0.0.3',
    ]);
    expect(() => allocator.allocate('net', 'b', { ips: [parseIp('fd00::9')] })).toThrow(AllocationError);
    expect(() => allocator.allocate('net', 'b', { mac: '02:00:00:00:00:09' })).toThrow(/in use by nic/);
    expect(() => allocator.allocate('net', 'b', { mac: PLAN.routerMac })).toThrow(/in use by the router/);
    expect(allocator.allocate('net', 'b').ips).toHaveLength(1);
  });
});

/**
 * Two workers hand out addresses; each allocation is held in memory, then stored as an IP object. The process may die between the two
 * steps and start again from what is stored; the store refuses an object whose address another one has, as the API server does.
 */
test('no address twice: workers, crashes and restarts', () => {
  const step = fc.record({
    worker: fc.constantFrom<0 | 1>(0, 1),
    nic: fc.integer({ min: 0, max: 14 }),
    wanted: fc.option(fc.integer({ min: 0, max: 17 }), { nil: undefined }),
    action: fc.constantFrom(
      'allocate',
      'allocate',
      'allocate',
      'crash before store',
      'crash after store',
      'release',
      'resize',
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, paused) => {
      const stored = new Map<string, Allocation>();
      const start = () => {
        const allocator = fresh();
        for (const [nic, allocation] of stored) allocator.restore('net', nic, allocation);
        return allocator;
      };
      // with `paused` the second worker is a leader of old with a memory of its own
      const workers = paused ? [start(), start()] : (() => [start()].flatMap((one) => [one, one]))();
      const store = (nic: string, allocation: Allocation) => {
        const taken = [...stored].some(
          ([other, { ips }]) =>
            other !== nic &&
            ips.some((ip) => allocation.ips.some((mine) => mine.value === ip.value && mine.family === ip.family)),
        );
        if (!taken && !stored.has(nic)) stored.set(nic, allocation);
        return stored.get(nic) === allocation;
      };
      for (const { worker, nic: number, wanted, action } of steps) {
        const allocator = workers[worker]!;
        const nic = `vm${number}`;
        if (action === 'resize') allocator.setSubnet('net', PLAN);
        if (action === 'release') {
          stored.delete(nic);
          for (const each of workers) each.release('net', nic);
        }
        if (action === 'resize' || action === 'release' || stored.has(nic)) continue;
        let allocation: Allocation | undefined;
        try {
          allocation = allocator.allocate(
            'net',
            nic,
            wanted === undefined ? {} : { ips: [parseIp(`10.0.0.${wanted}`)] },
          );
        } catch (error) {
          if (!(error instanceof AllocationError)) throw error;
        }
        const survives = action !== 'crash before store' && allocation !== undefined && store(nic, allocation);
        if (action.startsWith('crash')) workers.fill(start());
        else if (allocation && !survives) allocator.release('net', nic);
        const all = [...stored.values()].flatMap(text);
        expect(new Set(all).size).toBe(all.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('restart keeps everything; counters are those of the stored objects', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 2, max: 14 }), { maxLength: 10 }), (hosts) => {
      const allocator = fresh();
      const stored = hosts.map(
        (host) =>
          [
            `vm${host}`,
            { ips: [parseIp(`10.0.0.${host}`)], mac: `02:00:00:00:01:${String(host).padStart(2, '0')}` },
          ] as const,
      );
      for (const [nic, allocation] of stored) allocator.restore('net', nic, allocation);
      expect(allocator.usage('net', 4)!.using).toBe(BigInt(hosts.filter((host) => host !== 3 && host !== 4).length));
      allocator.setSubnet('net', PLAN);
      for (const [nic, allocation] of stored) expect(allocator.allocate('net', nic)).toEqual(allocation);
    }),
  );
});
