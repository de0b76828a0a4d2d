/** The pin of a port against two ovn-controllers as they are: each writes from a view that may be old, column by column. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Placement } from './placement.ts';
import { pinOf, type PortsBound } from './port-pin.ts';

const bound = (chassis: readonly string[], additional: readonly string[]): PortsBound => ({ chassis, additional });
const arrived: Placement = { node: 'node2', left: 'node1' };

test.each<readonly [string, Placement, PortsBound | undefined, object]>([
  ['it runs', { node: 'node1' }, undefined, { node: 'node1' }],
  ['it moves', { node: 'node1', target: 'node2' }, undefined, { node: 'node1', target: 'node2' }],
  ['arrived, nobody looks at OVN', arrived, undefined, { node: 'node2' }],
  ['arrived, the source has it', arrived, bound(['node1'], ['node2']), { node: 'node1', target: 'node2' }],
  ['arrived, the source has let go', arrived, bound([], ['node2']), { node: 'node2' }],
  ['arrived, the source does not let go', arrived, { ...bound(['node1'], ['node2']), late: true }, { node: 'node2' }],
  ['arrived, the target has lost it', arrived, bound(['node1'], ['node3']), { node: 'node2' }],
  ['failed', { node: 'node1' }, bound(['node1'], ['node2']), { node: 'node1' }],
  [
    'on to a third node: first the last move ends',
    { ...arrived, target: 'node3' },
    bound(['node1'], ['node2']),
    { node: 'node1', target: 'node2' },
  ],
  ['back at once', { ...arrived, target: 'node1' }, bound(['node1'], ['node2']), { node: 'node2', target: 'node1' }],
])('%s', (_what, placement, seen, expected) => {
  expect(pinOf(placement, seen)).toEqual(expected);
});

type NodeName = 'node1' | 'node2';

interface Binding {
  chassis: string | undefined;
  additional: readonly string[];
}

/** One port that is on node1 and, opened, on node2, where its machine has arrived. Source: lport_can_bind_on_this_chassis and below. */
class Southbound {
  binding: Binding = { chassis: 'node1', additional: ['node2'] };
  pin: readonly string[] = ['node1', 'node2'];
  readonly interfaces = new Set<NodeName>(['node1', 'node2']);
  readonly #views = new Map<NodeName, { readonly binding: Binding; readonly pin: readonly string[] }>();
  /** what ovn-controllers have decided and not written yet */
  readonly #decided = new Map<NodeName, readonly ((binding: Binding) => void)[]>();
  lost = false;

  look(node: NodeName): void {
    this.#views.set(node, { binding: { ...this.binding }, pin: this.pin });
  }

  decide(node: NodeName): void {
    const { binding, pin } = this.#views.get(node) ?? { binding: { ...this.binding }, pin: this.pin };
    const isAdditional = binding.additional.includes(node);
    const writes: ((binding: Binding) => void)[] = [];
    const take = () => writes.push((now) => (now.chassis = node));
    const empty = () => writes.push((now) => (now.chassis = undefined));
    const add = () => writes.push((now) => (now.additional = [...new Set([...now.additional, node])]));
    const remove = () => writes.push((now) => (now.additional = now.additional.filter((name) => name !== node)));
    if (this.interfaces.has(node) && pin[0] === node) {
      if (binding.chassis !== node) take();
      if (isAdditional) remove();
    } else if (this.interfaces.has(node) && pin.includes(node)) {
      if (!isAdditional) add();
      if (binding.chassis === node) empty();
    } else if (binding.chassis === node) empty();
    else if (isAdditional) remove();
    this.#decided.set(node, writes);
  }

  write(node: NodeName): void {
    for (const change of this.#decided.get(node) ?? []) change(this.binding);
    this.#decided.delete(node);
    const { chassis, additional } = this.binding;
    if (chassis !== 'node2' && !additional.includes('node2')) this.lost = true;
  }

  seen(): PortsBound | undefined {
    const { chassis, additional } = this.binding;
    return additional.length > 0 ? bound(chassis ? [chassis] : [], additional) : undefined;
  }
}

type Event = readonly [what: 'look' | 'decide' | 'write', node: NodeName] | readonly ['unplug' | 'pin'];
const event: fc.Arbitrary<Event> = fc.oneof(
  fc.tuple(fc.constantFrom('look', 'decide', 'write'), fc.constantFrom<NodeName>('node1', 'node2')),
  fc.tuple(fc.constantFrom('unplug', 'pin')),
);

function run(events: readonly Event[], decide: (southbound: Southbound) => readonly string[]): Southbound {
  const southbound = new Southbound();
  const step = ([what, node]: Event) => {
    if (what === 'pin') southbound.pin = decide(southbound);
    else if (what === 'unplug') southbound.interfaces.delete('node1');
    else southbound[what](node!);
  };
  events.forEach(step);
  const all: readonly Event[] = [['unplug'], ['pin'], ...(['node1', 'node2'] as const).flatMap(settled)];
  for (let round = 0; round < 4; round += 1) all.forEach(step);
  return southbound;
}

function settled(node: NodeName): readonly Event[] {
  return [
    ['write', node],
    ['look', node],
    ['decide', node],
    ['write', node],
  ];
}

describe('a machine that has arrived', () => {
  const pinned = (southbound: Southbound) => {
    const { node, target } = pinOf(arrived, southbound.seen());
    return target === undefined ? [node] : [node, target];
  };

  test('has its port at every moment, and in the end there alone', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const { lost, binding } = run(events, pinned);
        expect([lost, binding]).toEqual([false, { chassis: 'node2', additional: [] }]);
      }),
      { numRuns: 3000 },
    );
  });

  test('would lose it if it were simply pinned there: the source empties what the target has written', () => {
    const clash: readonly Event[] = [
      ['pin'],
      ['look', 'node1'],
      ['decide', 'node1'],
      ...settled('node2'),
      ['write', 'node1'],
    ];
    expect(run(clash, () => ['node2']).lost).toBe(true);
    expect(run(clash, pinned).lost).toBe(false);
  });
});
