import { describe, expect, test } from 'vitest';
import type { Node, Placement } from './pod.ts';
import { chooseNode } from './scheduler.ts';

interface Shape {
  readonly ready?: 'True' | 'False' | 'Unknown' | 'unsaid';
  readonly cordoned?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
}

function node(name: string, { ready = 'True', cordoned = false, labels = {} }: Shape = {}): Node {
  const conditions = ready === 'unsaid' ? [] : [{ type: 'Ready', status: ready, reason: '', message: '' }];
  const spec = cordoned ? { unschedulable: true } : {};
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec, status: { conditions } };
}

const affinity = (...terms: readonly object[]): Placement =>
  ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
  }) as Placement;
const expression = (key: string, operator: string, ...values: readonly string[]) => ({
  matchExpressions: [{ key, operator, values }],
});

const none = () => 0;
const NODES = [
  node('c', { labels: { zone: 'south', disk: 'ssd' } }),
  node('a', { labels: { zone: 'north' } }),
  node('b', { labels: { zone: 'south' } }),
];

describe('which node', () => {
  const cases: readonly (readonly [
    what: string,
    placement: Placement,
    guests: Readonly<Record<string, number>>,
    node: string,
  ])[] = [
    ['the first by name, when all are alike', {}, {}, 'a'],
    ['the one with the fewest guests', {}, { a: 2, b: 1, c: 2 }, 'b'],
    ['names break ties', {}, { a: 3, b: 1, c: 1 }, 'b'],
    ['nodeSelector comes before emptiness', { nodeSelector: { zone: 'north' } }, { a: 9 }, 'a'],
    ['every label of a nodeSelector', { nodeSelector: { zone: 'south', disk: 'ssd' } }, { c: 9 }, 'c'],
    ['In', affinity(expression('zone', 'In', 'east', 'south')), {}, 'b'],
    ['NotIn, which also takes nodes without the label', affinity(expression('disk', 'NotIn', 'ssd')), { a: 1 }, 'b'],
    ['Exists', affinity(expression('disk', 'Exists')), {}, 'c'],
    ['DoesNotExist', affinity(expression('disk', 'DoesNotExist')), { a: 1 }, 'b'],
    ['any term will do', affinity(expression('zone', 'In', 'east'), expression('disk', 'Exists')), {}, 'c'],
    [
      'all expressions of a term',
      affinity({
        matchExpressions: [
          ...expression('zone', 'In', 'south').matchExpressions,
          ...expression('disk', 'DoesNotExist').matchExpressions,
        ],
      }),
      {},
      'b',
    ],
    ['fields', affinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['c'] }] }), { c: 5 }, 'c'],
  ];
  test.each(cases)('%s', (_what, placement, guests, expected) => {
    expect(chooseNode(NODES, placement, (name) => guests[name] ?? 0)).toEqual({ node: expected });
  });
});

describe('no node, and why', () => {
  test('each node is named with what it lacks', () => {
    const nodes = [
      node('d', { cordoned: true }),
      node('a', { ready: 'Unknown' }),
      node('b', { ready: 'unsaid' }),
      node('c'),
      node('e', { labels: { zone: 'north' } }),
    ];
    const placement = { nodeSelector: { zone: 'north' }, ...affinity(expression('disk', 'Exists')) };
    expect(chooseNode(nodes, placement, none)).toEqual({
      why: [
        '0/5 nodes fit: a is not ready (condition Ready is Unknown)',
        'b is not ready (condition Ready is Unknown)',
        'c lacks label zone=north (nodeSelector)',
        'd is cordoned (spec.unschedulable)',
        'e does not match the required node affinity',
      ].join('; '),
    });
  });

  test.each<readonly [Placement, RegExp]>([
    [affinity(expression('cores', 'Gt', '4')), /operator "Gt" for cores .* is not built yet/],
    [{ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } }, /podAntiAffinity/],
    [{ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{}] } } }, /podAffinity/],
  ])('a wish that cannot be judged is not ignored: %#', (placement, why) => {
    expect(chooseNode(NODES, placement, none)).toEqual({ why: expect.stringMatching(why) as string });
  });

  test('an affinity without terms, or with an empty one, matches nothing', () => {
    for (const placement of [affinity(), affinity({})])
      expect(chooseNode(NODES, placement, none)).toHaveProperty('why');
  });

  test('a label that every object inherits is no label', () => {
    expect(chooseNode(NODES, affinity(expression('constructor', 'Exists')), none)).toHaveProperty('why');
  });

  test('a cluster without nodes', () => {
    expect(chooseNode([], {}, none)).toEqual({ why: 'there is no node' });
  });
});
