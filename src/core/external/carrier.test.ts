import { expect, test } from 'vitest';
import { type GatewayFacts, whyCarried } from './carrier.ts';

const well: GatewayFacts = {
  carrier: 'node1',
  leader: 'node1',
  priorities: new Map([
    ['node1', 203],
    ['node2', 202],
  ]),
  cordoned: new Set(),
  cut: new Map(),
};
const lower = new Map([
  ['node1', 13],
  ['node2', 202],
]);

test.each<readonly [Partial<GatewayFacts>, string]>([
  [{}, 'it leads'],
  [{ carrier: undefined }, 'nobody carries it: node1, node2 may, and none does'],
  [{ carrier: 'node2' }, 'node1 leads, which other nodes do not reach by their tunnels'],
  [{ carrier: 'node2', priorities: lower }, 'node1 leads, which is on its way back'],
  [
    {
      carrier: 'node2',
      priorities: new Map([
        ['node1', 53],
        ['node2', 202],
      ]),
    },
    'node1 leads, which other nodes did not reach by their tunnels of late',
  ],
  [
    { carrier: 'node2', priorities: lower, cut: new Map([['node1', 'NoCarrier: eth1']]) },
    'node1 leads, whose uplink does not work (NoCarrier: eth1)',
  ],
  [{ carrier: 'node2', cordoned: new Set(['node1']) }, 'node1 leads, which is cordoned'],
  [{ carrier: 'node2', priorities: new Map([['node2', 202]]) }, 'node1 leads, which is not there'],
  [
    {
      cut: new Map([
        ['node1', 'NoAnswer'],
        ['node2', 'NoAnswer'],
      ]),
    },
    'it leads, although its own uplink does not work (NoAnswer)',
  ],
])('%j: %s', (facts, sentence) => {
  expect(whyCarried({ ...well, ...facts })).toBe(sentence);
});
