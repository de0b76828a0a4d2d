import { expect, test } from 'vitest';
import { labelPatch, networkLabels } from './node-labels.ts';

const uplink = (name: string, more: object = {}) => ({
  name,
  bridge: `br-${name}`,
  interface: 'eth1',
  mtu: 1500,
  ready: true,
  up: true,
  ...more,
});

test('networks that the node is on, with what can be said in a label', () => {
  expect(
    networkLabels([uplink('phys'), uplink('lost', { ready: false }), uplink('odd', { interface: 'a:b' })]),
  ).toEqual({
    'phys.provider-network.kubernetes.io/ready': 'true',
    'phys.provider-network.kubernetes.io/interface': 'eth1',
    'phys.provider-network.kubernetes.io/mtu': '1500',
    'odd.provider-network.kubernetes.io/ready': 'true',
    'odd.provider-network.kubernetes.io/mtu': '1500',
  });
});

test('labels of networks that the node is on no more go, those of others stay', () => {
  const wanted = networkLabels([uplink('phys', { mtu: 9000 })]);
  const labels = {
    rack: 'a',
    ...networkLabels([uplink('phys'), uplink('gone')]),
    'gone.provider-network.kubernetes.io/exclude': 'true',
  };
  expect(labelPatch(labels, wanted)).toEqual({
    'phys.provider-network.kubernetes.io/mtu': '9000',
    'gone.provider-network.kubernetes.io/ready': null,
    'gone.provider-network.kubernetes.io/interface': null,
    'gone.provider-network.kubernetes.io/mtu': null,
  });
  expect(labelPatch({ rack: 'a', ...wanted }, wanted)).toBeUndefined();
});
