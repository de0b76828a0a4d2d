/** Generated parts of worlds that are about the networks between nodes. */
import fc from 'fast-check';
import type { NodeUnderlayStatus } from '../../../kinds/node-underlay.ts';
import type { Change } from '../world.ts';

const nodeName = fc.constantFrom('node1', 'node2', 'node3');
const networkName = fc.constantFrom('data2', 'data3');

const peer = fc.record({
  node: nodeName,
  address: fc.constant('192.168.2.12'),
  reachable: fc.boolean(),
  mtu: fc.constantFrom(1400, 1500),
  expectedMtu: fc.constant(1500),
});

const network = fc.record({
  name: networkName,
  address: fc.constantFrom('192.168.1.11', 'fd00::11'),
  mtu: fc.constantFrom(0, 1400, 1500, 9000),
  default: fc.boolean(),
  up: fc.boolean(),
  inUse: fc.boolean(),
  peers: fc.array(peer, { maxLength: 2 }),
  apart: fc.constantFrom([], ['data2:node2']),
});

const report: fc.Arbitrary<NodeUnderlayStatus> = fc.record({
  encapsulations: fc.constantFrom(['geneve'], ['vxlan'], ['geneve', 'vxlan']),
  networks: fc.array(network, { maxLength: 2 }),
});

/** what a node says of its networks, or that it says nothing any more */
export const nodeUnderlay = fc
  .record({ key: nodeName, object: fc.option(report, { nil: undefined }) })
  .map(({ key, object }): Change => ({ kind: 'NodeUnderlay', key, object }));

export const clusterNetwork = networkName.map(
  (name): Change => ({
    kind: 'ClusterNetwork',
    key: name,
    object: { apiVersion: 'network.harvesterhci.io/v1beta1', kind: 'ClusterNetwork', metadata: { name } },
  }),
);

/** an attachment that serves a subnet, with or without a choice */
export const attachment = fc
  .record({ subnet: fc.constantFrom('n1', 'n2'), choice: fc.constantFrom('', 'mgmt', 'data3') })
  .map(
    ({ subnet, choice }): Change => ({
      kind: 'NetworkAttachmentDefinition',
      key: `ns/${subnet}`,
      object: {
        apiVersion: 'k8s.cni.cncf.io/v1',
        kind: 'NetworkAttachmentDefinition',
        metadata: {
          name: subnet,
          namespace: 'ns',
          ...(choice ? { labels: { 'network.harvesterhci.io/clusternetwork': choice } } : {}),
        },
        spec: {
          config: JSON.stringify({ cniVersion: '0.3.1', type: 'kube-ovn', ipam: { type: 'kube-ovn', subnet } }),
        },
      },
    }),
  );

const created = fc.integer({ min: 0, max: 3 }).map((second) => `2026-01-01T00:00:0${second}Z`);

const providerNetwork = fc.record({ key: fc.constantFrom('phys', 'phys2'), present: fc.boolean() }).map(
  ({ key, present }): Change => ({
    kind: 'ProviderNetwork',
    key,
    object: present
      ? {
          apiVersion: 'kubeovn.io/v1',
          kind: 'ProviderNetwork',
          metadata: { name: key },
          spec: { defaultInterface: 'eth1' },
        }
      : undefined,
  }),
);

/** VLANs that share a number, move, and go */
const vlan = fc
  .record({
    key: fc.constantFrom('v', 'w'),
    created,
    spec: fc.option(fc.record({ provider: fc.constantFrom('phys', 'phys2'), id: fc.constantFrom(0, 7) }), {
      nil: undefined,
    }),
  })
  .map(
    ({ key, created: creationTimestamp, spec }): Change => ({
      kind: 'Vlan',
      key,
      object: spec && { apiVersion: 'kubeovn.io/v1', kind: 'Vlan', metadata: { name: key, creationTimestamp }, spec },
    }),
  );

/** a node on a physical network, or not any more */
const uplink = fc
  .record({
    provider: fc.constantFrom('phys', 'phys2'),
    node: nodeName,
    said: fc.option(fc.record({ ready: fc.boolean(), up: fc.boolean(), mtu: fc.constantFrom(1400, 1500) }), {
      nil: undefined,
    }),
  })
  .map(
    ({ provider: name, node, said }): Change => ({
      kind: 'Uplink',
      key: `${name}/${node}`,
      object: said && { name, node, ...said },
    }),
  );

const node = fc.record({ key: nodeName, unschedulable: fc.boolean() }).map(
  ({ key, unschedulable }): Change => ({
    kind: 'Node',
    key,
    object: { apiVersion: 'v1', kind: 'Node', metadata: { name: key }, spec: { unschedulable } },
  }),
);

export const physicalChange: fc.Arbitrary<Change> = fc.oneof(providerNetwork, vlan, uplink, node);
