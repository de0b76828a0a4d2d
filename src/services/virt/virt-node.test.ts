/** The node's half as a process of its own, between a real API server and real namespaces; the CNI executable is a script. Needs root. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { KubeObjectLike } from '../../lib/kube/client.ts';
import { Informer } from '../../lib/kube/informer.ts';
import { isRunning, signalProcess } from '../../lib/proc/process-id.ts';
import { Cluster } from './cluster.fixture.ts';
import type { GuestRecord } from './guest-record.ts';
import { guestEntry, isAlive } from './guests.ts';
import { networksOfInstance, launcherFor, launcherName } from './manifests.ts';
import type { Node, Pod } from './pod.ts';
import { RESOURCES } from './resources.ts';

const WEFT = fileURLToPath(new URL('../../bin/weft.ts', import.meta.url));
const SOON = { timeout: 15_000, interval: 20 };

let cluster: Cluster;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  cluster = await Cluster.start();
  await cluster.addNode('node1');
  await cluster.addNetwork('blue', '10.0.0.2');
  await cluster.addNetwork('red', '10.1.0.2');
});

afterEach(async () => {
  for (const child of children) await end(child, 'SIGKILL');
  await cluster.stop();
});

/** Starts `weft virt node`; resolves when it says that it is ready. */
async function startNode(...more: readonly string[]): Promise<ChildProcess> {
  const { kubeconfig, cniBin, run } = cluster;
  const args = ['virt', 'node', '--node', 'node1', '--kubeconfig', kubeconfig, '--cni-bin', cniBin, '--run', run];
  const child = spawn(process.execPath, [WEFT, ...args, ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.add(child);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error(`virt node ended: ${said}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('"msg":"ready"')) resolve();
    });
  });
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await ended;
}

async function addPod(name: string, networks: string, spec: object = {}): Promise<void> {
  await cluster.create(RESOURCES.pods, name, {
    metadata: { annotations: { [NETWORKS_ANNOTATION]: networks } },
    spec: { nodeName: 'node1', containers: [{ name: 'c', image: 'x' }], ...spec },
  });
}

/** an instance and its launcher, as the controller makes them */
async function launch(name: string): Promise<string> {
  const instance = await cluster.client.create(RESOURCES.vmis, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name, namespace: 'default' },
    spec: {
      networks: [
        { name: 'one', multus: { networkName: 'blue' } },
        { name: 'two', multus: { networkName: 'red' } },
      ],
    },
  } as VirtualMachineInstance & KubeObjectLike);
  const networks = networksOfInstance(instance);
  if ('problem' in networks) throw new Error(networks.problem);
  await cluster.client.create(RESOURCES.pods, launcherFor(instance, networks, 'node1'));
  return launcherName(instance.metadata);
}

const running = (pod: string): Promise<GuestRecord> =>
  expect
    .poll(async () => (await cluster.get<Pod>(RESOURCES.pods, pod))?.status?.phase, SOON)
    .toBe('Running')
    .then(() => cluster.guest(pod)!);
const gone = (name: string) => expect.poll(() => cluster.get(RESOURCES.pods, name), SOON).toBeUndefined();
const nothingLeft = () => expect.poll(() => cluster.guests(), SOON).toEqual([]);
const commands = () => cluster.calls().map(({ command, device }) => `${command} ${device}`);

test('a launcher becomes a guest with eth0 and eth1; pod and instance say so, in one write each; deletion takes all of it away', async () => {
  await startNode();
  const versions: string[] = [];
  const onChanges = (changes: readonly { readonly key: string }[]) => versions.push(...changes.map(({ key }) => key));
  const watches = [RESOURCES.pods, RESOURCES.vmis].map((it) => new Informer(cluster.client, it, { onChanges }));
  await Promise.all(watches.map((watch) => watch.start()));
  const name = await launch('web');
  const guest = await running(name);
  await expect.poll(() => versions.filter((key) => key === `default/${name}`).length, SOON).toBe(2);
  expect(versions.filter((key) => key === 'default/web')).toHaveLength(2);
  await Promise.all(watches.map((watch) => watch.stop()));
  const inside = (...command: readonly string[]) => {
    const [file, ...args] = [...guestEntry(guest)!, ...command];
    return execFileSync(file!, args, { encoding: 'utf8' });
  };
  expect(inside('hostname').trim()).toBe('web');
  expect(inside('ip', '-br', 'link')).toMatch(/^lo .*\neth0@.*\neth1@/);
  expect(inside('ip', '-br', 'address', 'show', 'eth1')).toContain('10.1.0.2/24');
  const pod = await cluster.get<Pod>(RESOURCES.pods, name);
  expect(pod?.status).toMatchObject({ podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.2' }, { ip: '10.1.0.2' }] });
  expect(JSON.parse(pod?.metadata.annotations?.['k8s.v1.cni.cncf.io/network-status'] ?? '')).toMatchObject([
    { name: 'default/blue', interface: 'eth0', ips: ['10.0.0.2'], mac: '02:00:00:00:00:01' },
    { name: 'default/red', interface: 'eth1', ips: ['10.1.0.2'] },
  ]);
  const instance = await cluster.get<VirtualMachineInstance>(RESOURCES.vmis, 'web');
  expect(instance?.status).toMatchObject({
    phase: 'Running',
    nodeName: 'node1',
    interfaces: [
      { name: 'one', interfaceName: 'eth0', mac: '02:00:00:00:00:01', ipAddress: '10.0.0.2' },
      { name: 'two', interfaceName: 'eth1', ipAddresses: ['10.1.0.2'] },
    ],
  });
  expect(commands()).toEqual(['ADD eth0', 'ADD eth1']);
  expect(cluster.calls()[0]?.args).toContain(`K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};`);
  await cluster.client.delete(RESOURCES.pods, { namespace: 'default', name });
  await gone(name);
  expect(cluster.guests()).toEqual([]);
  expect(isAlive(guest)).toBe(false);
  expect(isRunning(guest.pause!)).toBe(false);
  expect(commands().slice(2).toSorted()).toEqual(['DEL eth0', 'DEL eth1']);
});

test('the node reports itself, and keeps the other conditions that it has', async () => {
  const other = { type: 'NetworkUnavailable', status: 'False', reason: 'r', message: 'm' };
  const stale = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'm' };
  const patch = { status: { conditions: [other, stale] } };
  await cluster.client.patch(RESOURCES.nodes, { name: 'node1' }, patch, { subresource: 'status' });
  await startNode();
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'GuestsCanRun',
    lastHeartbeatTime: expect.any(String) as string,
  };
  await expect
    .poll(async () => (await cluster.get<Node>(RESOURCES.nodes, 'node1'))?.status?.conditions, SOON)
    .toMatchObject([other, ready]);
});

test('a Node that was deleted is registered again, as the lab made it', async () => {
  await cluster.client.delete(RESOURCES.nodes, { name: 'node1' });
  await startNode('--node-ip', '172.30.0.11', 'fd00:172:30::11');
  const node = () => cluster.get<Node>(RESOURCES.nodes, 'node1');
  await expect.poll(async () => (await node())?.status?.conditions?.[0]?.reason, SOON).toBe('GuestsCanRun');
  expect((await node())?.metadata.labels).toEqual({
    'kubernetes.io/hostname': 'node1',
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': { x64: 'amd64' }[process.arch as string] ?? process.arch,
  });
  expect((await node())?.status?.addresses).toEqual([
    { type: 'InternalIP', address: '172.30.0.11' },
    { type: 'InternalIP', address: 'fd00:172:30::11' },
    { type: 'Hostname', address: 'node1' },
  ]);
  await addPod('plain', 'blue');
  await running('plain');
});

test('SIGTERM leaves guests running, and the next process adopts them', async () => {
  const first = await startNode();
  const name = await launch('web');
  await addPod('plain', 'blue');
  const before = [await running(name), await running('plain')];
  await end(first, 'SIGTERM');
  expect(before.every(({ pause }) => isRunning(pause!))).toBe(true);
  await cluster.client.delete(RESOURCES.pods, { namespace: 'default', name: 'plain' });
  const calls = cluster.calls().length;
  await startNode();
  // what was deleted meanwhile is taken apart, what was not is as it was
  await expect.poll(() => cluster.guests(), SOON).toEqual([before[0]]);
  expect(isRunning(before[0]!.pause!)).toBe(true);
  expect(isRunning(before[1]!.pause!)).toBe(false);
  expect(commands().slice(calls)).toEqual(['DEL net1']);
});

test('killed in the middle of ADD: the next process takes the attempt apart, also when the pod is gone', async () => {
  await cluster.behave('hang', true);
  const first = await startNode();
  await addPod('plain', 'blue');
  await expect.poll(commands, SOON).toEqual(['ADD net1']);
  const [cut] = cluster.guests();
  await end(first, 'SIGKILL');
  expect(isRunning(cut!.pause!)).toBe(true);
  await cluster.behave('hang', false);
  await cluster.client.delete(RESOURCES.pods, { namespace: 'default', name: 'plain' });
  await startNode();
  await nothingLeft();
  expect(isRunning(cut!.pause!)).toBe(false);
  expect(cluster.calls().at(-1)).toMatchObject({ command: 'DEL', device: 'net1', sandbox: cut!.sandbox });
});

test('killed in the middle of ADD: the next process makes the guest anew, with a sandbox of its own', async () => {
  await cluster.behave('hang', true);
  const first = await startNode();
  await addPod('plain', 'blue');
  await expect.poll(commands, SOON).toEqual(['ADD net1']);
  const [cut] = cluster.guests();
  await end(first, 'SIGKILL');
  await cluster.behave('hang', false);
  await startNode();
  const guest = await running('plain');
  expect(guest.sandbox).not.toBe(cut!.sandbox);
  expect(isRunning(cut!.pause!)).toBe(false);
  expect(cluster.guests()).toHaveLength(1);
});

test('a pod that is deleted while its network hangs does not wait for it', async () => {
  await cluster.behave('hang', true);
  await startNode();
  const name = await launch('web');
  await expect.poll(commands, SOON).toEqual(['ADD eth0']);
  await cluster.client.delete(RESOURCES.pods, { namespace: 'default', name });
  await gone(name);
  await nothingLeft();
});

test('a network that fails: the pod says why in the executable’s words, and is tried again', async () => {
  await cluster.behave('fail', true);
  await startNode();
  await addPod('plain', 'blue');
  const why = async () =>
    (await cluster.get<Pod>(RESOURCES.pods, 'plain'))?.status?.conditions?.find(({ type }) => type === 'Ready')
      ?.message;
  await expect.poll(why, SOON).toBe('CNI ADD of net1 (type fake): the network is closed today');
  const events = async () => (await cluster.client.list(RESOURCES.events)).items;
  await expect.poll(events, SOON).toMatchObject([{ reason: 'FailedCreatePodSandBox', message: await why() }]);
  await cluster.behave('fail', false);
  await running('plain');
});

test('a failure whose words differ each time is one event; the condition has the latest words', async () => {
  await cluster.behave('stumble', true);
  await startNode();
  await addPod('plain', 'blue');
  const adds = () => cluster.calls().filter(({ command }) => command === 'ADD');
  const why = async () =>
    (await cluster.get<Pod>(RESOURCES.pods, 'plain'))?.status?.conditions?.find(({ type }) => type === 'Ready')
      ?.message;
  await expect.poll(() => adds().length, SOON).toBeGreaterThanOrEqual(3);
  const later = async () => {
    const text = await why();
    return adds().findLastIndex(({ sandbox }) => text?.includes(`no device weft${sandbox.slice(0, 11)} in /proc/`));
  };
  await expect.poll(later, SOON).toBeGreaterThanOrEqual(1);
  const events = async () => (await cluster.client.list(RESOURCES.events)).items;
  expect(await events()).toHaveLength(1);
  await cluster.behave('stumble', false);
  await running('plain');
  expect(await events()).toHaveLength(1);
});

test('a network that does not exist yet: the guest waits for it', async () => {
  await startNode();
  await addPod('plain', 'green');
  const why = async () =>
    (await cluster.get<Pod>(RESOURCES.pods, 'plain'))?.status?.conditions?.find(({ type }) => type === 'Ready')
      ?.message;
  await expect.poll(why, SOON).toMatch(/network default\/green does not exist/);
  await cluster.addNetwork('green', '10.2.0.2');
  await running('plain');
  expect(cluster.guests()).toHaveLength(1);
});

test('another pod of the same name is another guest', async () => {
  await startNode();
  await addPod('plain', 'blue');
  const before = await running('plain');
  await cluster.client.delete(RESOURCES.pods, { namespace: 'default', name: 'plain' });
  await addPod('plain', 'red');
  await expect.poll(() => cluster.guest('plain')?.interfaces[0]?.network, SOON).toBe('default/red');
  expect(isRunning(before.pause!)).toBe(false);
});

test('a guest that dies: a launcher has failed, a pod that restarts gets a new one', async () => {
  await startNode();
  const name = await launch('web');
  await addPod('plain', 'blue');
  const [web, plain] = [await running(name), await running('plain')];
  for (const { pause } of [web, plain]) signalProcess(pause!, 'SIGKILL');
  await expect.poll(async () => (await cluster.get<Pod>(RESOURCES.pods, name))?.status?.phase, SOON).toBe('Failed');
  await expect.poll(() => cluster.guest('plain')?.sandbox ?? plain.sandbox, SOON).not.toBe(plain.sandbox);
  expect(cluster.guests()).toHaveLength(1);
});

test('a pod that asks for no network, or for a guest that is not built, is let alone', async () => {
  await startNode();
  await cluster.create(RESOURCES.pods, 'other', {
    spec: { nodeName: 'node1', containers: [{ name: 'c', image: 'x' }] },
  });
  await cluster.create(RESOURCES.pods, 'machine', {
    metadata: { annotations: { [NETWORKS_ANNOTATION]: 'blue', 'weft.lab/guest': 'lightning' } },
    spec: { nodeName: 'node1', containers: [{ name: 'c', image: 'x' }] },
  });
  await addPod('plain', 'blue');
  await running('plain');
  const reason = async () =>
    (await cluster.get<Pod>(RESOURCES.pods, 'machine'))?.status?.conditions?.find(({ type }) => type === 'Ready')
      ?.message;
  await expect.poll(reason, SOON).toMatch(/lightning/);
  expect(cluster.guests().map(({ pod }) => pod)).toEqual(['plain']);
  expect((await cluster.get<Pod>(RESOURCES.pods, 'other'))?.status?.phase).toBe('Pending');
});
