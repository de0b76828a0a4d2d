/** Real interfaces in namespaces of their own: needs root. */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../lib/proc/run.ts';
import { hostDevice, isConfigured, type PodInterface } from './veth.ts';

let node: ChildProcess;
let guest: ChildProcess;

/** a process that holds a network namespace */
async function namespace(): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' });
  const own = (await run(['readlink', '/proc/self/ns/net'])).stdout;
  for (;;) {
    const { stdout } = await run(['readlink', `/proc/${child.pid}/ns/net`]);
    if (stdout !== own) return child;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const netns = (child: ChildProcess) => `/proc/${child.pid}/ns/net`;
const inside = async (child: ChildProcess, ...command: string[]) =>
  (await run(['nsenter', `--net=${netns(child)}`, ...command])).stdout;

beforeEach(async () => {
  [node, guest] = await Promise.all([namespace(), namespace()]);
});

afterEach(() => {
  for (const child of [node, guest]) child.kill('SIGKILL');
});

/** the module at work in the node's namespace, so that nothing happens in the machine's own */
async function inNode(call: 'makeVeth' | 'removeVeth', ...args: readonly unknown[]): Promise<void> {
  const script = `import(${JSON.stringify(new URL('veth.ts', import.meta.url).href)}).then((veth) => veth.${call}(...${JSON.stringify(args)}))`;
  await inside(node, process.execPath, '-e', script);
}
const makeVeth = (host: string, pod: PodInterface) => inNode('makeVeth', host, pod);
const removeVeth = (host: string) => inNode('removeVeth', host);

const face = () => ({
  name: 'eth0',
  netns: netns(guest),
  mac: '02:00:00:00:00:05',
  mtu: 1442,
  index: 0,
  gateways: [],
  addresses: ['10.0.0.5/16', 'fd00::5/64'],
  routes: [
    { dst: '10.1.0.0/16', gw: '10.0.0.1' },
    { dst: '0.0.0.0/0', gw: '10.0.0.1' },
    { dst: '::/0', gw: 'fd00::1' },
  ],
});

test('the name of the host end fits the kernel and follows from container and interface', () => {
  const name = hostDevice('a'.repeat(64), 'eth0');
  expect(name).toHaveLength(15);
  expect(name).toBe(hostDevice('a'.repeat(64), 'eth0'));
  expect(name).not.toBe(hostDevice('a'.repeat(64), 'eth1'));
});

test('the pod gets address, MTU and routes; again is fine; removal leaves nothing', async () => {
  const host = hostDevice(`test-${process.pid}`, 'eth0');
  try {
    await makeVeth(host, face());
    await makeVeth(host, face());
    const [link] = JSON.parse(await inside(guest, 'ip', '-j', 'addr', 'show', 'dev', 'eth0')) as {
      address: string;
      mtu: number;
      operstate: string;
      addr_info: { local: string; tentative?: boolean }[];
    }[];
    expect(link).toMatchObject({ address: '02:00:00:00:00:05', mtu: 1442 });
    expect(link!.addr_info.map(({ local }) => local)).toEqual(expect.arrayContaining(['10.0.0.5', 'fd00::5']));
    const routes = await inside(guest, 'ip', 'route');
    expect(routes).toContain('default via 10.0.0.1');
    expect(routes).toContain('10.1.0.0/16 via 10.0.0.1');
    expect(await inside(guest, 'ip', '-6', 'route')).toContain('default via fd00::1');
    expect(await isConfigured(netns(guest), 'eth0', ['10.0.0.5/16', 'fd00::5/64'])).toBe(true);
    expect(await isConfigured(netns(guest), 'eth0', ['10.0.0.6/16'])).toBe(false);
  } finally {
    await removeVeth(host);
  }
  expect(await isConfigured(netns(guest), 'eth0', [])).toBe(false);
  await removeVeth(host);
});

test('a default route that is there already is not ours to replace', async () => {
  const host = hostDevice(`test-${process.pid}`, 'eth1');
  await inside(guest, 'ip', 'link', 'add', 'primary', 'type', 'veth', 'peer', 'name', 'primary-peer');
  await run(['nsenter', `--net=${netns(guest)}`, 'ip', '-batch', '-'], {
    input:
      'addr add 192.0.2.5/24 dev primary\nlink set primary up\nlink set primary-peer up\nroute add default via 192.0.2.1\n',
  });
  try {
    await makeVeth(host, face());
    expect(await inside(guest, 'ip', 'route', 'show', 'default')).toContain('default via 192.0.2.1');
  } finally {
    await removeVeth(host);
  }
});
