import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdmissionRequest } from './admission.ts';
import { textAt } from './model/objects.ts';
import { configMap, TestServer } from './server.fixture.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const seen: AdmissionRequest[] = [];
const committed: string[] = [];
let api: TestServer;

beforeAll(async () => {
  api = await TestServer.start({
    admit(request, read) {
      if (request.resource === 'pods' && request.subresource === 'eviction' && request.name === 'moving')
        return { denied: { reason: 'TooManyRequests', message: 'it moves first' } };
      if (request.resource !== 'configmaps') return {};
      seen.push(request);
      const cidr = textAt(request.object, 'data', 'cidr');
      if (cidr === 'many') return { warnings: Array.from({ length: 500 }, (_, index) => `doubt ${index} about it`) };
      if (cidr === 'bad')
        return { errors: [{ path: 'data.cidr', type: 'Invalid', value: cidr, detail: 'must be a CIDR' }] };
      if (request.operation === 'DELETE' && request.name === 'kept')
        return { denied: { reason: 'Forbidden', message: 'it is in use' } };
      const others = read.list('configmaps', 'default').filter(({ metadata }) => metadata.name !== request.name);
      if (cidr && others.some((other) => textAt(other, 'data', 'cidr') === cidr))
        return { denied: { reason: 'Conflict', message: `${cidr} is taken` } };
      if (cidr !== '10.0.0.1/24' || !request.object) return {};
      return { object: { ...request.object, data: { cidr: '10.0.0.0/24' } }, warnings: ['host bits were dropped'] };
    },
  });
  api.server.onCommit(({ type, object }) => committed.push(`${type} ${object.name}`));
});
afterAll(() => api.stop());

describe('admission', () => {
  it('errors are 422 with causes', async () => {
    const { code, body } = await api.call('POST', MAPS, { body: configMap('bad', { cidr: 'bad' }) });
    expect(code).toBe(422);
    expect(body.message).toBe('ConfigMap "bad" is invalid: data.cidr: Invalid value: "bad": must be a CIDR');
  });

  it('replaces the object and warns', async () => {
    const { body, headers } = await api.call('POST', MAPS, { body: configMap('host', { cidr: '10.0.0.1/24' }) });
    expect(body.data).toEqual({ cidr: '10.0.0.0/24' });
    expect(headers.warning).toBe('299 - "host bits were dropped"');
  });

  it('warns as much as clients take, and says how much more there is', async () => {
    const { code, headers } = await api.call('POST', MAPS, { body: configMap('many', { cidr: 'many' }) });
    const text = headers.warning as string;
    expect([code, text.length < 5000]).toEqual([201, true]);
    const told = text.match(/doubt [0-9]+/g)!.length;
    expect(told).toBeGreaterThan(100);
    expect(text).toContain(`299 - "${500 - told} more warnings do not fit here"`);
  });

  it('judges overlapping creates one after the other', async () => {
    const names = ['one', 'two', 'three', 'four'];
    const answers = await Promise.all(
      names.map((name) => api.call('POST', MAPS, { body: configMap(name, { cidr: '10.9.0.0/16' }) })),
    );
    expect(answers.map(({ code }) => code).sort((a, b) => a - b)).toEqual([201, 409, 409, 409]);
  });

  it('may let an eviction wait: 429, and the pod says that it should go; others go at once', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    for (const name of ['moving', 'plain'])
      await api.call('POST', pods, {
        body: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, namespace: 'default' },
          spec: { containers: [{ name: 'c', image: 'x' }] },
        },
      });
    const evict = (name: string, more: object = {}) =>
      api.call('POST', `${pods}/${name}/eviction`, {
        body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' }, ...more },
      });
    const dry = await evict('moving', { deleteOptions: { dryRun: ['All'] } });
    expect(dry.code).toBe(429);
    expect((await api.call('GET', `${pods}/moving`)).body.status).toEqual({ phase: 'Pending' });
    for (let round = 0; round < 2; round += 1) {
      const { code, body } = await evict('moving');
      expect([code, body.reason, body.message]).toEqual([429, 'TooManyRequests', 'it moves first']);
    }
    expect((await api.call('GET', `${pods}/moving`)).body.status).toMatchObject({
      conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }],
    });
    expect((await evict('plain')).code).toBe(201);
    expect((await api.call('GET', `${pods}/plain`)).code).toBe(404);
    expect((await evict('nobody')).code).toBe(404);
  });

  it('may refuse a deletion, and sees what is to be deleted', async () => {
    await api.call('POST', MAPS, { body: configMap('kept', { a: '1' }) });
    const { code, body } = await api.call('DELETE', `${MAPS}/kept`);
    expect([code, body.message]).toEqual([403, 'configmaps "kept" is forbidden: it is in use']);
    expect(seen.at(-1)).toMatchObject({
      operation: 'DELETE',
      namespace: 'default',
      name: 'kept',
      old: { data: { a: '1' } },
    });
    expect(seen.at(-1)?.object).toBeUndefined();
  });

  it('tells listeners in the process what was committed, and nothing else', () => {
    expect(committed).toContain('ADDED host');
    expect(committed).not.toContain('ADDED bad');
    expect(committed).not.toContain('DELETED kept');
  });
});
