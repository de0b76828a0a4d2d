import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chosen, CHOSEN, type GatewayNode, leaderByRank, leaderOf, ranks, ranksInOrder } from './gateways.ts';

const nodeNames = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'), { minLength: 1 });
const states = fc.constantFrom('up', 'draining', 'lost', 'down' as const);
const up = (nodes: readonly string[]): readonly GatewayNode[] => nodes.map((node) => ({ node, state: 'up' }));
const best = (leader: string, nodes: readonly GatewayNode[]) =>
  ranks(leader, nodes).toSorted((x, y) => y.priority - x.priority)[0]?.node;

test('who leads a gateway does not depend on the order in which nodes are named', () => {
  fc.assert(
    fc.property(nodeNames, fc.string(), (nodes, gateway) => {
      expect(leaderOf(gateway, nodes.toReversed())).toBe(leaderOf(gateway, nodes));
      expect(nodes).toContain(leaderOf(gateway, nodes));
    }),
  );
  expect(leaderOf('x', [])).toBeUndefined();
});

test('a node that goes moves only the gateways that it led', () => {
  fc.assert(
    fc.property(nodeNames, fc.string(), fc.nat(), (nodes, gateway, at) => {
      const gone = nodes[at % nodes.length]!;
      const rest = nodes.filter((node) => node !== gone);
      fc.pre(rest.length > 0);
      const before = leaderOf(gateway, nodes)!;
      if (before !== gone) expect(leaderOf(gateway, rest)).toBe(before);
    }),
  );
});

test('gateways are spread', () => {
  const nodes = ['node1', 'node2', 'node3'];
  const counts = Map.groupBy(
    Array.from({ length: 300 }, (_, index) => leaderOf(`vpc${index}/external`, nodes)),
    (leader) => leader,
  );
  for (const node of nodes) expect(counts.get(node)!.length).toBeGreaterThan(60);
});

test('the leader is first while all is well; who is up is before who is being emptied, and that one before who is cut off', () => {
  expect(best('b', up(['a', 'b', 'c']))).toBe('b');
  fc.assert(
    fc.property(nodeNames, fc.array(states, { minLength: 10, maxLength: 10 }), (names, of) => {
      const nodes = names.slice(0, 5).map((node, index): GatewayNode => ({ node, state: of[index]! }));
      const order = ranks(nodes[0]!.node, nodes).toSorted((x, y) => y.priority - x.priority);
      const level = { up: 3, draining: 2, lost: 1, down: 0 };
      const levels = order.map(({ node }) => level[nodes.find((one) => one.node === node)!.state]);
      expect(levels).toEqual(levels.toSorted((x, y) => y - x));
      expect(new Set(order.map(({ priority }) => priority)).size).toBe(order.length);
      for (const { priority } of order) expect(priority).toBeGreaterThan(0);
    }),
  );
});

test('at most five nodes stand for one gateway, and at most eight are chosen where nobody has the label', () => {
  const many = Array.from({ length: 30 }, (_, index) => `node${index}`);
  expect(ranks('node7', up(many))).toHaveLength(5);
  expect(chosen('phys', many)).toHaveLength(CHOSEN);
  expect(chosen('phys', many.toReversed())).toEqual(chosen('phys', many));
});

test('the leader is read back from ranks, whatever the states of the nodes', () => {
  fc.assert(
    fc.property(nodeNames, fc.array(states, { minLength: 10, maxLength: 10 }), (names, of) => {
      const nodes = names.map((node, index): GatewayNode => ({ node, state: of[index]! }));
      expect(leaderByRank(ranks(names[0]!, nodes))).toBe(names[0]);
      expect(leaderByRank(ranksInOrder(names, nodes))).toBe(names[0]);
    }),
  );
  expect(leaderByRank([])).toBeUndefined();
});

test('however many are named, a node that is well is before one that is not', () => {
  const many = Array.from({ length: 100 }, (_, index) => `node${index}`);
  const worst = ranksInOrder(
    many,
    many.map((node, index) => ({ node, state: index === 38 ? 'draining' : 'lost' })),
  );
  expect(worst.toSorted((a, b) => b.priority - a.priority)[0]?.node).toBe('node38');
  const lost = ranksInOrder(
    many,
    many.map((node, index) => ({ node, state: index === 38 ? 'lost' : 'down' })),
  );
  expect(lost.toSorted((a, b) => b.priority - a.priority)[0]?.node).toBe('node38');
});
