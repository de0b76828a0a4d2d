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
  test('with its Subnet, VPC and NetworkAttachmentDefinition, in at most two writes each', async () => {
    const before = await writes();
    await create('web', { cidrs: ['10.1.0.0/24', 'fd00:1::/64'] });
    const { status } = await inForce('web');
    expect(status).toMatchObject({
      vpc: 'web.default.vpc',
      subnet: 'web.default',
      networkAttachmentDefinition: 'default/web',
      gateways: ['10.1.0.1', 'fd00:1::1'],
      v4AvailableIPs: 253,
      v4UsingIPs: 0,
      v6AvailableIPs: 18446744073709551613n,
      virtualMachines: 0,
    });
    expect((await subnetOf('web.default')).spec).toMatchObject({
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
    console.log(after);
    for (const kind of KINDS) expect([kind, after[kind]! <= 2]).toEqual([kind, true]);
    console.log(after);
  });
});
