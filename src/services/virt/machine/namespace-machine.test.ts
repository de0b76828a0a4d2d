/** Real namespaces: a machine behind a pod whose CNI interface is one end of a pair, with a peer that answers. Root is needed. */
import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning, type ProcessId } from '../../../lib/proc/process-id.ts';
import { batchIn, networkOf } from './in-namespace.ts';
import type { MachineNic, PodSide } from './machine.ts';
import { namespaceKind } from './namespace-machine.ts';
import { podLink } from './pod-wire.ts';
import { endSandbox, startSandbox } from './sandbox.ts';
import type { NamespaceMachine } from './wires.ts';

const MACS = ['02:00:00:00:00:aa', '02:00:00:00:00:bb'] as const;
const PEER_MACS = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as const;

let pod: PodSide;
let peer: ProcessId;
let machine: NamespaceMachine | undefined;

/** two interfaces of a pod, as a CNI executable leaves them; the peer is the network */
beforeEach(async () => {
  peer = await startSandbox('peer', async () => undefined);
  pod = { sandbox: 'a'.repeat(64), pause: await startSandbox('web', async () => undefined) };
  machine = undefined;
  for (const index of [0, 1]) {
    await batchIn(networkOf(peer), 'ip', [
      `link add wire${index} address ${PEER_MACS[index]} mtu 1400 type veth peer name eth${index} address ${MACS[index]} mtu 1400 netns ${networkOf(pod.pause)}`,
      `addr add 10.0.${index}.1/24 dev wire${index}`,
      `link set wire${index} up`,
    ]);
    await batchIn(networkOf(pod.pause), 'ip', [
      `addr add 10.0.${index}.5/24 dev eth${index}`,
      `link set eth${index} up`,
    ]);
  }
});

afterEach(async () => {
  if (machine) await namespaceKind.stop(machine);
  await Promise.all([endSandbox(pod.pause), endSandbox(peer)]);
});

const nic = (index: 0 | 1, more: Partial<MachineNic> = {}): MachineNic => ({
  index,
  device: `eth${index}`,
  podDevice: `eth${index}`,
  mac: MACS[index],
  mtu: 1400,
  addresses: [`10.0.${index}.5/24`],
  routes: [
    { dst: '0.0.0.0/0', gw: `10.0.${index}.1` },
    { dst: `10.9.${index}.0/24`, gw: `10.0.${index}.1` },
  ],
  dhcp: false,
  ...more,
});

async function start(...nics: readonly MachineNic[]): Promise<NamespaceMachine> {
  const plan = { namespace: 'shop', name: 'web', hostname: 'web', pod, nics, annotations: {}, run: '/nonexistent' };
  machine = await namespaceKind.start(plan, async (record) => {
    machine = record;
  });
  return machine;
}

const output = (command: readonly string[]) =>
  execFileSync(command[0]!, command.slice(1), { encoding: 'utf8', stdio: 'pipe' });
const inMachine = (...command: readonly string[]) => output([...namespaceKind.entry(machine!), ...command]);
const inPod = (...command: readonly string[]) => output(['nsenter', `--net=${networkOf(pod.pause)}`, ...command]);
const inPeer = (...command: readonly string[]) => output(['nsenter', `--net=${networkOf(peer)}`, ...command]);
/** whether a TCP connection to an address of the peer comes about: the port is closed, and that is an answer */
const answers = (address: string) => {
  try {
    inMachine('bash', '-c', `exec 3<>/dev/tcp/${address}/9`);
  } catch (error) {
    return String((error as { stderr: string }).stderr).includes('refused');
  }
  return true;
};

test('the machine has MAC, MTU, addresses and routes of the pod’s interfaces; the pod has none of them left', async () => {
  await start(nic(0), nic(1));
  expect(JSON.parse(inMachine('ip', '-j', 'addr', 'show', 'eth1'))).toMatchObject([
    {
      address: MACS[1],
      mtu: 1400,
      operstate: 'UP',
      addr_info: [{ local: '10.0.1.5', prefixlen: 24 }, { family: 'inet6' }],
    },
  ]);
  const routes = inMachine('ip', 'route');
  expect(routes).toMatch(/^default via 10\.0\.0\.1 dev eth0/m);
  expect(routes).toMatch(/^10\.9\.1\.0\/24 via 10\.0\.1\.1 dev eth1 metric 1025/m);
  expect(routes).not.toMatch(/^default .*eth1/m);
  expect(inPod('ip', '-br', 'addr', 'show', 'eth0').trim()).toMatch(/^eth0@\S+ +UP$/);
  expect((await podLink(pod, 'eth0')).address).not.toBe(MACS[0]);
  expect(inMachine('hostname').trim()).toBe('web');
  expect(inMachine('ip', '-br', 'link')).not.toMatch(/tap|up0/);
});

test('packets pass both ways, and the network sees the guest’s MAC', async () => {
  await start(nic(0), nic(1));
  expect([answers('10.0.0.1'), answers('10.0.1.1')]).toEqual([true, true]);
  expect(inPeer('ip', 'neigh', 'show', '10.0.1.5')).toContain(MACS[1]);
  expect(inMachine('ip', 'neigh', 'show', '10.0.0.1')).toContain(PEER_MACS[0]);
});

test('a NIC is added to a machine that runs, and taken away again', async () => {
  await start(nic(0));
  expect(inMachine('ip', '-br', 'link')).not.toContain('eth1');
  machine = await namespaceKind.attachNic(machine!, pod, nic(1));
  expect(inMachine('ip', 'route', 'get', '10.0.1.1')).toContain('dev eth1');
  expect(answers('10.0.1.1')).toBe(true);
  for (let round = 0; round < 2; round += 1) machine = await namespaceKind.detachNic(machine, pod, 'eth1');
  expect(inMachine('ip', '-br', 'link')).not.toContain('eth1');
  expect(inPod('ip', '-br', 'link')).not.toContain('tap1');
  expect(answers('10.0.0.1')).toBe(true);
});

test('the end of a machine leaves its pod, and nothing of its own', async () => {
  const { pause } = await start(nic(0));
  for (let round = 0; round < 2; round += 1) await namespaceKind.stop(machine!);
  expect([isRunning(pause), namespaceKind.isAlive(machine!)]).toEqual([false, false]);
  expect(isRunning(pod.pause)).toBe(true);
  await expect.poll(() => inPod('ip', '-br', 'link')).not.toContain('tap0');
});
