/** VirtualNetworks between a real API server and a real Northbound database: parts made, kept, adopted and taken away, and what is written for it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NetworkAttachmentDefinition } from '../../src/kinds/network-attachment-definition.ts';
import type { Condition, KubeObject } from '../../src/kinds/object.ts';
import type { Subnet } from '../../src/kinds/subnet.ts';
import type { VirtualNetwork, VirtualNetworkSpec } from '../../src/kinds/virtual-network.ts';
import type { Vpc } from '../../src/kinds/vpc.ts';
import type { Resource } from '../../src/lib/kube/resource.ts';
import { KubeError } from '../../src/lib/kube/error.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { machine, R, subnet, virtualNetwork, vpc } from '../support/objects.ts';

let plane: ControlPlane;
let running: RunningController;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  running = await plane.controller();
  await plane.client.create(R.namespaces, { metadata: { name: 'shop' }, apiVersion: 'v1', kind: 'Namespace' } as never);
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

const create = (name: string, spec: VirtualNetworkSpec, namespace = 'default') =>
  plane.client.create(R.virtualNetworks, virtualNetwork(name, spec, namespace));
const edit = (name: string, spec: object, namespace = 'default') =>
  plane.client.patch<VirtualNetwork>(R.virtualNetworks, { name, namespace }, { spec });
const get = (name: string, namespace = 'default') =>
  plane.client.get<VirtualNetwork>(R.virtualNetworks, namespace, name);
const subnetOf = (name: string) => plane.client.get<Subnet>(R.subnets, undefined, name);
const vpcOf = (name: string) => plane.client.get<Vpc>(R.vpcs, undefined, name);
const attachmentOf = (name: string, namespace = 'default') =>
  plane.client.get<NetworkAttachmentDefinition>(R.attachments, namespace, name);

const condition = ({ status }: KubeObject, type = 'Ready') =>
  (status as { conditions?: readonly Condition[] } | undefined)?.conditions?.find((one) => one.type === type);

/** waits until it is Ready for what its spec says now */
function inForce(name: string, namespace = 'default'): Promise<VirtualNetwork> {
  return eventually(async () => {
    const found = await get(name, namespace);
    expect(condition(found)).toMatchObject({ status: 'True', observedGeneration: found.metadata.generation });
    return found;
  });
}

async function absent(resource: Resource, name: string, namespace?: string): Promise<void> {
  await eventually(async () => {
    const found = await plane.client.get(resource, namespace, name).catch((error: unknown) => error);
    expect(found).toBeInstanceOf(KubeError);
    expect((found as KubeError).reason).toBe('NotFound');
  });
}

const refusal = async (write: Promise<unknown>): Promise<string> => {
  const error = await write.then(
    () => new Error('was accepted'),
    (reason: unknown) => reason as Error,
  );
  return error.message;
};

const KINDS = ['VirtualNetwork', 'Vpc', 'Subnet', 'NetworkAttachmentDefinition'];
/** API writes of the controller so far, by kind */
async function writes(): Promise<Record<string, number>> {
  const count = async (kind: string) => {
    const verbs = await Promise.all(
      ['create', 'patch', 'delete'].map((verb) =>
        running.counter('weft_api_writes_total', `{kind="${kind}",verb="${verb}"}`),
      ),
    );
    return [kind, verbs.reduce((sum, one) => sum + one, 0)] as const;
  };
  return Object.fromEntries(await Promise.all(KINDS.map(count)));
}

const difference = (after: Record<string, number>, before: Record<string, number>) =>
  Object.fromEntries(KINDS.map((kind) => [kind, after[kind]! - before[kind]!]));

const settled = () => new Promise((resolve) => setTimeout(resolve, 1500));

describe('one object makes a network', () => {
  test('with its Subnet, VPC and NetworkAttachmentDefinition, in few writes', async () => {
    const before = await writes();
    await create('web', { cidrs: ['10.1.0.0/24', 'fd00:1::/64'] });
    const { status } = await inForce('web');
    expect(status).toMatchObject({
      vpc: 'web.default.vpc',
      subnet: 'web',
      networkAttachmentDefinition: 'default/web',
      gateways: ['10.1.0.1', 'fd00:1::1'],
      v4AvailableIPs: 253,
      v4UsingIPs: 0,
      v6AvailableIPs: 18446744073709551613n,
      virtualMachines: 0,
    });
    expect((await vpcOf('web.default.vpc')).spec).toEqual({ namespaces: ['default'] });
    expect((await subnetOf('web')).spec).toMatchObject({
      vpc: 'web.default.vpc',
      cidrBlock: '10.1.0.0/24,fd00:1::/64',
      provider: 'web.default.ovn',
      enableDHCP: true,
    });
    const { metadata, spec } = await attachmentOf('web');
    expect(JSON.parse(spec!.config!)).toEqual({
      cniVersion: '0.3.1',
      name: 'web',
      type: 'kube-ovn',
      server_socket: '/run/openvswitch/kube-ovn-daemon.sock',
      provider: 'web.default.ovn',
    });
    expect(metadata.labels).toMatchObject({
      'network.harvesterhci.io/clusternetwork': 'mgmt',
      'network.harvesterhci.io/type': 'OverlayNetwork',
      'network.harvesterhci.io/ready': 'true',
    });
    const owner = await get('web');
    expect(metadata.ownerReferences).toEqual([
      {
        apiVersion: 'network.harvesterhci.io/v1beta1',
        kind: 'VirtualNetwork',
        name: 'web',
        uid: owner.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    await settled();
    const after = difference(await writes(), before);
    // a VPC that is in force before its first subnet is there lists it in a write of its own
    const most: Record<string, number> = { Vpc: 3, Subnet: 2, NetworkAttachmentDefinition: 1, VirtualNetwork: 2 };
    for (const kind of KINDS) expect([kind, after[kind]! <= most[kind]!]).toEqual([kind, true]);
  });

  test('in a VPC that is there, with routes refused and isolation said to the Subnet', async () => {
    await plane.client.create(R.vpcs, vpc('red', { namespaces: ['default'] }));
    expect(
      await refusal(
        create('db', {
          cidrs: ['10.2.0.0/24'],
          vpc: 'red',
          routes: [{ destination: '0.0.0.0/0', nextHops: ['10.2.0.9'] }],
        }),
      ),
    ).toContain("spec.routes: Forbidden: VPC red is not this network's own");
    await create('db', { cidrs: ['10.2.0.0/24'], vpc: 'red', isolation: 'subnet' });
    await eventually(async () => expect((await subnetOf('db')).spec).toMatchObject({ vpc: 'red', private: true }));
    await absent(R.vpcs, 'db.default.vpc');
    expect(await refusal(create('db', { cidrs: ['10.3.0.0/24'], vpc: 'red' }, 'shop'))).toContain(
      'spec.vpc: Forbidden: VPC red is for namespaces default',
    );
  });

  test('a way out by routes is not built: everything else is in force', async () => {
    await create('out', { cidrs: ['10.4.0.0/24'], internet: 'routed' });
    await eventually(async () =>
      expect(condition(await get('out'))).toMatchObject({
        status: 'False',
        reason: 'NotImplemented',
        message: expect.stringContaining('spec.internet: routed is not built yet'),
      }),
    );
    expect((await plane.ready(R.subnets, 'out'))?.status).toBe('True');
  });

  test('named as another one of its namespace is: its Subnet carries the namespace', async () => {
    await create('web', { cidrs: ['10.1.0.0/24'] }, 'shop');
    const { status } = await inForce('web', 'shop');
    expect(status).toMatchObject({ subnet: 'web.shop', vpc: 'web.shop.vpc' });
  });
});

test('two of one name at the same moment: one of them has the short name', async () => {
  await Promise.all(['default', 'shop'].map((namespace) => create('same', { cidrs: ['10.31.0.0/24'] }, namespace)));
  const both = await Promise.all(['default', 'shop'].map((namespace) => inForce('same', namespace)));
  const names = both.map(({ status }) => status!.subnet!);
  expect(names).toContain('same');
  expect(names.filter((name) => ['same.default', 'same.shop'].includes(name))).toHaveLength(1);
});

describe('objects made by hand', () => {
  test('as in the proposal, they become parts, keep what they say, and stay when the network goes', async () => {
    const note = { labels: { team: 'a' }, annotations: { note: 'by hand' } };
    const byHand = <T extends { readonly metadata: object }>(object: T): T => ({
      ...object,
      metadata: { ...object.metadata, ...note },
    });
    await plane.client.create(R.vpcs, byHand(vpc('old.default.vpc')));
    await plane.client.create(
      R.subnets,
      byHand(
        subnet('byhand', 'old.default.vpc', '10.5.0.0/24', { provider: 'old.default.ovn', excludeIps: ['10.5.0.9'] }),
      ),
    );
    const config = JSON.stringify({ cniVersion: '0.3.1', type: 'kube-ovn', provider: 'old.default.ovn' });
    await plane.client.create(
      R.attachments,
      byHand({
        apiVersion: 'k8s.cni.cncf.io/v1',
        kind: 'NetworkAttachmentDefinition',
        metadata: { name: 'old', namespace: 'default' },
        spec: { config },
      }),
    );
    await create('old', { cidrs: ['10.5.0.0/24'], dhcp: { dnsServers: ['9.9.9.9'] } });
    expect((await inForce('old')).status).toMatchObject({ subnet: 'byhand' });
    const part = await subnetOf('byhand');
    expect(part.metadata).toMatchObject(note);
    expect(part.metadata.labels).toMatchObject({ 'network.harvesterhci.io/virtual-network': 'old' });
    expect(part.spec).toMatchObject({ enableDHCP: true, dhcpV4Options: 'dns_server={9.9.9.9}' });
    expect(part.spec!.excludeIps).toContain('10.5.0.9');
    expect((await attachmentOf('old')).metadata.ownerReferences ?? []).toEqual([]);
    await plane.client.delete(R.virtualNetworks, { name: 'old', namespace: 'default' });
    await absent(R.virtualNetworks, 'old', 'default');
    for (const left of [await vpcOf('old.default.vpc'), await subnetOf('byhand'), await attachmentOf('old')]) {
      expect(left.metadata).toMatchObject({ labels: note.labels });
      expect(left.metadata.deletionTimestamp).toBeUndefined();
      expect(Object.keys(left.metadata.labels!)).not.toContain('network.harvesterhci.io/virtual-network');
    }
  });

  test('that say something else keep it out', async () => {
    await plane.client.create(R.attachments, {
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name: 'lan', namespace: 'default' },
      spec: { config: JSON.stringify({ cniVersion: '0.3.1', type: 'bridge' }) },
    } as never);
    expect(await refusal(create('lan', { cidrs: ['10.6.0.0/24'] }))).toContain('is not of type kube-ovn');
  });

  test('that somebody takes away come back', async () => {
    await plane.client.delete(R.attachments, { name: 'web', namespace: 'default' });
    await eventually(async () => expect((await attachmentOf('web')).metadata.deletionTimestamp).toBeUndefined());
    await inForce('web');
  });
});

describe('with a machine on it', () => {
  test('prefix, gateway and VPC are kept, the rest may change, and deletion waits and says for whom', async () => {
    await plane.client.create(R.vms, machine('vm1', 'web'));
    await plane.launch('vm1', 'web');
    await eventually(async () => expect((await get('web')).status?.virtualMachines).toBe(1));
    expect(await refusal(edit('web', { cidrs: ['10.9.0.0/24', 'fd00:1::/64'] }))).toMatch(
      /spec.cidrs: Forbidden: cannot become 10.9.0.0\/24,fd00:1::\/64: 10.1.0.\d+ of VirtualMachine default\/vm1 would be outside/,
    );
    expect(await refusal(edit('web', { gateways: ['10.1.0.99'] }))).toContain(
      'spec.gateways: Forbidden: cannot change while it is used by VirtualMachine default/vm1',
    );
    expect(await refusal(edit('web', { vpc: 'red' }))).toContain(
      'spec.vpc: Forbidden: cannot change while it is used by VirtualMachine default/vm1',
    );
    await edit('web', {
      cidrs: ['10.1.0.0/16', 'fd00:1::/64'],
      dhcp: { dnsServers: ['9.9.9.9'] },
      mtu: 1300,
      routes: [{ destination: '172.16.0.0/12', nextHops: ['10.1.0.254'] }],
    });
    await inForce('web');
    expect((await subnetOf('web')).spec).toMatchObject({
      cidrBlock: '10.1.0.0/16,fd00:1::/64',
      gateway: '10.1.0.1,fd00:1::1',
      mtu: 1300,
    });
    expect((await vpcOf('web.default.vpc')).spec).toMatchObject({
      staticRoutes: [{ policy: 'policyDst', cidr: '172.16.0.0/12', nextHopIP: '10.1.0.254' }],
    });
    await plane.client.delete(R.virtualNetworks, { name: 'web', namespace: 'default' });
    await eventually(async () =>
      expect(condition(await get('web'))).toMatchObject({
        reason: 'Deleting',
        message: 'is deleted when nobody uses it any more: VirtualMachine default/vm1',
      }),
    );
    expect((await subnetOf('web')).metadata.deletionTimestamp).toBeUndefined();
    await plane.client.delete(R.pods, { name: 'virt-launcher-vm1', namespace: 'default' });
    await plane.client.delete(R.vmis, { name: 'vm1', namespace: 'default' });
    await plane.client.delete(R.vms, { name: 'vm1', namespace: 'default' });
    await absent(R.virtualNetworks, 'web', 'default');
    await absent(R.subnets, 'web');
    await absent(R.vpcs, 'web.default.vpc');
    await absent(R.attachments, 'web', 'default');
    await eventually(() => running.expectInSync());
  });
});

test('deleted with its parts orphaned, they stay and belong to nobody', async () => {
  await plane.client.delete(R.virtualNetworks, { name: 'web', namespace: 'shop' }, { propagationPolicy: 'Orphan' });
  await absent(R.virtualNetworks, 'web', 'shop');
  await settled();
  const { metadata } = await attachmentOf('web', 'shop');
  expect(metadata.ownerReferences ?? []).toEqual([]);
  for (const left of [metadata, (await subnetOf('web.shop')).metadata, (await vpcOf('web.shop.vpc')).metadata])
    expect(Object.keys(left.labels ?? {})).not.toContain('network.harvesterhci.io/virtual-network');
});

test('a controller that is stopped in the middle of many networks, again and again, leaves the next one to finish them', async () => {
  const names = Array.from({ length: 30 }, (_, index) => `many${index}`);
  const writing = names.map((name, index) => create(name, { cidrs: [`10.20.${index}.0/24`] }, 'shop'));
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    await running.stop();
    running = await plane.controller();
  }
  await Promise.all(writing);
  for (const name of names) await inForce(name, 'shop');
  const { items } = await plane.client.list<Subnet>(R.subnets);
  expect(items.filter(({ metadata }) => metadata.name.startsWith('many')).map(({ metadata }) => metadata.name)).toEqual(
    names.toSorted(),
  );
  await Promise.all(names.map((name) => plane.client.delete(R.virtualNetworks, { name, namespace: 'shop' })));
  for (const name of names) await absent(R.virtualNetworks, name, 'shop');
  const kinds = await Promise.all(
    [R.subnets, R.vpcs, R.attachments].map((kind) => plane.client.list<KubeObject>(kind)),
  );
  const left = kinds.flatMap((list) => list.items).filter(({ metadata }) => metadata.name.startsWith('many'));
  expect(left.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
  await eventually(() => running.expectInSync());
});

test('a part that is not let in is said with the reason, and made when nothing is in its way any more', async () => {
  await running.stop();
  await create('late', { cidrs: ['10.30.0.0/24'], vpc: 'red' });
  await plane.client.create(R.subnets, subnet('first', 'red', '10.30.0.0/16'));
  running = await plane.controller();
  await eventually(async () =>
    expect(condition(await get('late'))).toMatchObject({
      status: 'False',
      reason: 'Refused',
      message: expect.stringContaining('overlaps subnet first (10.30.0.0/16) of the same VPC red'),
    }),
  );
  await plane.client.delete(R.subnets, { name: 'first' });
  await inForce('late');
});

test('a controller that starts again writes nothing', async () => {
  await settled();
  await running.stop();
  running = await plane.controller();
  await settled();
  expect(await writes()).toEqual(Object.fromEntries(KINDS.map((kind) => [kind, 0])));
  expect(running.fatal).toEqual([]);
  running.expectInSync();
});
