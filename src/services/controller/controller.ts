/** Connects the pieces of the controller (see README.md) and holds what is known of each object's way into OVN. */
import { isClean } from '../../core/compile/desired.ts';
import { Compiler } from '../../core/compile/engine.ts';
import { RULES } from '../../core/compile/rules.ts';
import { type Change, type IndexName, type Settings, SETTINGS_KEY } from '../../core/compile/world.ts';
import { EIP_KINDS } from '../../core/external/families.ts';
import type { NorthboundTables } from '../../core/ovn/generated/nb.ts';
import type { RowId } from '../../core/ovn/row.ts';
import { keyOf, type KubeObject } from '../../kinds/object.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import type { OvsdbSession } from '../../lib/ovsdb/session.ts';
import { addressHandlers } from './address-handlers.ts';
import { Addresses } from './addresses.ts';
import { Balancers } from './balancers.ts';
import { Caches, type Handlers, ownerOfIp } from './caches.ts';
import { DefaultVpc } from './default-vpc.ts';
import { Epoch } from './epoch.ts';
import { EventRecorder } from './events.ts';
import { externalHandlers } from './external-handlers.ts';
import { FirstCommits } from './first-commits.ts';
import { GatewayWatch } from './gateway-watch.ts';
import { machineHandlers } from './machine-handlers.ts';
import { machinesOf, Placements } from './placements.ts';
import type { Metrics } from './metrics.ts';
import { Owners } from './owners.ts';
import { Outcomes } from './outcomes.ts';
import type { SouthboundSession } from './port-bindings.ts';
import { PhysicalNetworks } from './physical-networks.ts';
import { PortsDown } from './ports-down.ts';
import { SouthboundPorts } from './southbound-ports.ts';
import { networkHandlers } from './network-handlers.ts';
import type { Notice } from './notices.ts';
import { Reservations } from './reservations.ts';
import { hasStatus, STATUS_KINDS } from './status-kinds.ts';
import { Statuses } from './statuses.ts';
import { VirtualNetworks } from './virtual-networks.ts';
import { Workloads } from './workloads.ts';
import { Writer } from './writer.ts';
import { listed } from '../../core/text/listed.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface ControllerOptions {
  readonly client: KubeClient;
  readonly session: OvsdbSession<NorthboundTables>;
  /** without it, OVN is taken to do what it is told */
  readonly southbound?: SouthboundSession;
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly log: (sentence: string) => void;
  /** the controller cannot go on: superseded, or a defect */
  readonly onFatal: (error: unknown) => void;
}

const WORKERS = 16;
/** between gateway nodes and the others: milliseconds, and how many of them without a packet are a failure (ovn-nb(5), NB_Global) */
const GATEWAY_BFD = { 'bfd-min-rx': '100', 'bfd-min-tx': '100', 'bfd-mult': '3' };

export class Controller {
  readonly compiler = new Compiler(RULES);
  readonly writer: Writer;
  readonly epoch: Epoch;
  readonly #options: ControllerOptions;
  readonly #addresses: Addresses;
  readonly #caches: Caches;
  readonly #owners: Owners;
  readonly #ownerQueue: WorkQueue;
  readonly #reservations: Reservations;
  readonly #placements: Placements;
  readonly #workloads: Workloads;
  readonly #ports: SouthboundPorts | undefined;
  readonly #gateways: GatewayWatch | undefined;
  readonly #statuses: Statuses;
  readonly #networks: VirtualNetworks;
  readonly #balancers: Balancers;
  readonly #defaultVpc: DefaultVpc;
  readonly #physical: PhysicalNetworks;
  readonly #events: EventRecorder;
  readonly #outcomes: Outcomes;
  #pending: Change[] = [];
  #live = false;
  readonly #firstCommits: FirstCommits;

  constructor(options: ControllerOptions) {
    const { client, session, southbound, metrics, log, onFatal } = options;
    this.#options = options;
    const { world } = this.compiler;
    const stored =
      <K extends 'IP' | 'IPPool' | 'Vip' | 'OvnEip' | 'IptablesEIP' | 'VpcNatGateway'>(kind: K) =>
      (subnet: string) =>
        world.keys(kind, 'subnet' as IndexName<K>, subnet).flatMap((name) => this.#caches.of(kind).get(name) ?? []);
    this.#addresses = new Addresses({
      ips: stored('IP'),
      pools: stored('IPPool'),
      vips: stored('Vip'),
      eips: (subnet) => EIP_KINDS.flatMap((kind) => stored(kind)(subnet)),
      gateways: stored('VpcNatGateway'),
    });
    this.#firstCommits = new FirstCommits((seconds) => metrics.commitSeconds.observe(seconds));
    this.#events = new EventRecorder(client, 'weft-controller', (error) => log(`event: ${messageOf(error)}`));
    const uuidOf = (row: RowId) => this.writer.observed.get(row)?.uuid;
    this.#outcomes = new Outcomes({
      compiler: this.compiler,
      events: this.#events,
      uuidOf,
      ip: (name) => this.#caches.of('IP').get(name),
      ownerOf: (ip) => this.#caches.ownerOf(ip),
      judge: (kind, key) => this.#judge(kind, key),
      onInterfaceCommitted: (name) => {
        const ip = this.#caches.of('IP').get(name);
        if (ip) this.#firstCommits.committed(ownerOfIp(ip));
      },
      log,
    });
    this.epoch = new Epoch(session, GATEWAY_BFD);
    this.writer = new Writer({
      session,
      compiler: this.compiler,
      epoch: this.epoch,
      onCommitted: (sequence) => this.#outcomes.committed(sequence),
      onRejected: (rows, why) => this.#outcomes.rejected(rows, why),
      onRepaired: (rows) => {
        metrics.repaired.inc(rows.length);
        if (this.#live) log(`Northbound: put right what somebody else had changed: ${listed(rows, 10)}`);
      },
      onTransaction: (operations, seconds) => metrics.observeTransaction(operations, seconds),
      onFatal,
      log,
    });
    new PortsDown(session, (changes) => this.#take(changes));
    this.#physical = new PhysicalNetworks({
      client,
      allocator: this.#addresses.allocator,
      world,
      events: this.#events,
      caches: () => this.#caches,
      judge: (kind, key) => this.#judge(kind, key),
      log,
    });
    this.#ownerQueue = new WorkQueue({
      workers: WORKERS,
      work: (key) => this.#owners.reconcile(key),
      onError: (key, error) => log(`${key}: ${messageOf(error)}`),
    });
    this.#caches = new Caches(client, this.#handlers(), (what, error) => log(`${what}: ${messageOf(error)}`));
    this.#placements = new Placements(this.#caches, world);
    this.#workloads = new Workloads(this.#caches, world);
    const pieces = { compiler: this.compiler, caches: this.#caches, events: this.#events, log };
    this.#ports =
      southbound && new SouthboundPorts({ ...pieces, session: southbound, take: (changes) => this.#take(changes) });
    this.#gateways =
      southbound &&
      new GatewayWatch({
        session: southbound,
        northbound: session,
        world,
        take: (changes) => this.#onGateways(changes),
        log,
      });
    this.#owners = new Owners({
      client,
      allocator: this.#addresses.allocator,
      world,
      subnet: (name) => this.#caches.of('Subnet').get(name),
      vm: (key) => this.#caches.of('VirtualMachine').get(key),
      ip: (name) => this.#caches.of('IP').get(name),
      isComplete: (ip) => this.#addresses.isComplete(ip),
      vip: (name) => this.#caches.of('Vip').get(name),
      placement: (machine) => this.compiler.world.get('Placement', machine),
      podsOf: (owner) => this.#caches.podsOf(owner),
      ipsOf: (owner) => this.#caches.ipsOf(owner),
      learnIp: (ip) => this.#caches.of('IP').learn(ip),
      learnPod: (pod) => this.#caches.of('Pod').learn(pod),
      warn: (pod, owner, reason, message) => {
        const vm =
          owner.kind === 'VirtualMachine'
            ? this.#caches.of('VirtualMachine').get(`${owner.namespace}/${owner.name}`)
            : undefined;
        for (const object of [pod, vm]) if (object) this.#events.record(object, 'Warning', reason, message);
      },
    });
    this.#reservations = new Reservations({
      client,
      allocator: this.#addresses.allocator,
      vip: (name) => this.#caches.of('Vip').get(name),
      ip: (name) => this.#caches.of('IP').get(name),
      isComplete: (ip) => this.#addresses.isComplete(ip),
      holderOf: (vip) => world.keys('IP', 'takenVip', vip)[0] ?? '',
      judgement: (vip) => ({
        issues: [...this.compiler.issues('Vip', vip), ...this.#outcomes.rejections('Vip', vip)],
        // one that is only reserved has nothing in OVN
        committed: this.compiler.rowsOf('Vip', vip).length === 0 || this.#outcomes.isCommitted(`Vip/${vip}`),
      }),
      learnVip: (vip) => this.#caches.of('Vip').learn(vip),
      learnIp: (ip) => this.#caches.of('IP').learn(ip),
      warn: (object, reason, message) => this.#events.record(object, 'Warning', reason, message),
      log,
    });
    this.#statuses = new Statuses({
      client,
      compiler: this.compiler,
      allocator: this.#addresses.allocator,
      events: this.#events,
      object: (kind, key) => this.#caches.of(kind).get(key),
      isCommitted: (object) => this.#outcomes.isCommitted(object),
      uuidOf,
      health: () => this.#balancers.health(),
      rejections: (kind, key) => [
        ...this.#outcomes.rejections(kind, key),
        ...(kind === 'OvnEip' || kind === 'IptablesEIP' ? this.#physical.external.issues(kind, key) : []),
      ],
      learn: (object) => this.#caches.learn(object),
      log,
    });
    this.#balancers = new Balancers({
      client,
      world,
      southbound,
      learnVip: (vip) => this.#caches.of('Vip').learn(vip),
      onHealth: () => this.#statuses.checkHealth(),
      log,
    });
    this.#defaultVpc = new DefaultVpc(client, world, log);
    this.#networks = new VirtualNetworks({ client, world, caches: this.#caches, events: this.#events, log });
    metrics.follow(this.compiler, client);
  }

  /** what is done with changes of each kind */
  #handlers(): Handlers {
    return {
      ...networkHandlers({
        addresses: this.#addresses,
        external: this.#physical.external,
        networks: () => this.#networks,
        isLive: () => this.#live,
        take: (changes) => this.#take(changes),
        judge: (kind, key) => this.#judge(kind, key),
        list: (vpc) => this.#statuses.list(vpc),
        interconnect: (subnet) => this.#physical.interconnections.look(subnet),
        nicsIn: (subnet) => this.compiler.world.keys('IP', 'subnet', subnet).length,
        sweepBalancers: () => this.#balancers.sweep(),
        notify: (object, notice) => this.#notify(object, notice),
        unstick: () => this.#unstick(),
      }),
      ...addressHandlers({
        addresses: this.#addresses,
        owners: this.#ownerQueue,
        isLive: () => this.#live,
        take: (changes) => this.#take(changes),
        judge: (kind, key) => this.#judge(kind, key),
        count: (subnet) => this.#statuses.count(subnet),
        reserve: (kind, name) => this.#reservations.look(kind, name),
        interconnect: (subnet) => this.#physical.interconnections.look(subnet),
        followUsers: () => this.#networks.followUsers(),
        unstick: () => this.#unstick(),
      }),
      ...externalHandlers({
        addresses: this.#addresses,
        external: this.#physical.external,
        take: (changes) => this.#take(changes),
        judge: (kind, key) => this.#judge(kind, key),
        unstick: () => this.#unstick(),
        count: (subnet) => this.#live && this.#statuses.count(subnet),
        label: (node) => this.#physical.labels.look(node),
      }),
      ...machineHandlers({
        hasAddresses: (owner) => this.#caches.ipsOf(owner).length > 0,
        owners: this.#ownerQueue,
        firstCommits: this.#firstCommits,
        isLive: () => this.#live,
        place: (machines) => this.#onPlaces(machines),
        label: (owners) => this.#take(this.#workloads.changes(owners)),
        notify: (object, notice) => this.#notify(object, notice),
        followUsers: () => this.#networks.followUsers(),
      }),
    };
  }

  /** Takes over, reads everything, and resolves when the Northbound database is what is declared. */
  async start(): Promise<void> {
    await this.#options.session.ready();
    await this.epoch.claim();
    this.#pending.push({ kind: 'Settings', key: SETTINGS_KEY, object: this.#options.settings });
    await this.#caches.start();
    this.#pending.push(...this.#placements.changes(machinesOf(this.#caches.podsByOwner.groups())));
    this.#pending.push(...this.#workloads.all());
    this.#pending.push(...((await this.#ports?.start()) ?? []));
    this.#pending.push(...(this.#gateways?.start() ?? []));
    this.#compile();
    // what arrived before the subnet that it belongs to
    for (const { metadata } of this.#caches.of('Subnet').values()) this.#addresses.refill(metadata.name);
    await this.writer.start();
    this.#live = true;
    this.#ports?.live();
    this.#gateways?.live();
    this.#defaultVpc.look();
    for (const group of [this.#caches.podsByOwner, this.#caches.ipsByOwner])
      for (const owner of group.groups()) this.#ownerQueue.addLow(owner);
    for (const kind of STATUS_KINDS)
      for (const object of this.#caches.of(kind).values()) this.#statuses.judge(kind, keyOf(object.metadata));
    this.#physical.start(this.#caches);
    for (const { metadata } of this.#caches.of('Vip').values()) this.#reservations.look('Vip', metadata.name);
    for (const ip of this.#caches.of('IP').values())
      if (!this.#addresses.isComplete(ip)) this.#reservations.look('IP', ip.metadata.name);
    this.#networks.start();
    this.#balancers.start();
    this.#options.metrics.synced.set(1);
  }

  /** Lets what is on its way end, and stops. */
  async stop(): Promise<void> {
    this.#ports?.stop();
    this.#gateways?.stop();
    await Promise.all([
      this.#caches.stop(),
      this.#ownerQueue.stop(),
      this.#reservations.stop(),
      this.#statuses.stop(),
      this.#balancers.stop(),
      this.#defaultVpc.stop(),
      this.#physical.stop(),
      this.#networks.stop(),
    ]);
    await this.writer.stop();
  }

  /** Where machines run may have changed: all ports of each follow in one transaction. */
  #onPlaces(machines: readonly string[]): void {
    if (!this.#live) return;
    const moved = this.#placements.changes(new Set(machines));
    if (moved.length === 0) return;
    if (this.#ports) this.#ports.follow(moved, new Set(machines));
    else this.#take(moved);
    for (const { key } of moved) this.#ownerQueue.add(`VirtualMachine/${key}`);
  }

  /** Who carries gateways is an observation that people want to know of; who has lost some, one that the compiler acts on. */
  #onGateways(changes: readonly Change[]): void {
    if (!this.#live) return;
    this.#take(changes);
    for (const [name] of this.compiler.world.all('ProviderNetwork')) this.#judge('ProviderNetwork', name);
  }

  /** owners that waited for a network, a subnet or an address try again */
  #unstick(): void {
    if (!this.#live) return;
    for (const key of this.#owners.takeStuck()) this.#ownerQueue.add(key);
    this.#reservations.unstick();
    this.#physical.unstick();
    this.#networks.retryRefused();
    this.#defaultVpc.look();
  }

  #take(changes: readonly Change[]): void {
    for (const change of changes) this.#pending.push(change);
    if (this.#live) this.#compile();
  }

  #compile(): void {
    const { dirty, objects } = this.compiler.apply(this.#pending);
    this.#pending = [];
    if (objects.size > 0 || !isClean(dirty)) this.#outcomes.submitted(this.writer.submit(dirty), objects, dirty.rows);
  }

  #notify(object: KubeObject | undefined, notice: Notice | undefined): void {
    if (object && notice && this.#live) this.#events.record(object, 'Normal', notice.reason, notice.message);
  }

  /** the other kinds have no status that follows from their rows */
  #judge(kind: string, key: string): void {
    if (!this.#live) return;
    if (hasStatus(kind)) this.#statuses.judge(kind, key);
    else if (kind === 'Vip') this.#reservations.look('Vip', key);
    if (kind === 'SwitchLBRule') this.#balancers.look(key);
    if (kind === 'OvnDnatRule' || kind === 'IptablesDnatRule') this.#balancers.lookDnat(kind, key);
  }
}
