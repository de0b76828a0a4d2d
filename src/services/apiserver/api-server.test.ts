import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../lib/schema/structural-schema.ts';
import { at, textAt } from './model/objects.ts';
import { configMap, CRDS, TestServer, widget, WIDGET_CRD, WIDGETS } from './server.fixture.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const MERGE = 'application/merge-patch+json';

let api: TestServer;
beforeAll(async () => {
  api = await TestServer.start();
  expect((await api.call('POST', CRDS, { body: WIDGET_CRD })).code).toBe(201);
});
afterAll(() => api.stop());

describe('who may ask', () => {
  it('answers 401 without a certificate, except for health and version', async () => {
    expect((await api.call('GET', '/api/v1/namespaces', { anonymous: true })).body).toMatchObject({
      kind: 'Status',
      reason: 'Unauthorized',
      code: 401,
    });
    for (const path of ['/healthz', '/livez', '/readyz', '/version'])
      expect((await api.call('GET', path, { anonymous: true })).code).toBe(200);
  });
});

describe('create', () => {
  it('gives identity, defaults, generation; drops status and unknown fields with a warning', async () => {
    const body = { ...widget('c1', { size: 2, nope: 1 }), status: { a: 1 } };
    const { code, body: made, headers } = await api.call('POST', WIDGETS, { body });
    expect(code).toBe(201);
    expect(made).toMatchObject({ metadata: { namespace: 'default', generation: 1 }, spec: { size: 2, colour: 'red' } });
    expect(at(made, 'spec', 'nope')).toBeUndefined();
    expect(made.status).toBeUndefined();
    expect(headers.warning).toBe('299 - "unknown field \\"spec.nope\\""');
    expect(textAt(made, 'metadata', 'uid')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('makes a name from generateName', async () => {
    const { body } = await api.call('POST', MAPS, { body: { metadata: { generateName: 'gen-' } } });
    expect(textAt(body, 'metadata', 'name')).toMatch(/^gen-[a-z0-9]{5}$/);
  });

  it('keeps integers that a double cannot hold', async () => {
    await api.call('POST', WIDGETS, {
      body: '{"metadata":{"name":"big"},"spec":{"free":340282366920938463463374607431768211455}}',
    });
    const patch = { contentType: MERGE, body: '{"spec":{"size":1}}' };
    expect((await api.call('PATCH', `${WIDGETS}/big`, patch)).text).toContain(
      '"free":340282366920938463463374607431768211455',
    );
  });

  it('stores nothing with dryRun=All', async () => {
    expect((await api.call('POST', `${MAPS}?dryRun=All`, { body: configMap('dry') })).code).toBe(201);
    expect((await api.call('GET', `${MAPS}/dry`)).code).toBe(404);
  });

  it('takes YAML', async () => {
    const body = 'metadata: {name: yaml}\ndata: {mac: "00:11:22:33:44:55"}\n';
    expect((await api.call('POST', MAPS, { body, contentType: 'application/yaml' })).body.data).toEqual({
      mac: '00:11:22:33:44:55',
    });
  });

  it('lets only one of two creates of a name pass', async () => {
    const codes = await Promise.all(
      Array.from({ length: 8 }, () => api.call('POST', MAPS, { body: configMap('once') })),
    );
    expect(codes.map(({ code }) => code).sort((a, b) => a - b)).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
  });
});

describe('bad input', () => {
  const strict = `${WIDGETS}?fieldValidation=Strict`;
  it.each<[string, string, string, Json | string, number, string]>([
    ['malformed JSON', 'POST', MAPS, '{"metadata":', 400, 'BadRequest'],
    ['no object', 'POST', MAPS, '[]', 400, 'BadRequest'],
    ['another kind', 'POST', MAPS, { kind: 'Secret', metadata: { name: 'x' } }, 400, 'BadRequest'],
    ['another apiVersion', 'POST', MAPS, { apiVersion: 'v2', metadata: { name: 'x' } }, 400, 'BadRequest'],
    ['another namespace', 'POST', MAPS, configMap('x', {}, { namespace: 'other' }), 400, 'BadRequest'],
    ['labels that are no texts', 'POST', MAPS, configMap('x', {}, { labels: { a: 1 } }), 400, 'BadRequest'],
    ['a resourceVersion on create', 'POST', MAPS, configMap('x', {}, { resourceVersion: '1' }), 400, 'BadRequest'],
    ['no name', 'POST', MAPS, {}, 422, 'Invalid'],
    ['a bad name', 'POST', MAPS, configMap('X'), 422, 'Invalid'],
    ['a bad label', 'POST', MAPS, configMap('x', {}, { labels: { 'a b': 'c' } }), 422, 'Invalid'],
    ['an empty key', 'POST', MAPS, configMap('x', { '': 'v' }), 422, 'Invalid'],
    ['an invalid field', 'POST', WIDGETS, widget('x', { size: 0 }), 422, 'Invalid'],
    ['an unknown field, strictly', 'POST', strict, widget('x', { nope: 1 }), 400, 'BadRequest'],
    [
      'a duplicate field, strictly',
      'POST',
      strict,
      '{"metadata":{"name":"x"},"spec":{"size":1,"size":2}}',
      400,
      'BadRequest',
    ],
    ['an unknown metadata field, strictly', 'POST', strict, widget('x', {}, { nope: 1 }), 400, 'BadRequest'],
    ['a namespace that is not there', 'POST', '/api/v1/namespaces/gone/configmaps', configMap('x'), 404, 'NotFound'],
    ['a bad dryRun', 'POST', `${MAPS}?dryRun=Some`, configMap('x'), 400, 'BadRequest'],
    [
      'a body that is too large',
      'POST',
      MAPS,
      `{"data":{"a":"${'x'.repeat(3 * 1024 * 1024)}"}}`,
      413,
      'RequestEntityTooLarge',
    ],
    ['no such kind', 'POST', '/apis/example.org/v1/namespaces/default/gadgets', {}, 404, 'NotFound'],
    [
      'a bad CRD',
      'POST',
      CRDS,
      { metadata: { name: 'a.b.c' }, spec: { group: 'b.c', names: { plural: 'a', kind: 'A' } } },
      422,
      'Invalid',
    ],
  ])('%s', async (_name, method, path, body, code, reason) => {
    const answer = await api.call(method, path, { body });
    expect(answer.body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason });
    expect(answer.code).toBe(code);
  });

  it.each([
    [`${MAPS}?labelSelector=a%20in%20(b`, 400],
    [`${MAPS}?labelSelector=,%3D`, 400],
    [`${MAPS}?fieldSelector=spec.nope%3Dx`, 400],
    [`${MAPS}?continue=xyz`, 400],
    [`${MAPS}?limit=-1`, 400],
    [`${MAPS}?resourceVersion=abc`, 400],
    [`${MAPS}?resourceVersion=999999`, 504],
    [`${MAPS}/absent`, 404],
    ['/api/v1/nope', 404],
    ['/apis/nope.org/v1', 404],
    ['/api/v1/configmaps/x', 404],
    ['/api/v1/%zz', 404],
  ])('GET %s -> %i', async (path, code) => {
    expect(await api.call('GET', path)).toMatchObject({ code, body: { kind: 'Status', code } });
  });

  it('says like upstream what is wrong', async () => {
    const invalid = await api.call('POST', WIDGETS, { body: widget('x', { size: 0, parts: [{}] }) });
    expect(invalid.body.message).toBe(
      'Widget.example.org "x" is invalid: [spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1, spec.parts[0].id: Required value]',
    );
    expect(at(invalid.body, 'details', 'causes')).toEqual([
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: spec.size in body should be greater than or equal to 1',
        field: 'spec.size',
      },
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.parts[0].id' },
    ]);
    const unknown = await api.call('POST', strict, { body: widget('x', { nope: 1 }) });
    expect(unknown.body.message).toBe(
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.nope"',
    );
  });

  it('is silent about unknown fields with fieldValidation=Ignore', async () => {
    const { code, headers } = await api.call('POST', `${WIDGETS}?fieldValidation=Ignore&dryRun=All`, {
      body: widget('x', { nope: 1 }),
    });
    expect([code, headers.warning]).toEqual([201, undefined]);
  });

  it.each([
    ['application/strategic-merge-patch+json', 415],
    ['application/apply-patch+yaml', 415],
    ['text/plain', 415],
  ])('a patch of a custom resource as %s -> %i', async (contentType, code) => {
    expect((await api.call('PATCH', `${WIDGETS}/c1`, { body: '{}', contentType })).code).toBe(code);
  });

  it('does not give what cannot be given', async () => {
    expect((await api.call('GET', MAPS, { accept: 'application/yaml' })).code).toBe(406);
    expect((await api.call('GET', MAPS, { accept: 'application/json;as=Table;v=v1alpha1;g=meta.k8s.io' })).code).toBe(
      406,
    );
  });
});

describe('update', () => {
  it('counts generations by spec, keeps status apart, and does nothing for nothing', async () => {
    await api.call('POST', WIDGETS, { body: widget('u1', { size: 1 }) });
    const status = { contentType: MERGE, body: { status: { ok: true }, spec: { size: 9 } } };
    const first = (await api.call('PATCH', `${WIDGETS}/u1/status`, status)).body;
    expect(first).toMatchObject({ spec: { size: 1 }, status: { ok: true }, metadata: { generation: 1 } });
    const spec = { contentType: MERGE, body: { status: { ok: false }, spec: { size: 2 } } };
    const second = (await api.call('PATCH', `${WIDGETS}/u1`, spec)).body;
    expect(second).toMatchObject({ spec: { size: 2 }, status: { ok: true }, metadata: { generation: 2 } });
    const third = (await api.call('PATCH', `${WIDGETS}/u1`, spec)).body;
    expect(at(third, 'metadata', 'resourceVersion')).toBe(at(second, 'metadata', 'resourceVersion'));
  });

  it('refuses a stale state, another uid, another name; identity cannot be changed', async () => {
    const made = (await api.call('POST', WIDGETS, { body: widget('u2', { size: 1 }) })).body;
    const put = (metadata: JsonObject, name = 'u2') =>
      api.call('PUT', `${WIDGETS}/u2`, {
        body: widget(name, { size: 3 }, { ...(made.metadata as JsonObject), ...metadata, name }),
      });
    expect((await put({ resourceVersion: '1' })).body.message).toBe(
      'Operation cannot be fulfilled on widgets.example.org "u2": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect((await put({ uid: 'other' })).code).toBe(409);
    expect((await put({}, 'other')).code).toBe(400);
    const same = (await put({ creationTimestamp: '2000-01-01T00:00:00Z' })).body;
    expect(at(same, 'metadata', 'creationTimestamp')).toBe(at(made, 'metadata', 'creationTimestamp'));
    expect((await api.call('PUT', `${WIDGETS}/u2`, { body: widget('u2') })).code).toBe(422);
  });

  it('lets exactly one of two writers of the same state win', async () => {
    const made = (await api.call('POST', WIDGETS, { body: widget('u3', { size: 1 }) })).body;
    const write = (size: number) => api.call('PUT', `${WIDGETS}/u3`, { body: { ...made, spec: { size } } });
    const answers = await Promise.all([write(2), write(3), write(4)]);
    expect(answers.map(({ code }) => code).sort((a, b) => a - b)).toEqual([200, 409, 409]);
  });

  it('keeps what is immutable', async () => {
    await api.call('POST', MAPS, { body: { ...configMap('fixed', { a: '1' }), immutable: true } });
    const answer = await api.call('PATCH', `${MAPS}/fixed`, { contentType: MERGE, body: { data: { a: '2' } } });
    expect(answer.body.message).toBe(
      'ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    );
  });

  it('merges lists of built-in kinds by their keys', async () => {
    const containers = [
      { name: 'a', image: '1' },
      { name: 'b', image: '1' },
    ];
    await api.call('POST', '/api/v1/namespaces/default/pods', {
      body: { metadata: { name: 'p' }, spec: { containers } },
    });
    const patch = { spec: { containers: [{ name: 'b', image: '2' }] } };
    const options = { contentType: 'application/strategic-merge-patch+json', body: patch };
    const { body } = await api.call('PATCH', '/api/v1/namespaces/default/pods/p', options);
    expect(at(body, 'spec', 'containers')).toEqual([
      { name: 'a', image: '1' },
      { name: 'b', image: '2' },
    ]);
  });
});
