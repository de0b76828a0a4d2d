import { expect, test } from 'vitest';
import { formatCidr, parseCidr } from '../../lib/netaddr/cidr.ts';
import {
  dhcpv4Options,
  dhcpv6Options,
  type GuestNetwork,
  prefixesToTell,
  raConfigs,
  type VpcGuestSettings,
} from './guest-options.ts';
import { parseOptions } from './option-text.ts';
import type { OptionSet } from './option-types.ts';

const net4: GuestNetwork = {
  cidr: parseCidr('10.1.0.0/24'),
  gateway: '10.1.0.1',
  routerMac: '02:00:00:00:00:01',
  mtu: 1442,
};
const net6: GuestNetwork = { ...net4, cidr: parseCidr('fd00:1::/64'), gateway: 'fd00:1::1' };
const alone: VpcGuestSettings = { prefixes: [net4.cidr, net6.cidr], dnsServers: [], searchDomains: [] };
const vpc: VpcGuestSettings = {
  prefixes: [
    '10.1.0.0/24',
    '172.16.0.0/12',
    '10.2.0.0/24',
    '0.0.0.0/0',
    'fd00:1::/64',
    '10.1.0.0/28',
    '10.2.0.0/24',
  ].map(parseCidr),
  dnsServers: ['9.9.9.9', 'fd00::53'],
  searchDomains: ['lab.test'],
};
const options = (set: OptionSet, text: string) => {
  const parsed = parseOptions(set, text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.options;
};

test('nothing said: all that a guest needs, from the router itself', () => {
  expect(dhcpv4Options(net4, alone, {})).toEqual({
    options: {
      lease_time: '3600',
      server_id: '10.1.0.1',
      server_mac: '02:00:00:00:00:01',
      mtu: '1442',
      router: '10.1.0.1',
    },
    routesOmitted: false,
  });
});

test('routes to what is behind the router: longest prefix first, its own prefix and parts of it left out, the default route last (RFC 3442)', () => {
  const routes = '{10.2.0.0/24,10.1.0.1,172.16.0.0/12,10.1.0.1,0.0.0.0/0,10.1.0.1}';
  expect(dhcpv4Options(net4, vpc, {}).options).toMatchObject({
    classless_static_route: routes,
    ms_classless_static_route: routes,
    router: '10.1.0.1',
    dns_server: '9.9.9.9',
    domain_search_list: '"lab.test"',
  });
});

test('without the default route: neither option 3 nor 0.0.0.0/0', () => {
  const { options: found } = dhcpv4Options(net4, vpc, options('dhcpv4', 'router=10.1.0.1'), false);
  expect(found['classless_static_route']).toBe('{10.2.0.0/24,10.1.0.1,172.16.0.0/12,10.1.0.1}');
  expect(found).not.toHaveProperty('router');
  expect(dhcpv4Options(net4, alone, {}, false).options).not.toHaveProperty('classless_static_route');
});

test('what the user says replaces what would be said; a router of the user is the next hop too', () => {
  const given = options('dhcpv4', 'router=10.1.0.254,mtu=1300,dns_server=1.1.1.1,lease_time=600');
  expect(dhcpv4Options(net4, vpc, given).options).toMatchObject({
    router: '10.1.0.254',
    mtu: '1300',
    dns_server: '1.1.1.1',
    lease_time: '600',
    classless_static_route: '{10.2.0.0/24,10.1.0.254,172.16.0.0/12,10.1.0.254,0.0.0.0/0,10.1.0.254}',
  });
  const own = options('dhcpv4', 'classless_static_route={192.168.0.0/16,10.1.0.9}');
  expect(dhcpv4Options(net4, vpc, own).options).toMatchObject({
    classless_static_route: '{192.168.0.0/16,10.1.0.9}',
    ms_classless_static_route: '{192.168.0.0/16,10.1.0.9}',
  });
});

test('an option holds 255 octets: the default route stays, the rest as far as it fits, and that some do not is said', () => {
  const many = Array.from({ length: 60 }, (_, index) => parseCidr(`10.9.${index}.0/24`));
  const { options: found, routesOmitted } = dhcpv4Options(net4, { ...alone, prefixes: many }, {});
  const words = found['classless_static_route']!.slice(1, -1).split(',');
  expect(words.slice(-2)).toEqual(['0.0.0.0/0', '10.1.0.1']);
  // 5 octets for the default route, 8 for each /24
  expect(words.length / 2).toBe(1 + Math.floor((255 - 5) / 8));
  expect(routesOmitted).toBe(true);
});

test('of what is behind the router guests are told the outer prefixes, each once, the longest first', () => {
  const all = ['10.2.0.0/24', '10.2.0.9/32', '172.16.0.0/12', '0.0.0.0/0', '10.2.0.0/24', 'fd00::/8', '10.1.0.0/24'];
  expect(prefixesToTell(all.map(parseCidr)).map(formatCidr)).toEqual(['10.1.0.0/24', '10.2.0.0/24', '172.16.0.0/12']);
});

test('of more prefixes than an option holds as many are kept as every subnet needs to fill its own, and to say that there are more', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => parseCidr(`${index + 1}.0.0.0/8`));
  const prefixes = prefixesToTell(many(200));
  for (const index of [1, 20, 43]) {
    const own = { ...net4, cidr: parseCidr(`${index}.0.0.0/8`), gateway: `${index}.0.0.1` };
    for (const withDefault of [true, false])
      expect(dhcpv4Options(own, { ...alone, prefixes }, {}, withDefault)).toEqual(
        dhcpv4Options(own, { ...alone, prefixes: many(200) }, {}, withDefault),
      );
  }
});

test('DHCPv6: the server and DNS; RA: managed addresses, MTU, DNS server and search list', () => {
  expect(dhcpv6Options(net6, vpc, {})).toEqual({ server_id: '02:00:00:00:00:01', dns_server: 'fd00::53' });
  expect(raConfigs(net6, vpc, {}, {})).toEqual({
    address_mode: 'dhcpv6_stateful',
    send_periodic: 'true',
    max_interval: '30',
    min_interval: '5',
    mtu: '1442',
    rdnss: 'fd00::53',
    dnssl: 'lab.test',
  });
  const given = options('dhcpv6', 'dns_server={fd00::1,fd00::2},domain_search={a.b,c.d}');
  expect(
    raConfigs(net6, vpc, given, options('ra', 'max_interval=4,router_preference=HIGH,address_mode=slaac')),
  ).toMatchObject({
    rdnss: 'fd00::1',
    dnssl: 'a.b,c.d',
    address_mode: 'slaac',
    router_preference: 'HIGH',
    max_interval: '4',
    min_interval: '3',
  });
});
