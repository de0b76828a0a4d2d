/** Whoever edits a part of a VirtualNetwork by hand is told when it will not last. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import { Cluster, type StoredKind } from '../network/testing/cluster.ts';
import { admit } from './admit.ts';

function settled(): Cluster {
  const cluster = new Cluster();
  const network = { apiVersion: 'network.harvesterhci.io/v1beta1', kind: 'VirtualNetwork' };
  const metadata = { name: 'web', namespace: 'shop' };
  expect(cluster.put({ ...network, metadata, spec: { cidrs: ['10.0.0.0/24'], isolation: 'subnet' } })).toEqual([]);
  cluster.settle();
  return cluster;
}

function warningsOf(cluster: Cluster, kind: StoredKind, key: string, spec: Readonly<Record<string, unknown>>) {
  const old = cluster.get(kind, key)!;
  const edited: KubeObject = { ...old, spec: { ...(old.spec as object), ...spec } };
  return admit(edited, old, cluster.world).warnings;
}

const puts = (field: string) => `${field}: VirtualNetwork shop/web says this field and puts it back: edit the network`;

test.each<[StoredKind, string, Readonly<Record<string, unknown>>, string]>([
  ['Subnet', 'web', { private: false }, puts('spec.private')],
  ['Subnet', 'web', { mtu: 1300, enableDHCP: false }, puts('spec.enableDHCP')],
  ['NetworkAttachmentDefinition', 'shop/web', { config: '{}' }, puts('spec.config')],
])('%s %s: %j', (kind, key, spec, warning) => {
  expect(warningsOf(settled(), kind, key, spec)).toContain(warning);
});

test.each<[StoredKind, string, Readonly<Record<string, unknown>>]>([
  ['Subnet', 'web', { allowSubnets: ['10.1.0.0/24'], excludeIps: ['10.0.0.1', '10.0.0.9'] }],
  ['Vpc', 'web.shop.vpc', { staticRoutes: [{ cidr: '0.0.0.0/0', nextHopIP: '10.0.0.9' }] }],
])('what is theirs stays, without a word: %s %s: %j', (kind, key, spec) => {
  expect(warningsOf(settled(), kind, key, spec).filter((text) => text.includes('puts it back'))).toEqual([]);
});
