/**
 * Floating IPs and forwarded ports applied at once, and one more of each. API server and observer share the bench's process; the controller is a process of
 * its own. No OVN behind the database.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NorthboundTables } from '../src/core/ovn/generated/nb.ts';
import type { KubeObject } from '../src/kinds/object.ts';
import type { OvnEip } from '../src/kinds/ovn-eip.ts';
import { OvsdbSession } from '../src/lib/ovsdb/session.ts';
import { ControlPlane } from '../test/support/control-plane.ts';
import { ControllerProcess } from '../test/support/controller-process.ts';
import { network, R, subnet, vpc } from '../test/support/objects.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';
import { atOnce, countersOf, quiet, total, writesOf } from './under-load.ts';

const NODES = ['node1', 'node2', 'node3'];
/** of the address that all forwarded ports share */
const SHARED = 'shared';
const NAMESPACE = 'default';

type Observer = OvsdbSession<NorthboundTables>;

export async function benchTranslations({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  const count = quick ? 20 : 1000;
  await using plane = await ControlPlane.start(engineRoot);
  const observer: Observer = new OvsdbSession<NorthboundTables>({
    remote: plane.northbound.remote,
    database: 'OVN_Northbound',
    monitor: { NAT: ['type', 'external_ip', 'logical_ip'], Load_Balancer: ['vips'] },
  });
  let last = 0;
  observer.onUpdate(() => (last = performance.now()));
  await observer.ready();
  const controller = await ControllerProcess.start(plane);
  try {
    await outside(plane);
    log(`translations: ${count} machines with floating IPs, ${count} with forwarded ports`);
    await machines(plane, count);
    await quiet(controller);
    const addresses = await addressesOf(plane, count);

    log('translations: all of them at once');
    const before = { ...(await countersOf(controller)), writes: total(await writesOf(controller)) };
    const started = performance.now();
    const rules = Array.from({ length: count }, (_, index) => [floating(index), forwarded(index)]).flat();
    await atOnce(rules, (rule) => create(plane, rule));
    const accepted = (performance.now() - started) / 1000;
    while (!isDone(observer, count)) await sleep(5);
    const committed = (last - started) / 1000;
    check(observer, addresses, count);
    await quiet(controller);
    const { transactions } = await countersOf(controller);
    const writes = total(await writesOf(controller)) - before.writes;
    const results: BenchResult[] = [
      {
        name: 'translations apply',
        value: committed,
        unit: 's',
        reference: accepted,
        referenceName: 'until the API server had accepted the last object',
        ratio: accepted / committed,
      },
      plain('translations apply transactions', transactions - before.transactions, 'transactions', `${count} of each`),
      plain('translations apply writes', writes / rules.length, 'API writes per object', 'reported'),
    ];
    for (const [what, rule] of [
      ['floating IP', floating(count)],
      ['forwarded port', forwarded(count)],
    ] as const) {
      const then = (await countersOf(controller)).transactions;
      await create(plane, rule);
      await quiet(controller);
      const cost = (await countersOf(controller)).transactions - then;
      results.push(plain(`translations one more ${what}`, cost, 'transactions', 'exactly 1'));
    }
    return results;
  } finally {
    await controller.stop();
    await observer.close();
  }
}

/** Nodes on a physical network, an external subnet, and a VPC that is connected to it. */
async function outside(plane: ControlPlane): Promise<void> {
  for (const node of NODES) {
    await plane.client.create(R.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: node }, spec: {} });
    const uplinks = [{ name: 'phys', bridge: 'br-phys', interface: 'eth1', mtu: 1500, ready: true, up: true }];
    await plane.client.create(R.nodeUnderlays, {
      apiVersion: 'network.harvesterhci.io/v1beta1',
      kind: 'NodeUnderlay',
      metadata: { name: node },
    });
    await plane.client.patch(R.nodeUnderlays, { name: node }, { status: { uplinks } }, { subresource: 'status' });
  }
  const declare = (kind: string, name: string, spec: object) =>
    create(plane, { apiVersion: 'kubeovn.io/v1', kind, metadata: { name }, spec });
  await declare('ProviderNetwork', 'phys', { defaultInterface: 'eth1' });
  await declare('Vlan', 'vlan100', { id: 100, provider: 'phys' });
  await declare('Subnet', 'external', { vlan: 'vlan100', cidrBlock: '172.20.0.0/16', gateway: '172.20.0.1' });
  await plane.client.create(R.vpcs, vpc('red', { enableExternal: true }));
  await plane.client.create(R.subnets, subnet('net', 'red', '10.1.0.0/16'));
  await plane.client.create(R.attachments, network('net', 'net'));
}

/** Twice as many machines and one more of each sort; those with a floating IP have their address outside already. */
async function machines(plane: ControlPlane, count: number): Promise<void> {
  const all = Array.from({ length: count + 1 }, (_, index) => index);
  await atOnce(
    all.flatMap((index) => [`f${index}`, `d${index}`]),
    (name) => plane.launch(name, 'net', NODES[name.length % NODES.length]!),
  );
  await atOnce([...all.map((index) => `e${index}`), SHARED], (name) =>
    create(plane, { apiVersion: 'kubeovn.io/v1', kind: 'OvnEip', metadata: { name }, spec: {} }),
  );
}

/** OvnEip -> its IPv4 address */
async function addressesOf(plane: ControlPlane, count: number): Promise<ReadonlyMap<string, string>> {
  for (;;) {
    const { items } = await plane.client.list<OvnEip>(R.ovnEips);
    const ready = items.filter(({ status }) => status?.ready === true);
    if (ready.length >= count + 2)
      return new Map(ready.map(({ metadata, status }) => [metadata.name, status?.v4Ip ?? '']));
    await sleep(100);
  }
}

const ipOf = (machine: string) => `${machine}.${NAMESPACE}.net.${NAMESPACE}.ovn`;

function floating(index: number): KubeObject {
  const spec = { ovnEip: `e${index}`, ipName: ipOf(`f${index}`) };
  return { apiVersion: 'kubeovn.io/v1', kind: 'OvnFip', metadata: { name: `f${index}` }, spec };
}

function forwarded(index: number): KubeObject {
  const spec = {
    ovnEip: SHARED,
    ipName: ipOf(`d${index}`),
    protocol: 'tcp',
    externalPort: `${10_000 + index}`,
    internalPort: '80',
  };
  return { apiVersion: 'kubeovn.io/v1', kind: 'OvnDnatRule', metadata: { name: `d${index}` }, spec };
}

const RESOURCES = {
  ProviderNetwork: R.providerNetworks,
  Vlan: R.vlans,
  Subnet: R.subnets,
  OvnEip: R.ovnEips,
  OvnFip: R.ovnFips,
  OvnDnatRule: R.ovnDnatRules,
} as const;

function create(plane: ControlPlane, object: KubeObject): Promise<unknown> {
  return plane.client.create(RESOURCES[object.kind as keyof typeof RESOURCES], object);
}

function floatingRows(observer: Observer) {
  return [...observer.cache.table('NAT').rows.values()].filter(({ type }) => type === 'dnat_and_snat');
}

function forwardedPorts(observer: Observer): readonly string[] {
  return [...observer.cache.table('Load_Balancer').rows.values()].flatMap(({ vips }) => Object.keys(vips));
}

function isDone(observer: Observer, count: number): boolean {
  return floatingRows(observer).length >= count && forwardedPorts(observer).length >= count;
}

/** @throws Error when a row is not the one that was asked for */
function check(observer: Observer, addresses: ReadonlyMap<string, string>, count: number): void {
  const outsideOf = new Set(floatingRows(observer).map(({ external_ip: ip }) => ip));
  const ports = new Set(forwardedPorts(observer));
  for (let index = 0; index < count; index++) {
    const [ip, port] = [addresses.get(`e${index}`)!, `${addresses.get(SHARED)}:${10_000 + index}`];
    if (!outsideOf.has(ip)) throw new Error(`no floating IP ${ip}`);
    if (!ports.has(port)) throw new Error(`no forwarded port ${port}`);
  }
}

function plain(name: string, value: number, unit: string, referenceName: string): BenchResult {
  return { name, value, unit, reference: 0, referenceName, ratio: 1 };
}
