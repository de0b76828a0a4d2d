import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, listAt, textAt } from './model/objects.ts';
import { configMap, CRDS, TestServer, widget, WIDGET_CRD, WIDGETS } from './server.fixture.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = 'application/merge-patch+json';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

let api: TestServer;
beforeAll(async () => {
  api = await TestServer.start({ historyCapacity: 8 });
  await api.call('POST', CRDS, { body: WIDGET_CRD });
});
afterAll(() => api.stop());

async function revisionNow(): Promise<string> {
  return textAt((await api.call('GET', '/api/v1/namespaces')).body, 'metadata', 'resourceVersion');
}

async function label(name: string, value: string | null): Promise<void> {
  const body = { metadata: { labels: { app: value } } };
  expect((await api.call('PATCH', `${MAPS}/${name}`, { contentType: MERGE, body })).code).toBe(200);
}

describe('watch', () => {
  it('tells what happened after a revision, then what happens', async () => {
    const revision = await revisionNow();
    await api.call('POST', MAPS, { body: configMap('w1') });
    const watch = api.watch(`${MAPS}?watch=true&resourceVersion=${revision}&fieldSelector=metadata.name%3Dw1`);
    expect(await watch.take(1)).toEqual(['ADDED w1']);
    await label('w1', 'x');
    await api.call('POST', MAPS, { body: configMap('not-w1') });
    await api.call('DELETE', `${MAPS}/w1`);
    expect(await watch.take(2)).toEqual(['MODIFIED w1', 'DELETED w1']);
    watch.close();
  });

  it('begins with what is there when no revision is given', async () => {
    await api.call('POST', WIDGETS, { body: widget('present') });
    const watch = api.watch(`${WIDGETS}?watch=1`);
    expect(await watch.take(1)).toEqual(['ADDED present']);
    watch.close();
  });

  it('adds and deletes what begins and ceases to match the selector', async () => {
    await api.call('POST', MAPS, { body: configMap('sel') });
    const watch = api.watch(`${MAPS}?watch=true&labelSelector=app%3Dy&resourceVersion=${await revisionNow()}`);
    for (const value of ['y', 'z', 'y', null]) await label('sel', value);
    expect(await watch.take(4)).toEqual(['ADDED sel', 'DELETED sel', 'ADDED sel', 'DELETED sel']);
    watch.close();
  });

  it('answers 410 in the stream for a revision that is too old, and for a list of it', async () => {
    const revision = await revisionNow();
    for (let i = 0; i < 20; i++) await api.call('POST', MAPS, { body: configMap(`old-${i}`) });
    const event = await api.watch(`${MAPS}?watch=true&resourceVersion=${revision}`).next();
    expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    const list = await api.call('GET', `${MAPS}?resourceVersion=${revision}&resourceVersionMatch=Exact`);
    expect(list.body).toMatchObject({ code: 410, reason: 'Expired' });
  });

  it('marks the end of the initial events', async () => {
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = api.watch(`${WIDGETS}?${query}`);
    await watch.take(1);
    const bookmark = await watch.next();
    expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Widget' } });
    expect(at(bookmark, 'object', 'metadata', 'annotations')).toEqual({ 'k8s.io/initial-events-end': 'true' });
    watch.close();
  });

  it('ends at its timeout', async () => {
    const watch = api.watch(`${WIDGETS}?watch=true&timeoutSeconds=1&resourceVersion=${await revisionNow()}`);
    expect(await watch.take(1)).toEqual(['END']);
  });

  it('gives concurrent watches the same events in the same order', async () => {
    const path = `${MAPS}?watch=true&resourceVersion=${await revisionNow()}`;
    const watches = [api.watch(path), api.watch(path), api.watch(path)];
    const names = Array.from({ length: 6 }, (_, i) => `same-${i}`);
    await Promise.all(names.map((name) => api.call('POST', MAPS, { body: configMap(name) })));
    const [first, ...others] = await Promise.all(watches.map((watch) => watch.take(6)));
    expect(first!.toSorted()).toEqual(names.map((name) => `ADDED ${name}`));
    for (const other of others) expect(other).toEqual(first);
    for (const watch of watches) watch.close();
  });

  it('sends tables, the columns with the first event only', async () => {
    await api.call('POST', WIDGETS, { body: widget('present-too') });
    const watch = api.watch(`${WIDGETS}?watch=true`, TABLE);
    const [first, second] = [await watch.next(), await watch.next()];
    expect(listAt(first, 'object', 'columnDefinitions').length).toBe(4);
    expect(listAt(second, 'object', 'columnDefinitions').length).toBe(0);
    expect(listAt(first, 'object', 'rows')).toMatchObject([{ cells: ['present', null, null, 'red'] }]);
    watch.close();
  });
});

describe('list', () => {
  it('comes in chunks of one and the same revision, whatever happens meanwhile', async () => {
    await api.call('POST', '/api/v1/namespaces', { body: { metadata: { name: 'chunks' } } });
    const maps = '/api/v1/namespaces/chunks/configmaps';
    for (const name of ['a', 'b', 'c', 'd', 'e']) await api.call('POST', maps, { body: configMap(name) });
    const first = (await api.call('GET', `${maps}?limit=2`)).body;
    expect(at(first, 'metadata', 'remainingItemCount')).toBe(3);
    await api.call('DELETE', `${maps}/d`);
    await api.call('POST', maps, { body: configMap('cc') });
    const rest = (await api.call('GET', `${maps}?limit=9&continue=${textAt(first, 'metadata', 'continue')}`)).body;
    expect(listAt(rest, 'items').map((item) => textAt(item, 'metadata', 'name'))).toEqual(['c', 'd', 'e']);
    expect(at(rest, 'metadata', 'resourceVersion')).toBe(at(first, 'metadata', 'resourceVersion'));
    expect(at(rest, 'metadata', 'continue')).toBeUndefined();
  });

  it('goes on inconsistently with the token that comes with a 410', async () => {
    const maps = '/api/v1/namespaces/chunks/configmaps';
    const first = (await api.call('GET', `${maps}?limit=2`)).body;
    for (let i = 0; i < 20; i++) await api.call('POST', maps, { body: configMap(`z-${i}`) });
    const gone = await api.call('GET', `${maps}?limit=2&continue=${textAt(first, 'metadata', 'continue')}`);
    expect(gone.code).toBe(410);
    const next = await api.call('GET', `${maps}?limit=2&continue=${textAt(gone.body, 'metadata', 'continue')}`);
    expect(listAt(next.body, 'items').map((item) => textAt(item, 'metadata', 'name'))).toEqual(['c', 'cc']);
  });

  it('selects by labels and fields', async () => {
    await api.call('POST', WIDGETS, { body: widget('blue', { colour: 'blue' }, { labels: { a: '1' } }) });
    const names = async (query: string): Promise<string[]> => {
      const { body } = await api.call('GET', `/apis/example.org/v1/widgets?${query}`);
      return listAt(body, 'items').map((item) => textAt(item, 'metadata', 'name'));
    };
    expect(await names('fieldSelector=spec.colour%3Dblue')).toEqual(['blue']);
    expect(await names('fieldSelector=metadata.name%3Dblue,metadata.namespace%3Dother')).toEqual([]);
    expect(await names('labelSelector=a%20in%20(1,2),!b')).toEqual(['blue']);
    expect(await names('labelSelector=a!%3D1,a')).toEqual([]);
  });

  it('gives metadata only when that is asked for', async () => {
    const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
    const { body } = await api.call('GET', WIDGETS, { accept });
    expect(body).toMatchObject({
      kind: 'PartialObjectMetadataList',
      items: [{ kind: 'PartialObjectMetadata' }, {}, {}],
    });
    expect(at(listAt(body, 'items')[0], 'spec')).toBeUndefined();
  });
});
