/** The executable as a runtime calls it, with an agent that answers from a table. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CniRequest, CniResponse } from '../services/agent/cni-protocol.ts';

const MAIN = resolve(import.meta.dirname, 'kube-ovn.ts');
let folder: string;
let socket: string;
let server: Server;
const asked: { readonly url: string; readonly body: CniRequest }[] = [];

const RESPONSE: CniResponse = {
  ips: [
    { protocol: 'IPv4', ip: '10.0.0.5', cidr: '10.0.0.0/16', gateway: '10.0.0.1' },
    { protocol: 'IPv6', ip: 'fd00::5', cidr: 'fd00::/64', gateway: 'fd00::1' },
  ],
  mac_address: '02:00:00:00:00:05',
  routes: [{ dst: '10.1.0.0/16', gw: '10.0.0.1' }],
  mtu: 1442,
  nicname: 'weft0123456789a',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-cni-'));
  socket = join(folder, 'agent.sock');
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const parsed = JSON.parse(body) as CniRequest;
      asked.push({ url: request.url ?? '', body: parsed });
      if (parsed.pod_name === 'refused')
        response.writeHead(500).end(JSON.stringify({ error: 'subnet net1 has no free IPv4 address' }));
      else if (request.url === '/api/v1/add') response.writeHead(200).end(JSON.stringify(RESPONSE));
      else response.writeHead(204).end();
    });
  });
  await new Promise<void>((listening) => server.listen(socket, listening));
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function call(command: string, config: unknown, more: Record<string, string> = {}) {
  const env = {
    PATH: process.env['PATH'] ?? '',
    CNI_COMMAND: command,
    CNI_CONTAINERID: 'abc123',
    CNI_NETNS: '/proc/1/ns/net',
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=vm',
    ...more,
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(
    typeof config === 'string' ? config : JSON.stringify({ server_socket: socket, ...(config as object) }),
  );
  const [output, code] = await Promise.all([
    text(child.stdout),
    new Promise<number | null>((done) => child.once('exit', done)),
  ]);
  return { code, result: output === '' ? undefined : (JSON.parse(output) as Record<string, unknown>) };
}

const conf = (cniVersion?: string) => ({
  ...(cniVersion ? { cniVersion } : {}),
  name: 'net',
  type: 'kube-ovn',
  provider: 'net.ns.ovn',
});

describe('ADD', () => {
  test.each(['0.3.1', '0.4.0'])('%s names the family of each address', async (version) => {
    const { code, result } = await call('ADD', conf(version));
    expect(code).toBe(0);
    expect(result).toMatchObject({
      cniVersion: version,
      interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:05', sandbox: '/proc/1/ns/net' }],
      ips: [
        { version: '4', address: '10.0.0.5/16', gateway: '10.0.0.1', interface: 0 },
        { version: '6', address: 'fd00::5/64', gateway: 'fd00::1', interface: 0 },
      ],
      routes: [{ dst: '10.1.0.0/16', gw: '10.0.0.1' }],
    });
  });

  test('1.1.0 has no family but the MTU of the interface', async () => {
    const { result } = await call('ADD', conf('1.1.0'));
    expect(result).toMatchObject({ cniVersion: '1.1.0', interfaces: [{ mtu: 1442 }] });
    expect(JSON.stringify(result)).not.toContain('"version":"4"');
  });

  test('the agent is asked for what the runtime said', () => {
    expect(asked.at(-1)).toMatchObject({
      url: '/api/v1/add',
      body: {
        cni_type: 'kube-ovn',
        pod_name: 'vm',
        pod_namespace: 'ns',
        container_id: 'abc123',
        net_ns: '/proc/1/ns/net',
        if_name: 'eth0',
        provider: 'net.ns.ovn',
      },
    });
  });
});

test('DEL and CHECK say nothing when all is well; DEL needs no namespace', async () => {
  expect(await call('CHECK', conf('1.0.0'))).toEqual({ code: 0, result: undefined });
  expect(await call('DEL', conf('1.0.0'), { CNI_NETNS: '' })).toEqual({ code: 0, result: undefined });
  expect(asked.slice(-2).map(({ url }) => url)).toEqual(['/api/v1/check', '/api/v1/del']);
});

test('VERSION', async () => {
  expect((await call('VERSION', {})).result).toMatchObject({ supportedVersions: ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] });
});

describe('errors are results with a code of the specification', () => {
  test.each([
    ['an unknown version', 'ADD', { ...conf('0.2.0') }, {}, 1, /cniVersion "0\.2\.0" is not supported/],
    ['no JSON', 'ADD', '{', {}, 6, /is not JSON/],
    ['an unknown command', 'GO', conf('1.0.0'), {}, 4, /CNI_COMMAND is "GO"/],
    ['no interface name', 'ADD', conf('1.0.0'), { CNI_IFNAME: '' }, 4, /CNI_IFNAME is not set/],
    ['no pod', 'ADD', conf('1.0.0'), { CNI_ARGS: '' }, 4, /CNI_ARGS lacks K8S_POD_NAME/],
    [
      'no agent',
      'ADD',
      { ...conf('1.0.0'), server_socket: '/nowhere.sock' },
      {},
      11,
      /the agent at \/nowhere\.sock cannot be reached/,
    ],
    [
      'a refusal',
      'ADD',
      conf('1.0.0'),
      { CNI_ARGS: 'K8S_POD_NAMESPACE=ns;K8S_POD_NAME=refused' },
      11,
      /^subnet net1 has no free IPv4 address$/,
    ],
  ])('%s', async (_, command, config, env, code, message) => {
    const answer = await call(command, config, env as unknown as Record<string, string>);
    expect(answer.code).toBe(1);
    expect(answer.result).toMatchObject({ code, msg: expect.stringMatching(message) as string });
  });
});
