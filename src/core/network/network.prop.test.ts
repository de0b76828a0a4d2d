/** Whatever users do to networks and their parts, and in whatever order: it comes to rest, what is said is there, and what belongs to others stays. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { keyOf, type KubeObject, type ObjectMeta } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork, VirtualNetworkSpec } from '../../kinds/virtual-network.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import { claimOf, isAdopted } from './claim.ts';
import { APPLIED } from './merge.ts';
import { networkOf, vpcOf } from './names.ts';
import { Cluster, type StoredKind } from './testing/cluster.ts';
import { history, networkSpec } from './testing/histories.ts';

const object = (kind: string, metadata: ObjectMeta, spec: object): KubeObject => ({
  apiVersion: kind === 'NetworkAttachmentDefinition' ? 'k8s.cni.cncf.io/v1' : 'kubeovn.io/v1',
  kind,
  metadata,
  spec,
});

const networks = (cluster: Cluster) => cluster.all('VirtualNetwork') as readonly VirtualNetwork[];
const partKinds = ['Vpc', 'Subnet', 'NetworkAttachmentDefinition'] as const;

test('it comes to rest, and then every network has what it says, or says why not', () => {
  let complete = 0;
  fc.assert(
    fc.property(history, (acts) => {
      const cluster = new Cluster();
      for (const [, run] of acts) run(cluster);
      cluster.settle();
      for (const network of networks(cluster)) {
        if (network.metadata.deletionTimestamp !== undefined) {
          expect(cluster.plan(network).issues).not.toEqual([]);
          continue;
        }
        const { steps, issues } = cluster.plan(network);
        // what is left to do is what the door refuses: overlaps with networks that came meanwhile, for example
        if (steps.length > 0) expect(cluster.take(steps[0]!)).toBe(false);
        if (steps.length > 0 || issues.length > 0) continue;
        complete += 1;
        const subnets = cluster
          .all('Subnet')
          .filter((one) => networkOf(one.metadata) === keyOf(network.metadata)) as Subnet[];
        expect(subnets).toHaveLength(1);
        expect(subnets[0]!.spec).toMatchObject({
          vpc: vpcOf(network).name,
          cidrBlock: network
            .spec!.cidrs.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')))
            .join(','),
        });
        // or the attachment names the Subnet
        const { name, namespace } = network.metadata;
        expect([`${name}.${namespace}.ovn`, 'ovn']).toContain(subnets[0]!.spec!.provider);
        expect(subnets[0]!.spec!.enableDHCP ?? false).toBe(network.spec!.dhcp?.enabled ?? true);
        expect(subnets[0]!.spec!.private ?? false).toBe(network.spec!.isolation === 'subnet');
        for (const gateway of network.spec!.gateways ?? [])
          expect(subnets[0]!.spec!.gateway!.split(',')).toContain(gateway);
        expect(cluster.get('NetworkAttachmentDefinition', keyOf(network.metadata))).toBeDefined();
        if (!vpcOf(network).own) continue;
        const vpc = cluster.get('Vpc', vpcOf(network).name) as Vpc;
        expect(vpc.spec?.namespaces).toContain(network.metadata.namespace);
        const hops = (vpc.spec?.staticRoutes ?? []).map(({ nextHopIP }) => nextHopIP);
        for (const { nextHops } of network.spec!.routes ?? []) for (const hop of nextHops) expect(hops).toContain(hop);
      }
    }),
    { numRuns: 600 },
  );
  expect(complete).toBeGreaterThan(300);
});

test('a network touches its own parts and objects of nobody that say nothing else', () => {
  let adopted = 0;
  fc.assert(
    fc.property(history, (acts) => {
      const cluster = new Cluster();
      for (const [title, run] of acts) {
        if (title === 'settle') {
          for (const network of networks(cluster))
            for (const { verb, object } of cluster.plan(network).steps) {
              if (verb === 'create') {
                expect(cluster.get(object.kind as StoredKind, keyOf(object.metadata))).toBeUndefined();
                continue;
              }
              const claim = claimOf(object, network);
              expect(verb === 'delete' ? [claim] : [claim, 'free']).toContain(claim);
              expect(typeof claim).toBe('string');
              if (claim !== 'free') continue;
              adopted += 1;
              expect(verb).toBe('patch');
            }
        }
        run(cluster);
      }
    }),
    { numRuns: 400 },
  );
  expect(adopted).toBeGreaterThan(20);
});

test('when all networks are gone, what they made is gone, and what was there before is as it was', () => {
  let adopted = 0;
  fc.assert(
    fc.property(history, (acts) => {
      const cluster = new Cluster();
      for (const [, run] of acts) run(cluster);
      cluster.settle();
      const others = partKinds
        .flatMap((kind) => cluster.all(kind))
        .filter((one) => networkOf(one.metadata) === undefined || isAdopted(one))
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      adopted += others.filter(isAdopted).length;
      for (const { metadata } of networks(cluster)) cluster.delete('VirtualNetwork', keyOf(metadata));
      cluster.settle();
      for (const { kind, metadata, spec } of others)
        expect(cluster.get(kind as StoredKind, keyOf(metadata))?.spec).toEqual(spec);
      // a VPC in which somebody else has a subnet keeps its network, which says so
      for (const network of networks(cluster))
        expect(cluster.plan(network).issues).toMatchObject([{ reason: 'StillUsed' }]);
      const left = partKinds
        .flatMap((kind) => cluster.all(kind))
        .filter(({ metadata }) => networkOf(metadata) !== undefined);
      for (const { metadata } of left)
        expect(networks(cluster).map((one) => keyOf(one.metadata))).toContain(networkOf(metadata));
      for (const { metadata } of partKinds.flatMap((kind) => cluster.all(kind)))
        if (networkOf(metadata) === undefined) expect(Object.keys(metadata.annotations ?? {})).not.toContain(APPLIED);
    }),
    { numRuns: 400 },
  );
  expect(adopted).toBeGreaterThan(10);
});

const say = (cluster: Cluster, spec: VirtualNetworkSpec): boolean => {
  const metadata = { name: 'web', namespace: 'shop', ...cluster.get('VirtualNetwork', 'shop/web')?.metadata };
  const apiVersion = 'network.harvesterhci.io/v1beta1';
  const errors = cluster.put({ apiVersion, kind: 'VirtualNetwork', metadata, spec });
  cluster.settle();
  return errors.length === 0;
};

const acls = [{ direction: 'to-lport', priority: 7, match: 'ip4', action: 'drop' }];
const route = { policy: 'policyDst', cidr: '192.168.0.0/24', nextHopIP: '10.0.0.77' };
const foreign = { labels: { team: 'a' }, annotations: { note: 'b', 'kubectl.kubernetes.io/restartedAt': 'c' } };
const edits = fc.array(networkSpec, { minLength: 2, maxLength: 6, size: 'max' });

test('what users say of a part beside its network survives edits of the network', () => {
  let edited = 0;
  fc.assert(
    fc.property(edits, (specs) => {
      const cluster = new Cluster();
      if (!say(cluster, specs[0]!)) return;
      const add = (object: KubeObject, spec: object) =>
        cluster.put({
          ...object,
          metadata: {
            ...object.metadata,
            labels: { ...object.metadata.labels, ...foreign.labels },
            annotations: { ...object.metadata.annotations, ...foreign.annotations },
          },
          spec: { ...(object.spec as object), ...spec },
        });
      const find = () => ({
        subnet: cluster.get('Subnet', 'web') as Subnet,
        vpc: cluster.get('Vpc', 'web.shop.vpc') as Vpc | undefined,
        attachment: cluster.get('NetworkAttachmentDefinition', 'shop/web')!,
      });
      const before = find();
      add(before.subnet, { acls, allowEWTraffic: true });
      add(before.attachment, {});
      const said = before.vpc?.spec;
      if (before.vpc)
        add(before.vpc, {
          staticRoutes: [...(said?.staticRoutes ?? []), route],
          namespaces: [...said!.namespaces!, 'play'],
        });
      let hasVpc = before.vpc !== undefined;
      for (const spec of specs.slice(1)) {
        if (say(cluster, spec)) edited += 1;
        const { subnet, vpc, attachment } = find();
        expect(subnet.spec).toMatchObject({ acls, allowEWTraffic: true });
        expect(subnet.metadata).toMatchObject(foreign);
        expect(attachment.metadata).toMatchObject(foreign);
        // its own VPC goes when the network moves to another
        hasVpc &&= vpc !== undefined;
        if (!hasVpc) continue;
        expect(vpc!.spec?.staticRoutes).toContainEqual(route);
        expect(vpc!.spec?.namespaces).toEqual(expect.arrayContaining(['shop', 'play']));
        expect(vpc!.metadata).toMatchObject(foreign);
      }
    }),
    { numRuns: 300 },
  );
  expect(edited).toBeGreaterThan(300);
});

test('what is adopted keeps all that it said, and is left when the network goes', () => {
  fc.assert(
    fc.property(networkSpec, fc.constantFrom('web', 'red', 'web.shop'), (spec, subnetName) => {
      const cluster = new Cluster();
      const { vpc = spec.isolation === 'none' ? 'ovn-cluster' : 'web.shop.vpc' } = spec;
      fc.pre(vpc !== subnetName);
      cluster.put(object('Vpc', { name: vpc, ...foreign }, { staticRoutes: [route] }));
      const gateway = spec.gateways?.join(',');
      cluster.put(
        object(
          'Subnet',
          { name: subnetName, ...foreign },
          {
            vpc,
            provider: 'web.shop.ovn',
            cidrBlock: spec.cidrs.join(','),
            acls,
            ...(gateway === undefined ? {} : { gateway }),
          },
        ),
      );
      const config = JSON.stringify({ type: 'kube-ovn', provider: 'web.shop.ovn', mtu: 1234 });
      cluster.put(object('NetworkAttachmentDefinition', { name: 'web', namespace: 'shop', ...foreign }, { config }));
      const byHand = () => partKinds.flatMap((kind) => cluster.all(kind));
      const made = byHand().map(({ metadata }) => metadata.uid);
      expect(say(cluster, spec)).toBe(true);
      expect(byHand().map(({ metadata }) => metadata.uid)).toEqual(expect.arrayContaining(made));
      const keeps = () => {
        expect(cluster.get('Subnet', subnetName)).toMatchObject({ metadata: foreign, spec: { acls } });
        const attachment = cluster.get('NetworkAttachmentDefinition', 'shop/web') as NetworkAttachmentDefinition;
        expect(attachment.metadata).toMatchObject(foreign);
        expect(JSON.parse(attachment.spec!.config!)).toMatchObject({ mtu: 1234 });
        if (cluster.get('Vpc', vpc))
          expect(cluster.get('Vpc', vpc)).toMatchObject({
            metadata: foreign,
            spec: { staticRoutes: expect.arrayContaining([route]) },
          });
      };
      keeps();
      expect(networkOf(cluster.get('Subnet', subnetName)!.metadata)).toBe('shop/web');
      expect(cluster.plan(networks(cluster)[0]!).steps).toEqual([]);
      cluster.delete('VirtualNetwork', 'shop/web');
      cluster.settle();
      expect(networks(cluster)).toEqual([]);
      keeps();
      expect(byHand().map(({ metadata }) => metadata.uid)).toEqual(expect.arrayContaining(made));
    }),
    { numRuns: 200 },
  );
});
