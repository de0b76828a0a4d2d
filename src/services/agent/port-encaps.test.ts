import { describe, expect, test } from 'vitest';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { chosenNetworks, type Networks, portOperations } from './port-encaps.ts';

const subnet = (name: string, nodeNetwork?: string): Subnet => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Subnet',
  metadata: { name },
  spec: nodeNetwork ? { nodeNetwork } : {},
});
const attachment = (name: string, label: string): NetworkAttachmentDefinition => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name, namespace: 'ns', labels: { 'network.harvesterhci.io/clusternetwork': label } },
});
const subnets = new Map(
  [subnet('red', 'data3'), subnet('blue'), subnet('green')].map((one) => [one.metadata.name, one]),
);
const attachments = new Map([
  ['ns/green', attachment('green', 'data4')],
  ['ns/blue', attachment('blue', 'mgmt')],
]);
const networks: Networks = {
  subnet: (name) => subnets.get(name),
  subnets: () => subnets.values(),
  attachment: (key) => attachments.get(key),
  attachments: () => attachments.values(),
};
const port = (name: string, ids: Readonly<Record<string, string>>) => ({
  _uuid: name,
  name,
  type: '',
  options: {},
  external_ids: { vendor: 'kube-ovn', ...ids },
});
const plan = (addresses: Readonly<Record<string, string>>) => ({
  addresses: [],
  addressOf: new Map(Object.entries(addresses)),
});
const settled = { 'weft-subnet': 'red', 'weft-attachment': 'ns/red', 'encap-ip': '192.168.2.11' };

test('what is chosen: by subnets, by labels, not mgmt', () => {
  expect([...chosenNetworks(networks)]).toEqual(['data3', 'data4']);
});

describe('tunnel addresses of ports', () => {
  const operations = (ids: Readonly<Record<string, string>>, addresses: Readonly<Record<string, string>>) =>
    portOperations([port('p', ids)], networks, plan(addresses)).map(
      (operation) => 'mutations' in operation && operation.mutations,
    );
  const added = (address: string) => [
    [
      ['external_ids', 'delete', ['encap-ip']],
      ['external_ids', 'insert', { 'encap-ip': address }],
    ],
  ];

  test('one that is as it should be is left alone', () => {
    expect(operations(settled, { data3: '192.168.2.11' })).toEqual([]);
    expect(operations({ 'weft-subnet': 'blue', 'weft-attachment': 'ns/blue' }, { data3: '192.168.2.11' })).toEqual([]);
  });
  test('set where it is missing, changed where it is another', () => {
    expect(operations({ 'weft-subnet': 'red' }, { data3: '192.168.2.11' })).toEqual(added('192.168.2.11'));
    expect(operations(settled, { data3: '192.168.2.99' })).toEqual(added('192.168.2.99'));
    expect(operations({ 'weft-subnet': 'green', 'weft-attachment': 'ns/green' }, { data4: '192.168.4.11' })).toEqual(
      added('192.168.4.11'),
    );
  });
  test('taken back when the network is not to be used, or nothing is chosen any more', () => {
    expect(operations(settled, {})).toEqual([[['external_ids', 'delete', ['encap-ip']]]]);
    expect(operations({ ...settled, 'weft-subnet': 'blue' }, { data3: '192.168.2.11' })).toEqual([
      [['external_ids', 'delete', ['encap-ip']]],
    ]);
  });
  test('ports of others are theirs', () => {
    expect(operations({ vendor: 'other', 'weft-subnet': 'red' }, { data3: '192.168.2.11' })).toEqual([]);
    expect(operations({ 'encap-ip': '10.0.0.1' }, { data3: '192.168.2.11' })).toEqual([]);
  });
});
