/** A machine that moves between two pods, each with a network of its own behind it. Real namespaces, root is needed. */
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning, type ProcessId, signalProcess } from '../../../lib/proc/process-id.ts';
import { batchIn, networkOf } from './in-namespace.ts';
import type { MachineNic, MachinePlan, PodSide } from './machine.ts';
import { namespaceKind } from './namespace-machine.ts';
import { endSandbox, startSandbox } from './sandbox.ts';
import type { NamespaceMachine } from './wires.ts';

const MAC = '02:00:00:00:00:aa';

interface Site {
  readonly peer: ProcessId;
  readonly pod: PodSide;
}

let source: Site;
let target: Site;
let machine: NamespaceMachine;

/** a pod with two interfaces whose other ends count what they get; both networks have the same addresses */
async function site(sandbox: string): Promise<Site> {
  const peer = await startSandbox('peer', async () => undefined);
  const pause = await startSandbox('web', async () => undefined);
  for (const index of [0, 1]) {
    await batchIn(networkOf(peer), 'ip', [
      `link add wire${index} type veth peer name eth${index} address ${MAC.slice(0, -1)}${index} netns ${networkOf(pause)}`,
      `addr add 10.0.${index}.1/24 dev wire${index}`,
      `link set wire${index} up`,
    ]);
    await batchIn(networkOf(peer), 'ip', [
      `link add rarp${index} type veth peer name end${index}`,
      `link set rarp${index} up`,
      `link set end${index} up`,
    ]);
    await batchIn(networkOf(peer), 'tc', [
      `qdisc add dev wire${index} clsact`,
      `filter add dev wire${index} ingress prio 1 protocol 0x8035 u32 match u32 0 0 action mirred egress redirect dev rarp${index}`,
    ]);
    await batchIn(networkOf(pause), 'ip', [`link set eth${index} up`]);
  }
  return { peer, pod: { sandbox: sandbox.repeat(64), pause } };
}

const nic = (index: number): MachineNic => ({
  index,
  device: `eth${index}`,
  podDevice: `eth${index}`,
  mac: `${MAC.slice(0, -1)}${index}`,
  mtu: 1400,
  addresses: [`10.0.${index}.5/24`],
  routes: [],
  dhcp: false,
});
const plan = (pod: PodSide): MachinePlan => ({
  namespace: 'shop',
  name: 'web',
  hostname: 'web',
  pod,
  nics: [nic(0), nic(1)],
  annotations: {},
  run: '/nonexistent',
});
const nothing = async () => undefined;

beforeEach(async () => {
  [source, target] = await Promise.all([site('a'), site('b')]);
  machine = await namespaceKind.start(plan(source.pod), nothing);
});

afterEach(async () => {
  await namespaceKind.stop(machine);
  for (const { peer, pod } of [source, target]) await Promise.all([endSandbox(pod.pause), endSandbox(peer)]);
});

const receive = () => namespaceKind.receive(plan(target.pod), namespaceKind.offer(machine), nothing);
const inPeer = ({ peer }: Site, ...command: readonly string[]) =>
  execFileSync('nsenter', [`--net=${networkOf(peer)}`, ...command], { encoding: 'utf8' });
/** RARP frames that a network has got */
const announced = (at: Site, index: number) =>
  Number(
    /Sent \d+ bytes (\d+) pkt/.exec(inPeer(at, 'tc', '-s', 'filter', 'show', 'dev', `wire${index}`, 'ingress'))?.[1] ??
      0,
  );
/** frames of any kind that a network has got */
const got = (at: Site, index: number) =>
  (
    JSON.parse(inPeer(at, 'ip', '-j', '-s', 'link', 'show', `wire${index}`)) as {
      stats64: { rx: { packets: number } };
    }[]
  )[0]!.stats64.rx.packets;
/** the machine asks both networks for a connection, and says which of them answered: the ports are closed, that is an answer */
const reaches = (index: number) => {
  const [file, ...args] = [
    ...namespaceKind.entry(machine),
    'timeout',
    '1',
    'bash',
    '-c',
    `exec 3<>/dev/tcp/10.0.${index}.1/9`,
  ];
  try {
    execFileSync(file!, args, { stdio: 'pipe' });
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr).includes('refused');
  }
  return true;
};

test('prepared, sent, arrived: all NICs are on the other network, which has heard of them; the first gets nothing any more', async () => {
  expect([reaches(0), reaches(1)]).toEqual([true, true]);
  const incoming = await receive();
  expect(await namespaceKind.hasLeft(machine)).toBe(false);
  const before = [got(target, 0), got(target, 1)];
  expect(reaches(0)).toBe(true);
  expect([got(target, 0), got(target, 1)]).toEqual(before);

  const arrival = namespaceKind.arrive(incoming.machine as NamespaceMachine);
  await namespaceKind.send(machine, incoming.address);
  expect(await namespaceKind.hasLeft(machine)).toBe(true);
  expect(await arrival).toEqual(incoming.machine);
  for (const index of [0, 1]) {
    await expect.poll(() => announced(target, index)).toBeGreaterThan(1);
    expect(announced(source, index)).toBe(0);
  }
  await namespaceKind.leave(machine);
  machine = incoming.machine as NamespaceMachine;
  const there = got(source, 0);
  inPeer(target, 'ip', 'neigh', 'flush', 'all');
  // the neighbours are known by their addresses in the first network
  for (const device of ['eth0', 'eth1'])
    execFileSync('nsenter', ['-t', String(machine.pause.pid), '--net', 'ip', 'neigh', 'flush', 'dev', device]);
  expect([reaches(0), reaches(1)]).toEqual([true, true]);
  expect(got(source, 0)).toBe(there);
});

test('its NICs do not see it: no carrier that goes, no neighbour that is forgotten, the same processes', async () => {
  reaches(0);
  const state = () =>
    execFileSync('nsenter', ['-t', String(machine.pause.pid), '--net', 'sh', '-c', 'cat /proc/net/arp; ip -j link'], {
      encoding: 'utf8',
    });
  const carriers = () =>
    execFileSync(
      'nsenter',
      ['-t', String(machine.pause.pid), '--net', '--mount', 'sh', '-c', 'cat /sys/class/net/eth*/carrier_changes'],
      {
        encoding: 'utf8',
      },
    );
  const before = [state(), carriers()];
  const { address, machine: there } = await receive();
  await namespaceKind.send(machine, address);
  machine = there as NamespaceMachine;
  expect([state(), carriers()]).toEqual(before);
  expect(namespaceKind.isAlive(machine)).toBe(true);
});

test('there and back again, and sent twice: the second time changes nothing', async () => {
  const { address, machine: there } = await receive();
  for (let round = 0; round < 2; round += 1) await namespaceKind.send(machine, address);
  await namespaceKind.leave(machine);
  const back = await namespaceKind.receive(plan(source.pod), namespaceKind.offer(there), nothing);
  await namespaceKind.send(there as NamespaceMachine, back.address);
  await namespaceKind.leave(there as NamespaceMachine);
  expect(await namespaceKind.arrive(back.machine as NamespaceMachine)).toEqual(back.machine);
  expect(reaches(0)).toBe(true);
});

test('a target that was never prepared, or is no address at all: the machine stays', async () => {
  await expect(namespaceKind.send(machine, 'c'.repeat(64))).rejects.toThrow('NIC eth0 has no uplink to the target');
  await expect(namespaceKind.send(machine, '; reboot')).rejects.toThrow('is not where a machine can be sent');
  expect([await namespaceKind.hasLeft(machine), reaches(0)]).toEqual([false, true]);
});

test('when one of its NICs cannot move, none does', async () => {
  const { address } = await receive();
  await batchIn(`/proc/${machine.pause.pid}/root/run/wires`, 'ip', ['link set tap1 name gone1']);
  await expect(namespaceKind.send(machine, address)).rejects.toThrow();
  expect([await namespaceKind.hasLeft(machine), reaches(0)]).toEqual([false, true]);
  expect(announced(target, 0)).toBe(0);
});

test('abandoned: the machine goes on where it is; one that has come meanwhile ends', async () => {
  const incoming = await receive();
  for (let round = 0; round < 2; round += 1) await namespaceKind.abandon(incoming.machine as NamespaceMachine);
  expect([namespaceKind.isAlive(machine), reaches(0)]).toEqual([true, true]);
  const again = await receive();
  await namespaceKind.send(machine, again.address);
  await namespaceKind.abandon(again.machine as NamespaceMachine);
  expect(namespaceKind.isAlive(machine)).toBe(false);
});

test('a machine that ends before it is sent does not arrive, and waiting can be called off', async () => {
  const { machine: incoming } = await receive();
  await expect(namespaceKind.arrive(incoming, AbortSignal.timeout(20))).rejects.toThrow(/abort/i);
  const arrival = namespaceKind.arrive(incoming);
  signalProcess(machine.pause, 'SIGKILL');
  await expect(arrival).rejects.toThrow('the machine ended before it was sent');
  await namespaceKind.abandon(incoming);
});

test.each([
  ['not JSON', /JSON/],
  ['{"pid":1,"startTime":0}', /does not run any more/],
  ['{"pid":"../1","startTime":0}', /does not run any more/],
])('an offer that is none: %s', async (offer, why) => {
  await expect(namespaceKind.receive(plan(target.pod), offer, nothing)).rejects.toThrow(why);
});

test('a process that is no machine is not entered, whatever an annotation says', async () => {
  const offer = JSON.stringify(source.peer);
  expect(isRunning(source.peer)).toBe(true);
  await expect(namespaceKind.receive(plan(target.pod), offer, nothing)).rejects.toThrow('is no machine');
});
