/** All orders of what people, nodes, processes and the network may do while a machine migrates: it ends well. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasFinished } from './progress.ts';
import { Model, NODES } from './testing/model.ts';

type Event = (model: Model) => void;

const node = fc.constantFrom(...NODES);
const normal: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.constant((model: Model) => model.controller()) },
  {
    weight: 8,
    arbitrary: fc.tuple(node, fc.boolean(), fc.boolean()).map(
      ([name, fails, dies]) =>
        (model: Model) =>
          model.node(name, fails && dies, dies),
    ),
  },
  { weight: 8, arbitrary: node.map((name) => (model: Model) => model.observe(name)) },
  { weight: 6, arbitrary: fc.constant((model: Model) => model.observe('controller')) },
  { weight: 2, arbitrary: fc.constant((model: Model) => model.migrate()) },
  { weight: 1, arbitrary: fc.nat(3).map((pick) => (model: Model) => model.cancel(pick)) },
);
const failing: fc.Arbitrary<Event> = node.map((name) => (model: Model) => model.node(name, true, false));
const cruel: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: node.map((name) => (model: Model) => model.killNode(name)) },
  { weight: 2, arbitrary: fc.nat(3).map((pick) => (model: Model) => model.deletePod(pick)) },
);

function run(events: readonly Event[]): Model {
  const model = new Model();
  for (const event of events) event(model);
  model.settle();
  return model;
}

/** what holds however it went */
function expectEnded(model: Model): void {
  // one that finds no node waits for one
  const hasRoom = NODES.some((name) => !model.down.has(name) && name !== model.instance.nodeName);
  const open = model.migrations.filter(({ phase, gone }) => !gone && !hasFinished(phase));
  expect(open.filter(({ phase }) => hasRoom || phase !== 'Pending')).toEqual([]);
  expect(model.placement()?.target).toBeUndefined();
  const alive = model.pods.filter(
    ({ phase, deleting, node: on }) => phase === 'Running' && !deleting && !model.down.has(on),
  );
  expect(alive.length).toBeLessThanOrEqual(1);
  if (model.machine === undefined) return;
  // one guest, in the one launcher that runs, on the node that the instance and the network are told
  expect(alive.map(({ name }) => name)).toEqual([model.machine]);
  expect(model.instance.running).toBe(true);
  expect(model.instance.nodeName).toBe(alive[0]!.node);
  expect(model.placement()).toEqual({ node: alive[0]!.node });
}

const STEPS = 70;

describe('whatever happens', () => {
  test('with every process restarted at any time, cancels and several migrations: the machine lives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 20, arbitrary: normal }, { weight: 1, arbitrary: failing }), { maxLength: STEPS }),
        (events) => {
          const model = run(events);
          expectEnded(model);
          expect(model.machine).toBeDefined();
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('with nodes that die and pods that are deleted: nothing is left behind, and a machine that lives is at one place', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 25, arbitrary: normal }, { weight: 1, arbitrary: cruel }), { maxLength: STEPS }),
        (events) => expectEnded(run(events)),
      ),
      { numRuns: 3000 },
    );
  });
});

test('the model does migrate: a wish and nothing else ends with the machine elsewhere', () => {
  const model = run([(one) => one.migrate()]);
  expect(model.migrations[0]!.phase).toBe('Succeeded');
  expect(model.instance.nodeName).not.toBe('node1');
  expectEnded(model);
});

test('two wishes at once: one is granted, the other fails', () => {
  const model = run([(one) => one.migrate(), (one) => one.migrate()]);
  expect(model.migrations.map(({ phase }) => phase)).toEqual(['Succeeded', 'Failed']);
  expect(model.migrations[1]!.reason).toMatch(/migration m0 of the same instance is under way/);
});

/** one actor after the other, fresh looks: the steps of one migration in their order */
function advance(model: Model, steps: number): void {
  for (let step = 0; step < steps; step += 1) {
    const actor = (['controller', 'node2', 'controller', 'node1'] as const)[step % 4]!;
    model.observe(actor);
    if (actor === 'controller') model.controller();
    else model.node(actor, false, false);
  }
}

describe.each(Array.from({ length: 24 }, (_, steps) => steps))('after %i steps', (steps) => {
  test.each<readonly [string, (model: Model) => void]>([
    ['the target node dies', (model) => model.killNode('node2')],
    ['the source node dies', (model) => model.killNode('node1')],
    ['it is cancelled', (model) => model.cancel(0)],
    ['another one is wished for', (model) => model.migrate()],
    ['the target pod is deleted', (model) => model.deletePod(1)],
  ])('%s', (_what, event) => {
    const model = new Model();
    model.migrate();
    advance(model, steps);
    const had = model.pods.find(({ name }) => name === model.machine)!.node;
    event(model);
    model.settle();
    expectEnded(model);
    // it dies only with its own node, or with its own pod
    if (!model.down.has(had) && model.pods.length > 0 && _what !== 'the target pod is deleted')
      expect(model.machine).toBeDefined();
  });
});
