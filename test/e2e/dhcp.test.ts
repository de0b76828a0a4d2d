/** What guests learn by DHCP and router advertisements, seen from inside; and what they do not. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TestLab } from '../support/test-lab.ts';
import { machine, network, subnet, vpc } from '../support/objects.ts';

let lab: TestLab;

const DNS = {
  'network.harvesterhci.io/dns-servers': '9.9.9.9,fd00::53',
  'network.harvesterhci.io/dns-search': 'lab.test',
};

beforeAll(async () => {
  lab = await TestLab.make('d');
  await lab.up();
  await lab.declare(
    {
      ...vpc('red', { staticRoutes: [{ cidr: '172.31.0.0/16', nextHopIP: '10.2.0.9' }] }),
      metadata: { name: 'red', annotations: DNS },
    },
    subnet('dual', 'red', '10.1.0.0/24,fd00:1::/64', {
      enableDHCP: true,
      ipv6RAConfigs: 'max_interval=4,router_preference=HIGH',
    }),
    subnet('plain', 'red', '10.2.0.0/24,fd00:2::/64'),
    subnet('slaac', 'red', 'fd00:3::/64', { enableIPv6RA: true, ipv6RAConfigs: 'address_mode=slaac' }),
    network('dual', 'dual'),
    network('plain', 'plain'),
    network('slaac', 'slaac'),
    machine('vm', 'dual'),
    machine('other', 'dual'),
    machine('static', 'plain'),
    machine('self', 'slaac'),
    machine('two', 'plain,dual'),
  );
}, 120_000);

afterAll(async () => {
  await lab?.remove();
});

async function inside(vm: string, ...command: readonly string[]): Promise<string> {
  return (await lab.guest(`default/${vm}`, ...command)).stdout;
}

/** what dhcpcd learned, of all protocols */
const lease = (vm: string, device = 'eth0') => inside(vm, 'dhcpcd', '-U', device);

function learned(what: () => Promise<string>, wanted: string | RegExp): Promise<string> {
  return vi.waitFor(
    async () => {
      const text = await what();
      expect(text).toMatch(wanted);
      return text;
    },
    { timeout: 30_000, interval: 200 },
  );
}

test('DHCPv4 with nothing but enableDHCP: address, router, routes, DNS, MTU, name, lease time', async () => {
  const text = await learned(() => lease('vm'), /reason=(BOUND|RENEW)\n[^]*protocol=dhcp\n/);
  const { ips } = (
    JSON.parse(await lab.ok('vm', 'list', '-o', 'json')) as { name: string; nics: { ips: string[] }[] }[]
  ).find(({ name }) => name === 'vm')!.nics[0]!;
  for (const line of [
    `ip_address=${ips[0]}`,
    'subnet_cidr=24',
    'routers=10.1.0.1',
    'classless_static_routes=10.2.0.0/24 10.1.0.1 172.31.0.0/16 10.1.0.1 0.0.0.0/0 10.1.0.1',
    'ms_classless_static_routes=10.2.0.0/24 10.1.0.1 172.31.0.0/16 10.1.0.1 0.0.0.0/0 10.1.0.1',
    'domain_name_servers=9.9.9.9',
    'domain_search=lab.test',
    'host_name=vm',
    'interface_mtu=1442',
    'dhcp_lease_time=3600',
    'dhcp_server_identifier=10.1.0.1',
  ])
    expect(text.split('\n')).toContain(line);
  const routes = await inside('vm', 'ip', 'route');
  expect(routes).toMatch(/^default via 10\.1\.0\.1 dev eth0 proto dhcp/m);
  expect(routes).toMatch(/^10\.2\.0\.0\/24 via 10\.1\.0\.1/m);
});

test('DHCPv6 and RA: managed address, default route by the advertisement, DNS, search list, MTU, preference', async () => {
  await learned(() => inside('vm', 'ip', '-6', 'addr', 'show', 'eth0'), /inet6 fd00:1::[0-9a-f]+\/128/);
  const text = await learned(() => lease('vm'), /nd1_rdnss1_servers=fd00::53[^]*dhcp6_name_servers=fd00::53/);
  expect(text).toMatch(/nd1_dnssl1_search=lab\.test/);
  expect(text).toMatch(/nd1_flags=.*M/);
  expect(text).toMatch(/nd1_mtu=1442/);
  expect(await inside('vm', 'ip', '-6', 'route')).toMatch(/^default via fe80::.* proto ra/m);
  // written anew with every answer
  for (const line of [/^search lab\.test/m, /^nameserver 9\.9\.9\.9$/m, /^nameserver fd00::53$/m])
    await learned(() => inside('vm', 'cat', '/etc/resolv.conf'), line);
});

test('what was learned works: the other subnets of the VPC, both families, the largest packet and no larger one', async () => {
  await lab.reaches('default/vm', await lab.running('default/static'));
  const six = await learned(
    () => inside('static', 'ip', '-6', '-o', 'addr', 'show', 'eth0'),
    /inet6 (fd00:2::[0-9a-f]+)/,
  );
  await lab.reaches('default/vm', /inet6 (fd00:2::[0-9a-f]+)/.exec(six)![1]!);
  const target = await lab.address('default/static');
  const ping = (size: string) => lab.guest('default/vm', 'ping', '-c', '1', '-W', '2', '-M', 'do', '-s', size, target);
  expect((await ping('1414')).code).toBe(0);
  expect((await ping('1415')).code).not.toBe(0);
});

test('without DHCP nobody answers, and the guest has the same routes from the CNI', async () => {
  const routes = await inside('static', 'ip', 'route');
  expect(routes).toMatch(/^default via 10\.2\.0\.1/m);
  expect(routes).toMatch(/^10\.1\.0\.0\/24 via 10\.2\.0\.1/m);
  expect(routes).toMatch(/^172\.31\.0\.0\/16 via 10\.2\.0\.1/m);
  const { code } = await lab.guest(
    'default/static',
    'busybox',
    'udhcpc',
    '-i',
    'eth0',
    '-n',
    '-q',
    '-t',
    '2',
    '-T',
    '1',
    '-s',
    '/bin/true',
  );
  expect(code).not.toBe(0);
});

test('an address that the guest makes itself is the one that it may use', async () => {
  const address = await lab.running('default/self');
  await learned(() => inside('self', 'ip', '-6', 'addr', 'show', 'eth0'), new RegExp(`inet6 ${address}/64`));
  expect(address).toMatch(/^fd00:3::.*ff:fe/);
  await lab.reaches('default/self', 'fd00:2::1');
});

test('a second interface gets the routes of its VPC, and not a second default route', async () => {
  const text = await learned(() => lease('two', 'eth1'), /protocol=dhcp\n/);
  expect(text).toMatch(/classless_static_routes=10\.2\.0\.0\/24 10\.1\.0\.1 172\.31\.0\.0\/16 10\.1\.0\.1$/m);
  expect(text).not.toMatch(/^routers=/m);
});

test('a changed option is in force at once, addresses stay, and the event says when guests learn it', async () => {
  const before = await inside('vm', 'ip', '-4', '-o', 'addr', 'show', 'eth0');
  const { code } = await lab.kubectl(
    'patch',
    'subnet',
    'dual',
    '--type=merge',
    '-p',
    '{"spec":{"dhcpV4Options":"lease_time=600,ntp_server=10.1.0.7"}}',
  );
  expect(code).toBe(0);
  await vi.waitFor(async () => expect(await lab.nbctl('list', 'DHCP_Options')).toContain('lease_time="600"'), {
    timeout: 5000,
  });
  // what a guest asks at its renewal, asked now
  await learned(async () => {
    await inside('vm', 'dhcpcd', '-N', 'eth0');
    return lease('vm');
  }, /dhcp_lease_time=600/);
  expect(await lease('vm')).toMatch(/ntp_servers=10\.1\.0\.7/);
  expect((await inside('vm', 'ip', '-4', '-o', 'addr', 'show', 'eth0')).split(' brd')[0]).toBe(before.split(' brd')[0]);
  const events = await lab.kubectl(
    'get',
    'events',
    '-A',
    '-o',
    'jsonpath={.items[?(@.reason=="GuestSettingsChanged")].message}',
  );
  expect(events.stdout).toMatch(/spec\.dhcpV4Options changed for \d+ interfaces: .*when they renew their lease/);
});

test('the subnet’s status names its rows, and ports refer to them', async () => {
  const uuids = (
    await lab.kubectl('get', 'subnet', 'dual', '-o', 'jsonpath={.status.dhcpV4OptionsUUID} {.status.dhcpV6OptionsUUID}')
  ).stdout;
  const port = await lab.nbctl(
    '--bare',
    '--columns=dhcpv4_options,dhcpv6_options',
    'list',
    'Logical_Switch_Port',
    'vm.default.dual.default.ovn',
  );
  expect(port.trim().split(/\s+/)).toEqual(uuids.split(' '));
});

test('DHCP switched off and on again: ports follow in one transaction, running guests keep their addresses', async () => {
  const { processes } = await lab.status();
  const { metrics = '' } = processes.find(({ name }) => name === 'controller')!;
  const count = async () => {
    const text = await (await fetch(metrics)).text();
    return Number(/^weft_nb_transactions_total (\d+)/m.exec(text)![1]);
  };
  const before = await count();
  await lab.kubectl('patch', 'subnet', 'dual', '--type=merge', '-p', '{"spec":{"enableDHCP":false}}');
  await vi.waitFor(async () => expect(await lab.nbctl('list', 'DHCP_Options')).not.toContain('10.1.0.0/24'), {
    timeout: 5000,
  });
  expect((await count()) - before).toBe(1);
  expect(await inside('vm', 'ip', '-4', '-o', 'addr', 'show', 'eth0')).toContain('10.1.0.');
  await lab.reaches('default/other', await lab.address('default/vm'));
  await lab.kubectl('patch', 'subnet', 'dual', '--type=merge', '-p', '{"spec":{"enableDHCP":true}}');
  await vi.waitFor(async () => expect((await count()) - before).toBe(2), { timeout: 5000 });
  await learned(async () => {
    await inside('other', 'dhcpcd', '-N', 'eth0');
    return lease('other');
  }, /dhcp_lease_time=600/);
  await lab.expectInSync();
});

test('a guest that gives its address back and asks anew gets the same one', async () => {
  const before = await lab.address('default/other');
  await inside('other', 'dhcpcd', '--release', 'eth0');
  expect(await inside('other', 'ip', '-4', '-o', 'addr', 'show', 'eth0')).not.toContain('10.1.0.');
  await inside('other', 'dhcpcd', '--config', '/run/dhcpcd.conf', '--background', '--quiet', 'eth0');
  await learned(() => inside('other', 'ip', '-4', '-o', 'addr', 'show', 'eth0'), before);
});

test('no DNS server anywhere is a warning of the subnet that works all the same', async () => {
  await lab.declare(vpc('blue'), subnet('mute', 'blue', '10.9.0.0/24', { enableDHCP: true }));
  const condition = (type: string) =>
    lab.kubectl('get', 'subnet', 'mute', '-o', `jsonpath={.status.conditions[?(@.type=="${type}")]}`);
  await vi.waitFor(async () => expect((await condition('Ready')).stdout).toContain('"status":"True"'), {
    timeout: 10_000,
  });
  expect((await condition('Warning')).stdout).toMatch(/"reason":"NoDnsServer"/);
  expect((await condition('Warning')).stdout).toMatch(/dns_server in spec\.dhcpV4Options/);
  const events = await lab.kubectl('get', 'events', '-A', '-o', 'jsonpath={.items[?(@.reason=="NoDnsServer")].type}');
  expect(events.stdout).toContain('Warning');
});
