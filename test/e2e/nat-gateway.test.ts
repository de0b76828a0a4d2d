/** What Harvester's pages write (VpcNatGateway, IptablesEIP and rules), with packets: which address the far end sees, who is reached, who must not be. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { InternetLab } from '../support/internet-lab.ts';
import { subnet, vpc } from '../support/objects.ts';

const OUTSIDE = { v4: '203.0.113.10', v6: '2001:db8:203::10' };
const PHYS1 = '172.20.200.10';
const LAN_IP = '10.1.1.254';

/** the second holds the addresses outside themselves: what is routed outwards is not behind the VPC */
const routesTo = (nextHopIP: string) =>
  ['0.0.0.0/0', '172.16.0.0/12'].map((cidr) => ({ cidr, nextHopIP, policy: 'policyDst' as const }));

let at: InternetLab;
/** internal address of each machine */
const inside: Record<string, string> = {};

const eip = async (name: string, spec: object) => {
  await at.declare('IptablesEIP', name, spec);
  await at.says('eip', name, /^True Ready/);
  const [v4 = '', v6 = ''] = (await at.field('eip', name, '{.spec.v4ip} {.spec.v6ip}')).split(' ');
  return { v4, v6 };
};
const ask = (address: string, port: number, times: number) =>
  Promise.all(Array.from({ length: times }, () => at.ask('internet', address, port)));

beforeAll(async () => {
  at = await InternetLab.make('n', '--ip', 'dual');
  const staticRoutes = routesTo(LAN_IP);
  await at.lab.declare(
    vpc('red', { staticRoutes }),
    vpc('blue', { staticRoutes }),
    subnet('red-a', 'red', '10.1.1.0/24,fd00:1:1::/64'),
    subnet('blue-a', 'blue', '10.1.1.0/24,fd00:1:1::/64'),
  );
  for (const name of ['red', 'blue'])
    await at.declare('VpcNatGateway', name, {
      vpc: name,
      subnet: `${name}-a`,
      lanIp: LAN_IP,
      externalSubnets: ['external'],
    });
  // twin of a: the same addresses in another VPC
  await at.machines({
    a: ['red-a', 'node1'],
    b: ['red-a', 'node2'],
    c: ['red-a', 'node3'],
    twin: ['blue-a', 'node1'],
  });
  for (const [name, net] of [
    ['a', 'red-a'],
    ['b', 'red-a'],
    ['twin', 'blue-a'],
  ] as const)
    inside[name] = await at.field('ip', `${name}.default.${net}.default.ovn`, '{.spec.v4IpAddress}');
}, 180_000);

afterAll(() => at?.lab.remove());

test('a source rule: the subnet leaves by its address, by a default route to a pod that is not there', async () => {
  await at.says('vpc-nat-gw', 'red', /^True Ready: in force/);
  await at.silent('a', OUTSIDE.v4);
  const out = await eip('red-out', { natGwDp: 'red', externalSubnet: 'external' });
  await at.declare('IptablesSnatRule', 'red', { eip: 'red-out', internalCIDR: '10.1.1.0/24,fd00:1:1::/64' });
  for (const family of ['v4', 'v6'] as const) await at.answers('a', OUTSIDE[family], `internet ${out[family]}`);
  // nobody is at the address that the route names, and nobody gets it
  expect(await at.pings('a', LAN_IP)).toBe(false);
});

test('tenants with the same addresses behind one external network never see each other', async () => {
  const out = await eip('blue-out', { natGwDp: 'blue', v4ip: '172.20.100.200' });
  expect(out.v4).toBe('172.20.100.200');
  await at.declare('IptablesSnatRule', 'blue', { eip: 'blue-out', internalCIDR: '10.1.1.0/24' });
  expect(inside['twin']).toBe(inside['a']);
  const seen = await at.lab.capture('tor', 'vlan100', 'net 10.1.1.0/24 or net fd00:1:1::/64', async () => {
    await at.answers('twin', OUTSIDE.v4, `internet ${out.v4}`);
    await at.answers('a', OUTSIDE.v4, /^internet 172\.20\.100\.(?!200)/);
  });
  expect(seen).toBe('');
});

test('a floating IP enters at the node of the machine, leaves with its address, and leads to its VPC only', async () => {
  const floating = await eip('b', { natGwDp: 'red' });
  await at.declare('IptablesFIPRule', 'b', { eip: 'b', internalIp: inside['b'] });
  await at.answers('internet', floating.v4, `b ${OUTSIDE.v4}`);
  await at.answers('b', OUTSIDE.v4, `internet ${floating.v4}`);
  await at.answers('twin', floating.v4, /^b 172\.20\.100\.200$/);
  await at.answers('a', floating.v4, /^b /);
  const seen = await at.lab.capture(
    'node2',
    'eth1',
    `(icmp and host ${floating.v4}) or (vlan and icmp and host ${floating.v4})`,
    () => at.pings('internet', floating.v4),
  );
  expect(seen).toMatch(/echo request/);
  // who has no rule does not answer, not even at the address of somebody who has
  await at.silent('internet', floating.v4, 8080);
  await at.silent('internet', inside['a']!);
});

test('destination rules: a port of one machine, a port that two share; what is not published does not answer', async () => {
  const { v4 } = await eip('in', { natGwDp: 'red' });
  const forward = (name: string, spec: object) =>
    at.declare('IptablesDnatRule', name, { eip: 'in', internalPort: '80', protocol: 'tcp', ...spec });
  await forward('web', { externalPort: '8080', internalIp: inside['a'] });
  await at.answers('internet', v4, `a ${OUTSIDE.v4}`, 8080);
  await at.silent('internet', v4, 80);
  await forward('one', { externalPort: '8000', internalIp: inside['a'], type: 'share' });
  await forward('two', { externalPort: '8000', internalIp: inside['b'], type: 'share' });
  const names = async () => new Set((await ask(v4, 8000, 12)).map((answer) => answer.split(' ')[0]));
  await vi.waitFor(async () => expect(await names()).toEqual(new Set(['a', 'b'])), { timeout: 20_000 });
  // one that does not answer is out, and the other has all of it
  await at.fallsSilent('b');
  await vi.waitFor(async () => expect(await names()).toEqual(new Set(['a'])), { timeout: 20_000 });
  await at.tells('b');
  // an edit is applied, and what goes is closed
  await forward('web', { externalPort: '8081', internalIp: inside['b'] });
  await at.answers('internet', v4, /^b /, 8081);
  await at.silent('internet', v4, 8080);
  await at.lab.kubectl('delete', 'dnat', 'one');
  await vi.waitFor(async () => expect(await names()).toEqual(new Set(['b'])), { timeout: 20_000 });
});

test('a second gateway of the VPC: its addresses leave and enter there, and a route to its lanIp leads there', async () => {
  await at.declare('Subnet', 'physical', {
    vlan: 'vlan200',
    cidrBlock: '172.20.200.0/24',
    gateway: '172.20.200.1',
    excludeIps: ['172.20.200.1..172.20.200.19'],
  });
  await at.declare('VpcNatGateway', 'red-2', {
    vpc: 'red',
    subnet: 'red-a',
    lanIp: '10.1.1.253',
    externalSubnets: ['physical'],
    selector: ['kubernetes.io/hostname: node3'],
  });
  const second = await eip('second', { natGwDp: 'red-2', externalSubnet: 'physical' });
  await at.declare('IptablesSnatRule', 'a', { eip: 'second', internalCIDR: inside['a'] });
  await at.answers('a', PHYS1, `phys1 ${second.v4}`);
  await at.answers('a', OUTSIDE.v4, `internet ${second.v4}`);
  await at.answers('c', OUTSIDE.v4, /^internet 172\.20\.100\./);
  const carriers = await at.lab.nbctl(
    '--bare',
    '--columns=chassis_name,external_ids',
    'find',
    'HA_Chassis',
    'external_ids:group="gateway:red-physical"',
  );
  expect(carriers).toMatch(/node3/);
  expect(carriers).not.toMatch(/chassis_name=node[12]/);
  // the default route leads to the other one now; who leaves by an address of the first is sent there
  await at.declare('Vpc', 'red', { staticRoutes: routesTo('10.1.1.253') });
  await at.answers('a', OUTSIDE.v4, `internet ${second.v4}`);
  await at.answers('c', OUTSIDE.v4, /^internet 172\.20\.100\./);
  await at.answers('internet', (await eip('b', { natGwDp: 'red' })).v4, `b ${OUTSIDE.v4}`);
});

test('conflicts are refused, rows that go are back, and what is in use waits when it is deleted', async () => {
  for (const [kind, spec, why] of [
    ['IptablesEIP', { natGwDp: 'red', v4ip: '172.20.100.200' }, /in use by IptablesEIP blue-out/],
    ['OvnEip', { v4Ip: '172.20.100.200' }, /in use by IptablesEIP blue-out/],
    ['IptablesFIPRule', { eip: 'in', internalIp: inside['a'] }, /floating IP has its address for itself/],
    ['IptablesDnatRule', { eip: 'nobody', externalPort: '1', internalIp: inside['a'] }, /no such IptablesEIP/],
    ['VpcNatGateway', { vpc: 'red', subnet: 'red-a', lanIp: inside['a'] }, /is in use by a\.default/],
  ] as const) {
    const { stderr } = await at.lab.applyObject({
      apiVersion: 'kubeovn.io/v1',
      kind,
      metadata: { name: 'late' },
      spec,
    });
    expect(stderr).toMatch(why);
  }
  await at.lab.nbctl('lr-nat-del', 'red');
  await at.lab.nbctl('lb-del', 'iptables-dnat:web');
  await at.lab.expectInSync();
  await at.lab.kubectl('delete', 'vpc-nat-gw', 'blue', '--wait=false');
  await at.says('vpc-nat-gw', 'blue', /^False Deleting: .*IptablesEIP\/blue-out/);
  await at.lab.kubectl('delete', 'snat', 'blue');
  await at.lab.kubectl('delete', 'eip', 'blue-out');
  await vi.waitFor(async () => expect(await at.field('vpc-nat-gw', 'blue', '{.metadata.name}')).toBe(''), {
    timeout: 10_000,
  });
  await at.silent('twin', OUTSIDE.v4);
});
