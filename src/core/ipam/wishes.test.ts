import { expect, test } from 'vitest';
import { formatIp } from '../../lib/netaddr/ip.ts';
import { unheardWishes, type WishPlace, wishesOf, wishText } from './wishes.ts';

const FIRST: WishPlace = {
  provider: 'blue.shop.ovn',
  name: 'blue',
  namespace: 'shop',
  interface: 'pod1234',
  nic: 'nic-0',
  isFirst: true,
};
const from = (annotations: Record<string, string>, path = 'pod') => ({ path, annotations });
const ips = (...sources: Parameters<typeof wishesOf>[0]) => {
  const wishes = wishesOf(sources, FIRST, {});
  return 'problem' in wishes ? wishes.problem : wishes.ips?.values.map(formatIp).join();
};

test.each([
  ['blue.shop.ovn.kubernetes.io/ip_address'],
  ['blue.shop.kubernetes.io/ip_address.pod1234'],
  ['static-ip.harvesterhci.io/nic-0'],
  ['ovn.kubernetes.io/ip_address'],
])('an address by %s', (key) => {
  expect(ips(from({ [key]: '10.0.0.5/16, fd00::5' }))).toBe('10.0.0.5,fd00::5');
});

test('keys of other interfaces say nothing; keys without a provider are for the first', () => {
  const others = from({
    'red.shop.ovn.kubernetes.io/ip_address': '10.0.0.5',
    'blue.shop.kubernetes.io/ip_address.pod9': '10.0.0.6',
    'static-ip.harvesterhci.io/nic-1': '10.0.0.7',
  });
  expect(ips(others)).toBe(undefined);
  const second = { ...FIRST, isFirst: false };
  expect(wishesOf([from({ 'ovn.kubernetes.io/ip_address': '10.0.0.5' })], second, {})).toEqual({});
});

test('the nearest object counts, in it the most exact key; the selection last', () => {
  const pod = from({ 'ovn.kubernetes.io/ip_address': '10.0.0.1' }, 'pod');
  const vm = from(
    { 'blue.shop.ovn.kubernetes.io/ip_address': '10.0.0.2', 'static-ip.harvesterhci.io/nic-0': '10.0.0.3' },
    'vm',
  );
  expect(ips(pod, vm)).toBe('10.0.0.1');
  expect(ips(vm, pod)).toBe('10.0.0.2');
  expect(wishText([vm], FIRST, 'ip_address')?.path).toBe('vm[blue.shop.ovn.kubernetes.io/ip_address]');
  const selection = { ips: { path: 'network', text: '10.0.0.9' }, mac: { path: 'network', text: '02:00:00:00:00:0A' } };
  expect(wishesOf([], FIRST, selection)).toMatchObject({
    ips: { text: '10.0.0.9' },
    mac: { value: '02:00:00:00:00:0a' },
  });
});

test.each<[key: string, value: string, problem: RegExp]>([
  ['ip_address', '10.0.0.300', /is not an IP address/],
  ['ip_address', '10.0.0.1,10.0.0.2', /several addresses of one family/],
  ['mac_address', '01:00:00:00:00:01', /no unicast MAC/],
  ['ip_family', 'ipv5', /must be ipv4 or ipv6/],
  ['ip_pool', 'Not A Name', /neither the name of an IPPool nor a list/],
  ['ip_pool', '10.0.0.5,nonsense', /is not an IP address/],
  ['vip', 'My Vip', /is not the name of a Vip/],
])('%s %s is told where it stands', (key, value, problem) => {
  const name = `blue.shop.ovn.kubernetes.io/${key}`;
  expect(wishesOf([from({ [name]: value })], FIRST, {})).toMatchObject({
    path: `pod[${name}]`,
    value,
    problem: expect.stringMatching(problem),
  });
});

test('ip_pool: a name, a list, pairs of both families', () => {
  const pool = (text: string) => {
    const wishes = wishesOf([from({ 'ovn.kubernetes.io/ip_pool': text })], FIRST, {});
    if ('problem' in wishes || !wishes.pool) return wishes;
    return 'name' in wishes.pool ? wishes.pool.name : wishes.pool.choices.map((choice) => choice.map(formatIp).join());
  };
  expect(pool('gold')).toBe('gold');
  expect(pool('10.0.0.5')).toEqual(['10.0.0.5']);
  expect(pool('10.0.0.5, 10.0.0.6')).toEqual(['10.0.0.5', '10.0.0.6']);
  expect(pool('10.0.0.5,fd00::5;10.0.0.6,fd00::6')).toEqual(['10.0.0.5,fd00::5', '10.0.0.6,fd00::6']);
});

test('wishes that no interface hears: of networks and NICs that are not there, and with slips of the pen', () => {
  const heard = [
    'blue.shop.ovn.kubernetes.io/ip_address',
    'blue.shop.ovn.nic-0.kubernetes.io/ip_pool',
    'static-ip.harvesterhci.io/nic-0',
    'ovn.kubernetes.io/default_route',
    'kubernetes.io/hostname',
    'ovn.kubernetes.io/ingress_rate',
  ];
  const unheard = [
    'static-ip.harvesterhci.io/nic-9',
    'red.shop.ovn.kubernetes.io/ip_address',
    'shop.blue.ovn.kubernetes.io/ip_address',
    'blue.shop.ovn.kubernetes.io/ip_adress',
    'blue.shop.kubernetes.io/mac_address.x',
  ];
  const source = from(Object.fromEntries([...heard, ...unheard].map((key) => [key, '1'])));
  expect(unheardWishes([source], [FIRST]).map(({ path }) => path)).toEqual(unheard.map((key) => `pod[${key}]`));
});
