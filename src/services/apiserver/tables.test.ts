import { describe, expect, it } from 'vitest';
import { parseFieldSelector, selectedName } from './field-selector.ts';
import { humanDuration } from './model/human-duration.ts';
import { compileJsonPath } from './model/json-path.ts';
import { parseLabelSelector } from './label-selector.ts';
import { formOf } from './negotiation.ts';
import { pods } from './builtin/pods.ts';
import { compareVersions } from './registry.ts';
import { parseResourcePath } from './request-path.ts';

describe('label selectors', () => {
  const labels = { app: 'web', tier: 'a', 'example.org/n': '5' };
  it.each([
    ['app=web', true],
    ['app==web,tier=a', true],
    ['app!=web', false],
    ['gone!=x', true],
    ['app', true],
    ['!app', false],
    ['!gone', true],
    ['app in (web, db)', true],
    ['app notin (web)', false],
    ['gone notin (web)', true],
    ['app in (db),tier', false],
    ['example.org/n>4', true],
    ['example.org/n<5', false],
    ['app>4', false],
    ['app=', false],
  ])('%s -> %s', (selector, expected) => {
    expect(parseLabelSelector(selector)?.(labels)).toBe(expected);
  });

  it.each(['a in', 'a in (b', '=a', 'a=b c', 'a b', 'a/b/c', 'a=#', 'a>x', ','])('refuses %s', (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow('unable to parse requirement');
  });

  it('selects everything when empty', () => {
    expect(parseLabelSelector(' ')).toBeUndefined();
  });
});

describe('field selectors', () => {
  const served = { resource: pods, version: pods.versions[0]! };
  const metadata = { name: 'p', namespace: 'n', uid: '', resourceVersion: '', creationTimestamp: '' };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'a,b' } };
  it.each([
    ['metadata.name=p', true],
    ['metadata.namespace!=n', false],
    ['spec.nodeName=a\\,b', true],
    ['spec.nodeName==a\\,b,metadata.name!=q', true],
    ['spec.nodeName=', false],
  ])('%s -> %s', (selector, expected) => {
    expect(parseFieldSelector(selector, served)?.(pod)).toBe(expected);
  });

  it('finds the one name that is selected', () => {
    expect(selectedName('metadata.namespace=n,metadata.name=p')).toBe('p');
    expect(selectedName('metadata.name!=p')).toBeUndefined();
  });
});

describe('JSON paths', () => {
  const value = {
    metadata: { labels: { 'a.b/c': 'x' } },
    list: [
      { type: 'Ready', status: 'True', n: 1 },
      { type: 'Other', status: 'False', n: 2 },
    ],
  };
  it.each([
    ['.list[?(@.type=="Ready")].status', ['True']],
    ['{.list[?(@.n==2)].type}', ['Other']],
    [".list[?(@.type!='Ready')].status", ['False']],
    ['.list[*].n', [1, 2]],
    ['.list[1].n', [2]],
    ['.metadata.labels.a\\.b/c', ['x']],
    [".metadata.labels['a.b/c']", ['x']],
    ['$.list[7].n', []],
    ['.absent.deeper', []],
    ['list[0].n', [1]],
  ])('%s -> %j', (path, expected) => {
    expect(compileJsonPath(path)(value)).toEqual(expected);
  });

  it.each(['.a[', '.a[?(@.b)]', '..a', '.'])('refuses %s', (path) => {
    expect(() => compileJsonPath(path)).toThrow(SyntaxError);
  });
});

describe('ages', () => {
  const [s, m, h, d] = [1, 60, 3600, 86_400];
  it.each([
    [0, '0s'],
    [119 * s, '119s'],
    [2 * m, '2m'],
    [5 * m + 7, '5m7s'],
    [10 * m + 7, '10m'],
    [3 * h, '3h'],
    [3 * h + 12 * m, '3h12m'],
    [9 * h + 12 * m, '9h'],
    [47 * h, '47h'],
    [2 * d + 3 * h, '2d3h'],
    [9 * d + 3 * h, '9d'],
    [800 * d, '2y70d'],
    [4000 * d, '10y'],
    [-5, '<invalid>'],
  ])('%i s -> %s', (seconds, expected) => {
    expect(humanDuration(seconds * 1000)).toBe(expected);
  });
});

describe('paths', () => {
  const at = (group: string, namespace: string, plural: string, name = '', subresource = '') => ({
    group,
    version: 'v1',
    namespace,
    plural,
    name,
    subresource,
  });
  it.each([
    ['/api/v1/pods', at('', '', 'pods')],
    ['/api/v1/namespaces', at('', '', 'namespaces')],
    ['/api/v1/namespaces/a', at('', '', 'namespaces', 'a')],
    ['/api/v1/namespaces/a/status', at('', '', 'namespaces', 'a', 'status')],
    ['/api/v1/namespaces/a/pods', at('', 'a', 'pods')],
    ['/api/v1/namespaces/a/pods/p/binding', at('', 'a', 'pods', 'p', 'binding')],
    ['/apis/g.org/v1/namespaces/a/things/t', at('g.org', 'a', 'things', 't')],
    ['/apis/g.org/v1/things/a%2Fb', at('g.org', '', 'things', 'a/b')],
    ['/api/v1', undefined],
    ['/apis/g.org/v1', undefined],
    ['/apis', undefined],
    ['/healthz', undefined],
    ['/api/v1/namespaces/a/pods/p/x/y', undefined],
    ['/api/v1/%', undefined],
  ])('%s', (path, expected) => {
    expect(parseResourcePath(path)).toEqual(expected);
  });
});

describe('versions and forms', () => {
  it('come in the order that Kubernetes prefers', () => {
    const versions = [
      'v1alpha1',
      'foo1',
      'v10beta3',
      'v2',
      'v11beta2',
      'v12alpha1',
      'v1',
      'foo10',
      'v11alpha2',
      'v3beta1',
      'v10',
    ];
    expect(versions.sort(compareVersions)).toEqual([
      'v10',
      'v2',
      'v1',
      'v11beta2',
      'v10beta3',
      'v3beta1',
      'v12alpha1',
      'v11alpha2',
      'v1alpha1',
      'foo1',
      'foo10',
    ]);
  });

  it.each([
    [undefined, 'object'],
    ['*/*', 'object'],
    ['application/vnd.kubernetes.protobuf,application/json', 'object'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'table'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json', 'object'],
    ['application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', 'metadata'],
    ['application/json;q=0.5,application/json;as=Table;v=v1;g=meta.k8s.io;q=0.9', 'table'],
  ])('Accept: %s -> %s', (accept, form) => {
    expect(formOf(accept)).toBe(form);
  });
});
