/** What users do to networks, to their parts, and to objects that might become parts. */
import fc from 'fast-check';
import { keyOf, type KubeObject } from '../../../kinds/object.ts';
import type { VirtualNetworkSpec } from '../../../kinds/virtual-network.ts';
import type { Cluster, StoredKind } from './cluster.ts';

/** prefixes with gateways in them, and routes to addresses in them */
const SHAPES = [
  { cidrs: ['10.0.0.0/24'], gateways: ['10.0.0.9'], hop: '10.0.0.254' },
  { cidrs: ['10.0.0.0/16'], gateways: ['10.0.0.1'], hop: '10.0.0.254' },
  { cidrs: ['10.1.0.0/24', 'fd00::/64'], gateways: ['10.1.0.7', 'fd00::7'], hop: 'fd00::254' },
  { cidrs: ['fd00:1::/64'], gateways: ['fd00:1::1'], hop: 'fd00:1::254' },
] as const;

const extras = fc.record(
  {
    mtu: fc.constantFrom(1300, 1400),
    clusterNetwork: fc.constantFrom('data2', 'data3'),
    isolation: fc.constantFrom('vpc', 'subnet'),
    dhcp: fc.record(
      { enabled: fc.boolean(), dnsServers: fc.constant([]), v4Options: fc.constant('lease_time=60') },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const place: fc.Arbitrary<Pick<VirtualNetworkSpec, 'vpc' | 'isolation'> | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('red', 'web.shop.vpc', 'db.shop.vpc').map((vpc) => ({ vpc })) },
  { weight: 1, arbitrary: fc.constant({ isolation: 'none' as const }) },
);

/** a network that its door takes, if nobody is in its way */
export const networkSpec: fc.Arbitrary<VirtualNetworkSpec> = fc
  .record({ shape: fc.constantFrom(...SHAPES), extras, place, gateways: fc.boolean(), routes: fc.boolean() })
  .map(({ shape, extras: said, place: where, gateways, routes }) => ({
    cidrs: shape.cidrs,
    ...said,
    ...where,
    ...(gateways ? { gateways: shape.gateways } : {}),
    ...(routes && !where
      ? { routes: [{ destination: shape.hop.includes(':') ? '::/0' : '172.16.0.0/12', nextHops: [shape.hop] }] }
      : {}),
  }));

const PLACES = [
  { name: 'web', namespace: 'shop' },
  { name: 'db', namespace: 'shop' },
  { name: 'web', namespace: 'play' },
] as const;
const namespaced = fc.constantFrom(...PLACES);

type Act = (cluster: Cluster) => void;
/** an act with what it does, for reports */
const act = (title: string, run: Act): readonly [string, Act] => [title, run];

const put = (object: KubeObject) =>
  act(
    `put ${object.kind} ${keyOf(object.metadata)} ${JSON.stringify(object.spec)}`,
    (cluster) => void cluster.put(object),
  );

const networkAct = fc.tuple(namespaced, networkSpec).map(([metadata, said]) =>
  act(`say ${metadata.namespace}/${metadata.name} ${JSON.stringify(said)}`, (cluster) => {
    const old = cluster.get('VirtualNetwork', keyOf(metadata));
    cluster.put({
      apiVersion: 'network.harvesterhci.io/v1beta1',
      kind: 'VirtualNetwork',
      metadata: { ...metadata, ...old?.metadata },
      spec: said,
    });
  }),
);

/** made by hand, under names that networks use, too */
const subnetByHand = fc
  .record({
    name: fc.constantFrom('web', 'web.shop', 'other'),
    vpc: fc.constantFrom('red', 'web.shop.vpc', 'db.shop.vpc'),
    cidrBlock: fc.constantFrom('10.0.0.0/24', '10.9.0.0/24'),
    provider: fc.constantFrom('web.shop.ovn', 'db.shop.ovn', 'ovn'),
  })
  .map(({ name, ...said }) => put({ apiVersion: 'kubeovn.io/v1', kind: 'Subnet', metadata: { name }, spec: said }));

const vpcByHand = fc
  .record({ name: fc.constantFrom('red', 'web.shop.vpc', 'web.shop') })
  .map(({ name }) => put({ apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name }, spec: {} }));

const attachmentByHand = fc
  .record({
    metadata: namespaced,
    type: fc.constantFrom('kube-ovn', 'bridge'),
    ipam: fc.constantFrom({}, { ipam: { subnet: 'other' } }),
  })
  .map(({ metadata, type, ipam }) =>
    put({
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { ...metadata },
      spec: { config: JSON.stringify({ type, ...ipam }) },
    }),
  );

/** an edit of some object that is there, whoever made it */
const edit = fc
  .tuple(
    fc.nat(20),
    fc.constantFrom<readonly [StoredKind, object]>(
      ['Subnet', { acls: [{ direction: 'to-lport', priority: 7, match: 'ip', action: 'allow' }] }],
      ['Subnet', { cidrBlock: '10.77.0.0/24' }],
      ['Subnet', { gateway: '10.0.0.99' }],
      ['Subnet', { excludeIps: ['10.0.0.20..10.0.0.30'] }],
      ['Subnet', { private: true, mtu: 1200 }],
      ['Subnet', { enableDHCP: false }],
      ['Vpc', { staticRoutes: [{ cidr: '192.168.0.0/24', nextHopIP: '10.0.0.254' }] }],
      ['Vpc', { staticRoutes: [] }],
    ),
  )
  .map(([index, [kind, change]]) =>
    act(`edit ${kind} number ${index}: ${JSON.stringify(change)}`, (cluster) => {
      const objects = cluster.all(kind);
      const object = objects[index % objects.length];
      if (object) cluster.put({ ...object, spec: { ...(object.spec as object), ...change } });
    }),
  );

const removal = fc
  .tuple(
    fc.nat(20),
    fc.constantFrom<StoredKind>('VirtualNetwork', 'VirtualNetwork', 'Subnet', 'Vpc', 'NetworkAttachmentDefinition'),
  )
  .map(([index, kind]) =>
    act(`delete ${kind} number ${index}`, (cluster) => {
      const objects = cluster.all(kind);
      const object = objects[index % objects.length];
      if (object) cluster.delete(kind, keyOf(object.metadata));
    }),
  );

const settle = fc.constant(act('settle', (cluster) => cluster.settle()));
/** what users do, one after another, and what the controller makes of it now and then */
export const history = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: networkAct },
    { weight: 2, arbitrary: subnetByHand },
    { weight: 2, arbitrary: vpcByHand },
    { weight: 2, arbitrary: attachmentByHand },
    { weight: 3, arbitrary: edit },
    { weight: 3, arbitrary: removal },
    { weight: 4, arbitrary: settle },
  ),
  { maxLength: 25, size: 'max' },
);
