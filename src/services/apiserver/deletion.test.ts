import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../lib/schema/structural-schema.ts';
import { at, listAt, textAt } from './model/objects.ts';
import { configMap, CRDS, TestServer, widget, WIDGET_CRD, WIDGETS } from './server.fixture.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = 'application/merge-patch+json';

let api: TestServer;
beforeAll(async () => {
  api = await TestServer.start();
  await api.call('POST', CRDS, { body: WIDGET_CRD });
});
afterAll(() => api.stop());

async function make(name: string, owners: readonly JsonObject[] = [], metadata: JsonObject = {}): Promise<JsonObject> {
  const answer = await api.call('POST', MAPS, {
    body: configMap(name, {}, { ownerReferences: [...owners], ...metadata }),
  });
  expect(answer.code).toBe(201);
  return answer.body;
}

function ownedBy(owner: JsonObject, block = false): JsonObject {
  const [name, uid] = [textAt(owner, 'metadata', 'name'), textAt(owner, 'metadata', 'uid')];
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: block };
}

/** Waits until the object is gone, by watching. */
async function gone(path: string, name: string): Promise<void> {
  const watch = api.watch(`${path}?watch=true&fieldSelector=metadata.name%3D${name}`);
  const { code } = await api.call('GET', `${path}/${name}`);
  if (code !== 404)
    for (let event = await watch.next(); event && event.type !== 'DELETED'; ) event = await watch.next();
  watch.close();
  expect((await api.call('GET', `${path}/${name}`)).code).toBe(404);
}

async function drop(name: string, body: JsonObject = {}): Promise<number> {
  return (await api.call('DELETE', `${MAPS}/${name}`, { body })).code;
}

describe('delete', () => {
  it('waits for finalizers', async () => {
    await make('held', [], { finalizers: ['example.org/hold'] });
    const answer = await api.call('DELETE', `${MAPS}/held`);
    expect(textAt(answer.body, 'metadata', 'deletionTimestamp')).not.toBe('');
    const more = { contentType: MERGE, body: { metadata: { finalizers: ['example.org/hold', 'example.org/late'] } } };
    expect(at((await api.call('PATCH', `${MAPS}/held`, more)).body, 'metadata', 'finalizers')).toEqual([
      'example.org/hold',
    ]);
    await api.call('PATCH', `${MAPS}/held`, { contentType: MERGE, body: { metadata: { finalizers: null } } });
    expect((await api.call('GET', `${MAPS}/held`)).code).toBe(404);
  });

  it('holds to preconditions', async () => {
    const made = await make('pre');
    expect(await drop('pre', { preconditions: { uid: 'other' } })).toBe(409);
    expect(await drop('pre', { preconditions: { resourceVersion: '1' } })).toBe(409);
    expect(await drop('pre', { preconditions: { uid: textAt(made, 'metadata', 'uid') }, dryRun: ['All'] })).toBe(200);
    expect(await drop('pre', { preconditions: { uid: textAt(made, 'metadata', 'uid') } })).toBe(200);
    expect(await drop('pre')).toBe(404);
  });

  it('refuses a propagation policy that does not exist', async () => {
    await make('policy');
    expect(await drop('policy', { propagationPolicy: 'Sideways' })).toBe(400);
  });

  it('deletes a collection by selector', async () => {
    for (const name of ['col-1', 'col-2', 'col-3'])
      await make(name, [], { labels: { col: name === 'col-3' ? 'no' : 'yes' } });
    await api.call('DELETE', `${MAPS}?labelSelector=col%3Dyes`);
    const rest = await api.call('GET', `${MAPS}?labelSelector=col`);
    expect(listAt(rest.body, 'items').map((item) => textAt(item, 'metadata', 'name'))).toEqual(['col-3']);
  });
});

describe('owner references', () => {
  it('background: dependents go with the last owner', async () => {
    const [a, b] = [await make('own-a'), await make('own-b')];
    const child = await make('own-child', [ownedBy(a), ownedBy(b)]);
    await make('own-grandchild', [ownedBy(child)]);
    await drop('own-a');
    expect((await api.call('GET', `${MAPS}/own-child`)).code).toBe(200);
    await drop('own-b');
    await gone(MAPS, 'own-child');
    await gone(MAPS, 'own-grandchild');
  });

  it('orphan: dependents stay, without the reference', async () => {
    const owner = await make('orphaner');
    await make('orphan', [ownedBy(owner)]);
    await drop('orphaner', { propagationPolicy: 'Orphan' });
    await gone(MAPS, 'orphaner');
    expect(listAt((await api.call('GET', `${MAPS}/orphan`)).body, 'metadata', 'ownerReferences')).toEqual([]);
  });

  it('foreground: the owner waits for dependents that block it', async () => {
    const owner = await make('fore');
    await make('fore-child', [ownedBy(owner, true)], { finalizers: ['example.org/hold'] });
    expect(await drop('fore', { propagationPolicy: 'Foreground' })).toBe(200);
    expect((await api.call('GET', `${MAPS}/fore`)).code).toBe(200);
    await api.call('PATCH', `${MAPS}/fore-child`, { contentType: MERGE, body: { metadata: { finalizers: null } } });
    await gone(MAPS, 'fore-child');
    await gone(MAPS, 'fore');
  });

  it('a circle does not hold itself', async () => {
    const a = await make('circle-a');
    const b = await make('circle-b', [ownedBy(a, true)]);
    const body = { metadata: { ownerReferences: [ownedBy(b, true)] } };
    await api.call('PATCH', `${MAPS}/circle-a`, { contentType: MERGE, body });
    await drop('circle-a', { propagationPolicy: 'Foreground' });
    await gone(MAPS, 'circle-a');
    await gone(MAPS, 'circle-b');
  });

  it('an object whose owner never existed goes', async () => {
    await make('lost', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: 'never' }]);
    await gone(MAPS, 'lost');
  });

  it('an object whose owner is of a kind that is not served stays', async () => {
    await make('foreign', [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'never', uid: 'never' }]);
    const sentinel = await make('sentinel');
    await make('sentinel-child', [{ ...ownedBy(sentinel), uid: 'wrong' }]);
    await gone(MAPS, 'sentinel-child');
    expect((await api.call('GET', `${MAPS}/foreign`)).code).toBe(200);
  });
});

describe('namespaces', () => {
  const NAMESPACES = '/api/v1/namespaces';

  it('go when they are empty, and take nothing new meanwhile', async () => {
    await api.call('POST', NAMESPACES, { body: { metadata: { name: 'doomed' } } });
    const held = configMap('held', {}, { finalizers: ['example.org/hold'] });
    await api.call('POST', `${NAMESPACES}/doomed/configmaps`, { body: held });
    await api.call('POST', `${NAMESPACES}/doomed/secrets`, { body: { metadata: { name: 's' } } });
    expect((await api.call('DELETE', `${NAMESPACES}/doomed`)).body).toMatchObject({ status: { phase: 'Terminating' } });
    await gone(`${NAMESPACES}/doomed/secrets`, 's');
    const late = await api.call('POST', `${NAMESPACES}/doomed/configmaps`, { body: configMap('late') });
    expect(late.body).toMatchObject({ code: 403, details: { causes: [{ reason: 'NamespaceTerminating' }] } });
    const free = { contentType: MERGE, body: { metadata: { finalizers: null } } };
    await api.call('PATCH', `${NAMESPACES}/doomed/configmaps/held`, free);
    await gone(NAMESPACES, 'doomed');
  });

  it('are there from the start', async () => {
    const { body } = await api.call('GET', NAMESPACES);
    const names = listAt(body, 'items').map((item) => textAt(item, 'metadata', 'name'));
    expect(names).toEqual(expect.arrayContaining(['default', 'kube-node-lease', 'kube-public', 'kube-system']));
  });

  it('hold to finalizers of their own until the last is taken away', async () => {
    const body = { metadata: { name: 'own', finalizers: ['example.org/hold'] } };
    await api.call('POST', NAMESPACES, { body });
    await api.call('DELETE', `${NAMESPACES}/own`);
    await api.call('PATCH', `${NAMESPACES}/own`, { contentType: MERGE, body: { metadata: { finalizers: null } } });
    await gone(NAMESPACES, 'own');
  });
});

describe('custom resource definitions', () => {
  it('are established at once, and take their instances with them', async () => {
    const definition = (await api.call('GET', `${CRDS}/widgets.example.org`)).body;
    expect(at(definition, 'status', 'conditions')).toMatchObject([
      { type: 'NamesAccepted', status: 'True' },
      { type: 'Established', status: 'True' },
    ]);
    await api.call('POST', WIDGETS, { body: widget('held', {}, { finalizers: ['example.org/hold'] }) });
    await api.call('POST', WIDGETS, { body: widget('free') });
    await api.call('DELETE', `${CRDS}/widgets.example.org`);
    await gone(WIDGETS, 'free');
    await api.call('PATCH', `${WIDGETS}/held`, { contentType: MERGE, body: { metadata: { finalizers: null } } });
    await gone(CRDS, 'widgets.example.org');
    expect((await api.call('GET', WIDGETS)).code).toBe(404);
  });
});
