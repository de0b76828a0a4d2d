/** What the agent takes and refuses; the attacher behind it only writes down what reaches it. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Attacher } from './attach.ts';
import type { CniRequest } from './cni-protocol.ts';
import { serveCni } from './cni-server.ts';

const GOOD: CniRequest = {
  cni_type: 'kube-ovn',
  pod_name: 'web',
  pod_namespace: 'shop',
  container_id: 'c'.repeat(64),
  net_ns: '/proc/17/ns/net',
  if_name: 'net1',
  provider: 'blue.shop.ovn',
};

let directory: string;
let server: Server;
const reached: [string, CniRequest][] = [];
const logged: string[] = [];

beforeEach(async () => {
  reached.length = logged.length = 0;
  directory = await mkdtemp(join(tmpdir(), 'weft-cni-'));
  const note = (verb: string) => (asked: CniRequest) => Promise.resolve(void reached.push([verb, asked]));
  const attacher = { add: note('add'), del: note('del'), check: note('check') } as unknown as Attacher;
  const onRequest = (verb: string, pod: string) => void logged.push(`${verb} ${pod}`);
  server = await serveCni({ socket: join(directory, 'cni.sock'), attacher, onRequest });
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true });
});

async function post(verb: string, body: unknown): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const socketPath = join(directory, 'cni.sock');
    const sent = httpRequest({ socketPath, method: 'POST', path: `/api/v1/${verb}`, agent: false }, (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject);
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}

test.each(['add', 'check'])('%s reaches the attacher with what was asked', async (verb) => {
  expect((await post(verb, GOOD)).status).toBeLessThan(300);
  expect(reached).toEqual([[verb, GOOD]]);
});

test.each<readonly [keyof CniRequest, unknown]>([
  ['if_name', '-6'],
  ['if_name', 'lo'],
  ['if_name', '..'],
  ['if_name', 'x'.repeat(16)],
  ['if_name', 7],
  ['pod_name', '../x'],
  ['pod_namespace', ''],
  ['container_id', '-c'],
  ['provider', undefined],
  ['net_ns', ''],
  ['net_ns', '/proc/1/ns/net --help'],
])('%s %j: ADD and CHECK are refused, by name of the field', async (field, value) => {
  for (const verb of ['add', 'check']) {
    const answer = await post(verb, { ...GOOD, [field]: value });
    expect(answer).toMatchObject({ status: 500, body: expect.stringContaining(field) as string });
  }
  expect(reached).toEqual([]);
});

test.each<Partial<Record<keyof CniRequest, unknown>>>([
  { if_name: '-6' },
  { if_name: 'lo' },
  { if_name: '../../x' },
  { net_ns: '' },
  { net_ns: undefined, provider: undefined, pod_name: undefined, pod_namespace: undefined },
  { container_id: '/' },
])('DEL of %j is never refused', async (odd) => {
  const asked = { ...GOOD, ...odd };
  expect(await post('del', asked)).toEqual({ status: 204, body: '' });
  expect(reached).toEqual([['del', JSON.parse(JSON.stringify(asked))]]);
});

test.each([{ container_id: '' }, { container_id: 5 }, { if_name: undefined }])(
  'DEL of %j names no interface',
  async (odd) => {
    const answer = await post('del', { ...GOOD, ...odd });
    expect(answer).toMatchObject({ status: 500, body: expect.stringMatching(/is missing: it says which/) as string });
    expect(reached).toEqual([]);
  },
);
