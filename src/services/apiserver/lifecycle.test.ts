import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { cloneJson, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { loadCertificates, type Certificates } from './certificates.ts';
import { Collector } from './collector.ts';
import { BUILT_IN } from './builtin/all.ts';
import { at, listAt, textAt } from './model/objects.ts';
import { Registry } from './registry.ts';
import { configMap, CRDS, TestServer, widget, WIDGET_CRD, WIDGETS } from './server.fixture.ts';
import { Storage } from './storage.ts';
import { Store } from './store.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function started(directory?: string): Promise<TestServer> {
  const api = await TestServer.start({}, directory);
  cleanups.push(() => api.stop());
  return api;
}

/** A server on descriptor 3, in a process of its own. */
const SERVER = `
import { ApiServer } from '${import.meta.dirname}/api-server.ts';
import { loadCertificates } from '${import.meta.dirname}/certificates.ts';
const directory = process.argv[1];
const certificates = await loadCertificates(directory + '/pki', []);
const server = new ApiServer({ file: directory + '/weft.db', certificates });
await server.listen({ fd: 3 });
process.stdout.write('ready');
`;

/** The code that the server behind a port answers to a plain question. */
function statusOf(port: number, { ca, adminCert, adminKey }: Certificates): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path: '/api', ca, cert: adminCert, key: adminKey, agent: false };
    const call = request(options, (response) => resolve(response.resume().statusCode));
    call.on('error', reject).end();
  });
}

describe('a restart', () => {
  it('keeps objects, definitions, certificates and what was under way', async () => {
    const first = await TestServer.start();
    cleanups.push(() => rm(first.directory, { recursive: true, force: true }));
    await first.call('POST', CRDS, { body: WIDGET_CRD });
    await first.call('POST', WIDGETS, { body: widget('kept', { size: 7 }) });
    const held = configMap('held', {}, { finalizers: ['example.org/hold'] });
    await first.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'ending' } } });
    await first.call('POST', '/api/v1/namespaces/ending/configmaps', { body: held });
    await first.call('DELETE', '/api/v1/namespaces/ending');
    const before = (await first.call('GET', WIDGETS)).body;
    await first.stop({ keep: true });

    const second = await TestServer.start({}, first.directory);
    cleanups.push(() => second.stop());
    expect(second.certificates).toEqual(first.certificates);
    expect((await second.call('GET', WIDGETS)).body.items).toEqual(before.items);
    const revision = textAt((await second.call('GET', WIDGETS)).body, 'metadata', 'resourceVersion');
    const watch = second.watch(`${WIDGETS}?watch=true&resourceVersion=${revision}`);
    await second.call('POST', WIDGETS, { body: widget('after') });
    expect(await watch.take(1)).toEqual(['ADDED after']);
    watch.close();
    const old = await second.watch(`${WIDGETS}?watch=true&resourceVersion=1`).next();
    expect(old).toMatchObject({ type: 'ERROR', object: { code: 410 } });

    const namespaces = second.watch('/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Dending');
    expect(await namespaces.take(1)).toEqual(['ADDED ending']);
    const free = { contentType: 'application/merge-patch+json', body: { metadata: { finalizers: null } } };
    await second.call('PATCH', '/api/v1/namespaces/ending/configmaps/held', free);
    expect(await namespaces.take(1)).toEqual(['DELETED ending']);
    namespaces.close();
  });
});

describe('sockets', () => {
  it('listens on several', async () => {
    const api = await started();
    const port = await api.server.listen({ host: '127.0.0.1', port: 0 });
    expect(port).not.toBe(api.port);
    expect(await statusOf(port, api.certificates)).toBe(200);
    expect(await statusOf(api.port, api.certificates)).toBe(200);
  });

  it('listens on a descriptor that another process opened', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'weft-fd-'));
    cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const certificates = await loadCertificates(join(directory, 'pki'), []);
    const opened = createServer();
    await new Promise<void>((resolve) => opened.listen(0, '127.0.0.1', resolve));
    const { port } = opened.address() as AddressInfo;
    const { _handle: handle } = opened as unknown as { readonly _handle: { readonly fd: number } };
    const stdio = ['ignore', 'pipe', 'inherit', handle.fd] as const;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', SERVER, directory], { stdio: [...stdio] });
    cleanups.push(async () => child.kill('SIGKILL') && (await once(child, 'exit')));
    const [said] = (await once(child.stdout!, 'readable')) && [child.stdout!.read() as Buffer | null];
    expect(String(said)).toBe('ready');
    opened.close();
    expect(await statusOf(port, certificates)).toBe(200);
  });

  it('puts concurrent writes of many clients into fewer transactions than writes', async () => {
    const api = await started();
    const all = Array.from({ length: 64 }, (_, i) => i);
    await Promise.all(all.map(() => api.call('GET', '/api')));
    const before = api.server.transactions;
    const answers = await Promise.all(all.map((i) => api.call('POST', MAPS, { body: configMap(`m-${i}`) })));
    expect(answers.every(({ code }) => code === 201)).toBe(true);
    expect(api.server.transactions - before).toBeLessThan(64);
  });
});

describe('certificates', () => {
  it('are private files, made once, and anew for other names under the same authority', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'weft-pki-'));
    cleanups.push(() => rm(directory, { recursive: true, force: true }));
    const first = await loadCertificates(directory, ['10.1.2.3']);
    expect((await stat(join(directory, 'ca.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'admin.key'))).mode & 0o777).toBe(0o600);
    expect(await loadCertificates(directory, ['10.1.2.3'])).toMatchObject(first);
    const second = await loadCertificates(directory, ['10.1.2.3', 'api.example.org']);
    expect([second.ca, second.adminCert]).toEqual([first.ca, first.adminCert]);
    const [authority, server, admin] = [second.ca, second.serverCert, second.adminCert].map(
      (pem) => new X509Certificate(pem),
    );
    expect(server!.verify(authority!.publicKey) && admin!.verify(authority!.publicKey)).toBe(true);
    expect(server!.checkIP('10.1.2.3') && server!.checkHost('api.example.org')).toBeTruthy();
    expect(admin!.subject).toContain('O=system:masters');
  });

  it('of another authority are not accepted', async () => {
    const api = await started();
    const other = await mkdtemp(join(tmpdir(), 'weft-pki-'));
    cleanups.push(() => rm(other, { recursive: true, force: true }));
    const { adminCert, adminKey } = await loadCertificates(other, []);
    const code = await statusOf(api.port, { ...api.certificates, adminCert, adminKey });
    expect(code).toBe(401);
  });
});

describe('a schema that changes', () => {
  it('shows stored objects with the new defaults, at the old revision', async () => {
    const api = await started();
    await api.call('POST', CRDS, { body: WIDGET_CRD });
    const made = (await api.call('POST', WIDGETS, { body: widget('old', { size: 1 }) })).body;
    const definition = cloneJson((await api.call('GET', `${CRDS}/widgets.example.org`)).body);
    const schema = at(
      listAt(definition, 'spec', 'versions')[0],
      'schema',
      'openAPIV3Schema',
      'properties',
      'spec',
    ) as JsonObject;
    schema.properties = { ...(schema.properties as JsonObject), weight: { type: 'integer', default: 4 } };
    expect((await api.call('PUT', `${CRDS}/widgets.example.org`, { body: definition })).code).toBe(200);
    const now = (await api.call('GET', `${WIDGETS}/old`)).body;
    expect(now.spec).toEqual({ size: 1, colour: 'red', weight: 4 });
    expect(at(now, 'metadata', 'resourceVersion')).toBe(at(made, 'metadata', 'resourceVersion'));
  });
});

describe('ensure', () => {
  it('creates what is absent, replaces what differs, leaves alone what is as wanted', async () => {
    const api = await started();
    await api.server.ensure(WIDGET_CRD);
    await api.call('POST', WIDGETS, { body: widget('kept') });
    const first = (await api.call('GET', `${CRDS}/widgets.example.org`)).body;
    await api.server.ensure(WIDGET_CRD);
    expect((await api.call('GET', `${CRDS}/widgets.example.org`)).body).toEqual(first);
    const changed = cloneJson(WIDGET_CRD);
    (at(changed, 'spec', 'names') as JsonObject).shortNames = ['wdg'];
    await api.server.ensure(changed);
    expect((await api.call('GET', '/apis/example.org/v1')).text).toContain('"shortNames":["wdg"]');
    expect((await api.call('GET', `${WIDGETS}/kept`)).code).toBe(200);
    await expect(api.server.ensure({ apiVersion: 'nope/v1', kind: 'Nope' })).rejects.toThrow(
      'could not find the requested resource',
    );
  });
});

describe('the collector', () => {
  it('drops events past their time, by the last time they were seen', async () => {
    const store = new Store(new Storage(':memory:'));
    const registry = new Registry();
    for (const resource of BUILT_IN) registry.put(resource);
    let now = new Date('2026-01-01T00:00:00Z');
    const collector = new Collector({ store, registry, admit: undefined, now: () => now }, (error) =>
      expect.fail(String(error)),
    );
    const event = (name: string, lastTimestamp: string) => {
      const metadata = {
        name,
        namespace: 'n',
        uid: name,
        resourceVersion: '',
        creationTimestamp: '2026-01-01T00:00:00Z',
      };
      store.put('events', { apiVersion: 'v1', kind: 'Event', metadata, lastTimestamp });
    };
    event('once', '2026-01-01T00:00:00Z');
    event('again', '2026-01-01T00:50:00Z');
    now = new Date('2026-01-01T01:00:01Z');
    collector.expire();
    await store.committed();
    expect(store.list('events').map(({ name }) => name)).toEqual(['again']);
    collector.stop();
    store.close();
  });
});
