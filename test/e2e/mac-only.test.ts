/** A VLAN on which Weft gives MAC addresses only: guests get their addresses from a DHCP server outside, and keep their MAC. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { InternetLab } from '../support/internet-lab.ts';
import { machine, machineOn, network, pod } from '../support/objects.ts';

const SOON = { timeout: 30_000, interval: 200 };

/**
 * A DHCP server (RFC 2131) that gives each MAC address the next of 172.20.200.201 and on; argument: device. A guest's hardware address is what it says of itself in the
 * question.
 */
const DHCP_SERVER = `
import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())
s.bind(('', 67))
leases = {}
me = socket.inet_aton('172.20.200.10')
while True:
    data, _ = s.recvfrom(2000)
    mac = data[28:34]
    at, kind = 240, 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if data[at] == 53:
            kind = data[at + 2]
        at += 2 + data[at + 1]
    if kind not in (1, 3):
        continue
    ip = socket.inet_aton('172.20.200.%d' % leases.setdefault(mac, 201 + len(leases)))
    answer = struct.pack('!BBBB4sHH4s4s4s4s16s192s4s', 2, 1, 6, 0, data[4:8], 0, 0x8000, bytes(4), ip, me, bytes(4), data[28:44], bytes(192), bytes([99, 130, 83, 99]))
    answer += bytes([53, 1, 2 if kind == 1 else 5, 54, 4]) + me + bytes([51, 4, 0, 0, 14, 16, 1, 4, 255, 255, 255, 0, 3, 4, 172, 20, 200, 1, 255])
    s.sendto(answer, ('255.255.255.255', 68))
`;

let at: InternetLab;

beforeAll(async () => {
  at = await InternetLab.make('mo');
  await at.run('phys1', 'sh', '-c', 'python3 -c "$0" "$1" >/dev/null 2>&1 </dev/null &', DHCP_SERVER, 'eth0');
  await at.declare('Subnet', 'bare', { vlan: 'vlan200' });
  await at.lab.declare(network('bare', 'bare'), machineOn('a', 'bare', 'node1'), machineOn('b', 'bare', 'node2'));
  for (const name of ['a', 'b']) {
    await addressOf(name);
    await at.tells(name);
  }
}, 120_000);

afterAll(() => at?.lab.remove());

const port = (name: string) => `${name}.default.bare.default.ovn`;
const mac = (name: string) => at.field('ip', port(name), '{.spec.macAddress}');
/** as the guest has it */
const addressOf = (name: string) =>
  vi.waitFor(async () => {
    const [found] =
      /172\.20\.200\.2\d\d/.exec((await at.run(name, 'ip', '-4', '-o', 'addr', 'show', 'eth0')).stdout) ?? [];
    expect(found).toBeDefined();
    return found!;
  }, SOON);

test('the IP object has a MAC address and nothing else, and the subnet counts nothing', async () => {
  expect(await at.field('ip', port('a'), '{.spec.ipAddress}{.spec.v4IpAddress}{.spec.v6IpAddress}')).toBe('');
  expect((await at.run('a', 'cat', '/sys/class/net/eth0/address')).stdout.trim()).toBe(await mac('a'));
  await at.says('subnet', 'bare', /^True Ready: in force/);
  const annotations = await at.field('pod', '-l kubevirt.io/domain=a', '{.items[0].metadata.annotations}');
  expect(annotations).not.toContain('bare.default.ovn.kubernetes.io/ip_address');
});

test('guests are told their addresses from outside, and reach everybody there and each other', async () => {
  const [a, b] = [await addressOf('a'), await addressOf('b')];
  await at.answers('phys1', a, /^a 172\.20\.200\.10/);
  await at.answers('a', '172.20.200.10', `phys1 ${a}`);
  await at.answers('a', b, `b ${a}`);
  await at.answers('internet', b, /^b /);
});

test('with another MAC address they reach nobody', async () => {
  const [b, own] = [await addressOf('b'), await mac('b')];
  await at.run('b', 'ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:99');
  expect(await at.pings('b', '172.20.200.10')).toBe(false);
  await at.run('b', 'ip', 'link', 'set', 'eth0', 'address', own);
  await vi.waitFor(async () => expect(await at.pings('phys1', b)).toBe(true), SOON);
});

test('the MAC address stays: on another node, and when the machine starts anew', async () => {
  const [a, before] = [await addressOf('a'), await mac('a')];
  await at.lab.kubectl('patch', 'vm', 'b', '--type=merge', '-p', '{"spec":{"runStrategy":"Halted"}}');
  await at.lab.declare({
    ...machine('m', 'bare'),
    spec: {
      runStrategy: 'Always',
      template: { metadata: { annotations: { 'k8s.v1.cni.cncf.io/networks': 'bare' } }, spec: {} },
    },
  });
  const m = await addressOf('m');
  const moved = await mac('m');
  await at.lab.ok('vm', 'migrate', 'm');
  await vi.waitFor(async () => expect(await at.pings('phys1', m)).toBe(true), SOON);
  expect([await mac('m'), (await at.run('m', 'cat', '/sys/class/net/eth0/address')).stdout.trim()]).toEqual([
    moved,
    moved,
  ]);
  const b = await mac('b');
  await at.lab.kubectl('patch', 'vm', 'b', '--type=merge', '-p', '{"spec":{"runStrategy":"Always"}}');
  await vi.waitFor(
    async () => expect((await at.run('b', 'cat', '/sys/class/net/eth0/address')).stdout.trim()).toBe(b),
    SOON,
  );
  await addressOf('b');
  expect([await mac('a'), await addressOf('a')]).toEqual([before, a]);
});

test('a plain pod has an interface without an address, and can ask for one', async () => {
  await at.lab.declare(pod('p', 'bare', 'node3'));
  const given = await vi.waitFor(async () => {
    const found = await mac('p');
    expect(found).not.toBe('');
    return found;
  }, SOON);
  const { pause } = await vi.waitFor(async () => {
    const { stdout } = await at.run('node3', 'cat', '/run/weft/guests/default_p.json');
    return JSON.parse(stdout) as { readonly pause: { readonly pid: number } };
  }, SOON);
  const inside = (...command: readonly string[]) => at.run('node3', 'nsenter', '-t', `${pause.pid}`, '-n', ...command);
  await vi.waitFor(async () => expect((await inside('ip', 'link', 'show', 'net1')).stdout).toContain(given), SOON);
  expect((await inside('ip', '-4', '-o', 'addr', 'show', 'net1')).stdout).toBe('');
  await inside('ip', 'addr', 'add', '172.20.200.250/24', 'dev', 'net1');
  await vi.waitFor(
    async () => expect((await inside('ping', '-c', '1', '-W', '1', '172.20.200.10')).code).toBe(0),
    SOON,
  );
  await at.lab.expectInSync();
});
