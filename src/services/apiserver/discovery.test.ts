import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeProtobuf } from './protobuf.ts';
import { at, listAt, textAt } from './model/objects.ts';
import { CRDS, TestServer, WIDGET_CRD } from './server.fixture.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

let api: TestServer;
beforeAll(async () => {
  api = await TestServer.start();
  await api.call('POST', CRDS, { body: WIDGET_CRD });
});
afterAll(() => api.stop());

describe('discovery', () => {
  it('legacy: groups, their versions, what they serve', async () => {
    expect((await api.call('GET', '/api')).body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const groups = listAt((await api.call('GET', '/apis')).body, 'groups').map((group) => textAt(group, 'name'));
    expect(groups).toEqual(['apiextensions.k8s.io', 'coordination.k8s.io', 'example.org']);
    expect((await api.call('GET', '/apis/example.org')).body).toMatchObject({
      kind: 'APIGroup',
      preferredVersion: { groupVersion: 'example.org/v1', version: 'v1' },
    });
    const resources = listAt((await api.call('GET', '/apis/example.org/v1')).body, 'resources');
    expect(resources).toMatchObject([
      {
        name: 'widgets',
        singularName: 'widget',
        kind: 'Widget',
        namespaced: true,
        shortNames: ['wd'],
        categories: ['all'],
      },
      { name: 'widgets/status', kind: 'Widget', verbs: ['get', 'patch', 'update'] },
    ]);
  });

  it('aggregated: the core group under /api, the others under /apis', async () => {
    const core = await api.call('GET', '/api', { accept: `${AGGREGATED},application/json` });
    expect(core.headers['content-type']).toBe(AGGREGATED);
    expect(listAt(core.body, 'items').map((item) => textAt(item, 'metadata', 'name'))).toEqual(['']);
    const { body } = await api.call('GET', '/apis', { accept: AGGREGATED });
    const group = listAt(body, 'items').find((item) => textAt(item, 'metadata', 'name') === 'example.org');
    expect(listAt(listAt(group, 'versions')[0], 'resources')).toMatchObject([
      {
        resource: 'widgets',
        responseKind: { group: 'example.org', version: 'v1', kind: 'Widget' },
        scope: 'Namespaced',
        subresources: [{ subresource: 'status', verbs: ['get', 'patch', 'update'] }],
      },
    ]);
  });

  it('follows definitions that go', async () => {
    const body = JSON.parse(
      JSON.stringify(WIDGET_CRD).replaceAll('widget', 'gadget').replaceAll('Widget', 'Gadget'),
    ) as object;
    await api.call('POST', CRDS, { body: { ...body } as typeof WIDGET_CRD });
    expect((await api.call('GET', '/apis/example.org/v1')).text).toContain('gadgets');
    const watch = api.watch(`${CRDS}?watch=true&fieldSelector=metadata.name%3Dgadgets.example.org`);
    await watch.take(1);
    await api.call('DELETE', `${CRDS}/gadgets.example.org`);
    for (let event = await watch.next(); event && event.type !== 'DELETED'; ) event = await watch.next();
    watch.close();
    expect((await api.call('GET', '/apis/example.org/v1')).text).not.toContain('gadgets');
  });
});

describe('OpenAPI', () => {
  it('has a document per group version, whose address changes with its content', async () => {
    const index = (await api.call('GET', '/openapi/v3')).body;
    const url = textAt(index, 'paths', 'apis/example.org/v1', 'serverRelativeURL');
    expect(url).toMatch(/^\/openapi\/v3\/apis\/example\.org\/v1\?hash=[0-9A-F]{64}$/);
    const { body } = await api.call('GET', url);
    expect(at(body, 'components', 'schemas', 'org.example.v1.Widget')).toMatchObject({
      description: 'A thing to test with',
      'x-kubernetes-group-version-kind': [{ group: 'example.org', version: 'v1', kind: 'Widget' }],
      properties: { spec: { properties: { size: { type: 'integer' } } } },
    });
    const patch = at(body, 'paths', '/apis/example.org/v1/namespaces/{namespace}/widgets/{name}', 'patch');
    expect(listAt(patch, 'parameters').map((parameter) => textAt(parameter, 'name'))).toContain('fieldValidation');
  });

  it('has version 2 as JSON, and the empty protobuf document that kubectl can read', async () => {
    const { body } = await api.call('GET', '/openapi/v2');
    expect(at(body, 'definitions', 'org.example.v1.Widget', 'type')).toBe('object');
    const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    expect((await api.call('GET', '/openapi/v2', { accept })).text).toBe('\n\x032.0');
  });
});

describe('protobuf bodies', () => {
  const field = (number: number, bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  const envelope = (kind: string, raw: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from('k8s\0'),
      field(1, Buffer.concat([field(1, Buffer.from('v1')), field(2, Buffer.from(kind))])),
      field(2, raw),
    ]);
  const entry = field(2, Buffer.concat([field(1, Buffer.from('k')), field(2, Buffer.from('v'))]));
  const contentType = 'application/vnd.kubernetes.protobuf';

  it('are read for the kinds that kubectl sends so', async () => {
    const body = envelope('ConfigMap', Buffer.concat([field(1, field(1, Buffer.from('proto'))), entry]));
    const answer = await api.call('POST', '/api/v1/namespaces/default/configmaps', { body, contentType });
    expect([answer.code, answer.body.data]).toEqual([201, { k: 'v' }]);
  });

  it.each([
    ['another kind', envelope('Widget', Buffer.of()), 415],
    ['no envelope', Buffer.from('{}'), 400],
    ['cut short', envelope('ConfigMap', entry).subarray(0, -3), 400],
  ])('%s is refused', async (_name, body, code) => {
    const answer = await api.call('POST', '/api/v1/namespaces/default/configmaps', { body, contentType });
    expect(answer.body).toMatchObject({ kind: 'Status', code });
  });

  it('bytes stay bytes: secret data is base64', () => {
    expect(decodeProtobuf(envelope('Secret', entry))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      data: { k: 'dg==' },
    });
  });
});
