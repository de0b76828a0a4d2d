import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readKubeconfig } from './kubeconfig.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-kubeconfig-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const CONFIG = {
  'current-context': 'b',
  clusters: [
    { name: 'one', cluster: { server: 'https://10.0.0.1:6443' } },
    { name: 'two', cluster: { server: 'https://10.0.0.2:6443', 'certificate-authority': 'ca.pem' } },
  ],
  users: [{ name: 'me', user: { 'client-certificate-data': Buffer.from('cert').toString('base64'), token: 'abc' } }],
  contexts: [
    { name: 'a', context: { cluster: 'one', user: 'me' } },
    { name: 'b', context: { cluster: 'two', user: 'me' } },
  ],
};

test.each([
  ['YAML', stringify],
  ['JSON', (value: unknown) => JSON.stringify(value, undefined, 2)],
] as const)('the current context of a file in %s, with data inside and in files beside it', async (_, write) => {
  const file = join(directory, 'config');
  await writeFile(join(directory, 'ca.pem'), 'authority');
  await writeFile(file, write(CONFIG));
  expect(readKubeconfig(file)).toEqual({
    server: 'https://10.0.0.2:6443',
    ca: 'authority',
    clientCert: 'cert',
    token: 'abc',
  });
});

test('a context that leads nowhere is named', async () => {
  const file = join(directory, 'config');
  await writeFile(file, stringify({ ...CONFIG, 'current-context': 'c' }));
  expect(() => readKubeconfig(file)).toThrow(`${file}: current-context "c" leads to no cluster with a server`);
});
