/** Plans come to their end from wherever they were cut off, and nothing of the node is lost on the way. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uplinkChoices, type UplinkChoice } from './choice.ts';
import { planUplinks, type PlanOptions } from './plan.ts';
import { addressKey } from './state.ts';
import { SimulatedNode } from './testing/node.ts';

const PHYS = choices({ defaultInterface: 'eth1' });
const BOND = choices({ defaultInterface: 'bond1' }, { 'network.harvesterhci.io/bond': 'eth1,eth4' });
const OTHER_NIC = choices({ defaultInterface: 'eth4' });
const TO_BRIDGE = choices({ defaultInterface: 'br0' });
const NOTHING: readonly UplinkChoice[] = [];

const OPTIONS: PlanOptions = { silences: true, tunnels: [], internal: ['172.30.0.11'], underlays: ['eth2'] };

function choices(spec: object, annotations = {}): readonly UplinkChoice[] {
  const network = { apiVersion: 'v1', kind: 'ProviderNetwork', metadata: { name: 'phys', annotations }, spec };
  return uplinkChoices([network as never], { name: 'node1', labels: {} });
}

const addresses = fc.uniqueArray(
  fc.constantFrom(
    '192.0.2.5/24 brd 192.0.2.255',
    '192.0.2.6/24',
    '198.51.100.9/31',
    '2001:db8::5/64',
    '2001:db8:1::9/128',
  ),
  { maxLength: 4 },
);
const routes = fc.uniqueArray(
  fc.constantFrom(
    '0.0.0.0/0 via 192.0.2.1 dev %',
    '203.0.113.0/24 via 192.0.2.1 dev % table 7',
    '0.0.0.0/0 proto static nexthop via 192.0.2.1 dev % weight 1 nexthop via 192.0.2.2 dev % weight 1',
  ),
);

function nodeWith(own: readonly string[], texts: readonly string[]): SimulatedNode {
  const node = new SimulatedNode();
  node.nic('eth0', { addresses: ['172.30.0.11/24'] });
  node.nic('eth1', { addresses: own, mtu: 9000 });
  node.nic('eth4', { mtu: 9000 });
  node.nic('br0', { kind: 'bridge', addresses: ['10.9.9.9/24'] });
  node.bridgeMappings = 'theirs:br-theirs';
  if (own.some((address) => !address.includes(':')))
    for (const text of texts) node.routes.push({ family: 4, device: 'eth1', text });
  return node;
}

/** Runs plans to their end; at the numbered parts of steps the agent dies, and begins again. */
function settle(
  node: SimulatedNode,
  wanted: readonly UplinkChoice[],
  options = OPTIONS,
  deaths: ReadonlySet<number> = new Set(),
  check: () => void = () => undefined,
): void {
  let part = 0;
  for (let round = 0; round < 60; round++) {
    const { step } = planUplinks(wanted, node.state(), options);
    if (step === undefined) return;
    for (const act of node.parts(step)) {
      act();
      check();
      if (deaths.has(part++)) break;
    }
  }
  throw new Error('it does not come to an end');
}

const deaths = fc.array(fc.nat({ max: 25 }), { maxLength: 4 }).map((list) => new Set(list));
const targets = fc.constantFrom(PHYS, BOND, OTHER_NIC, TO_BRIDGE, NOTHING);

test('wherever the agent dies, it comes to the same end, and at no moment is an address or a route of the node nowhere', () => {
  fc.assert(
    fc.property(addresses, routes, fc.boolean(), deaths, targets, (own, texts, silences, dead, target) => {
      const options = { ...OPTIONS, silences };
      const [killed, alive] = [nodeWith(own, texts), nodeWith(own, texts)];
      const before = new Set(killed.routes.map(({ text }) => text));
      const complete = () => {
        const there = new Set([...killed.devices.values()].flatMap((device) => device.addresses.map(addressKey)));
        for (const address of [...own, '172.30.0.11/24', '10.9.9.9/24']) expect(there).toContain(addressKey(address));
        expect([...before].filter((text) => !killed.routes.some((route) => route.text === text))).toEqual([]);
        expect(killed.devices.get('eth0')!.addresses).toEqual(['172.30.0.11/24']);
      };
      settle(killed, target, options, dead, complete);
      settle(alive, target, options);
      expect(killed.shown()).toEqual(alive.shown());
    }),
  );
});

test('and back: after any history of choices and deaths the node is as it was', () => {
  fc.assert(
    fc.property(addresses, routes, fc.array(fc.tuple(targets, deaths), { maxLength: 4 }), (own, texts, history) => {
      const node = nodeWith(own, texts);
      const before = node.shown();
      for (const [target, dead] of history) settle(node, target, OPTIONS, dead);
      settle(node, NOTHING);
      expect(node.shown()).toEqual(before);
    }),
  );
});

test('a plan that was abandoned half way is undone as well', () => {
  fc.assert(
    fc.property(addresses, routes, fc.nat({ max: 12 }), (own, texts, parts) => {
      const node = nodeWith(own, texts);
      const before = node.shown();
      for (let left = parts; left > 0; ) {
        const { step } = planUplinks(PHYS, node.state(), OPTIONS);
        if (step === undefined) break;
        for (const act of node.parts(step)) if (left-- > 0) act();
      }
      settle(node, NOTHING);
      expect(node.shown()).toEqual(before);
    }),
  );
});

test('a switch that was started anew, with devices that have nothing, gets everything back', () => {
  fc.assert(
    fc.property(addresses, routes, (own, texts) => {
      const node = nodeWith(own, texts);
      settle(node, PHYS);
      const before = node.shown();
      node.restartSwitch();
      settle(node, PHYS);
      expect(node.shown()).toEqual(before);
    }),
  );
});
