/**
 * The half of virt that knows the cluster: machines become instances, instances become launcher pods on nodes.
 *
 *   VirtualMachine --machines--> VirtualMachineInstance --instances--> Pod (with a node) --> virt-node on that node
 *                                                        plain pods -> binding
 */
import { keyOf } from '../../kinds/object.ts';
import type { Migration, VirtualMachine, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer, type ObjectChange } from '../../lib/kube/informer.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import { Evacuations } from './evacuations.ts';
import { Instances } from './instances.ts';
import { Launchers } from './launchers.ts';
import { Machines } from './machines.ts';
import { Migrations } from './migrations.ts';
import { Nodes } from './nodes.ts';
import { PlainPods } from './plain-pods.ts';
import { instanceOwner, type Node, type Pod } from './pod.ts';
import { type EventObject, keepEvent, POD_WARNINGS, PodWarnings } from './pod-warnings.ts';
import { RESOURCES } from './resources.ts';
import { timestamp } from './timestamp.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface VirtControllerOptions {
  readonly client: KubeClient;
  readonly log: (sentence: string) => void;
}

const WORKERS = 8;
/** milliseconds between looks for nodes that stopped reporting */
const JUDGE_INTERVAL = 5000;

type Sort = 'vm' | 'vmi' | 'pod' | 'migration' | 'evacuation';

export class VirtController {
  readonly #options: VirtControllerOptions;
  readonly #vms: Informer<VirtualMachine>;
  readonly #vmis: Informer<VirtualMachineInstance>;
  readonly #pods: Informer<Pod>;
  readonly #nodeCache: Informer<Node>;
  readonly #events: Informer<EventObject>;
  readonly #migrationCache: Informer<Migration>;
  readonly #migrationsByInstance = new Map<string, Set<string>>();
  readonly #migrations: Migrations;
  readonly #warnings = new PodWarnings();
  readonly #launchers: Launchers;
  readonly #nodes: Nodes;
  readonly #reconcilers: Readonly<Record<Sort, { reconcile(key: string): Promise<void> }>>;
  readonly #instances: Instances;
  readonly #plain: PlainPods;
  readonly #queue: WorkQueue;
  #live = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: VirtControllerOptions) {
    this.#options = options;
    const { client, log } = options;
    const onError = (error: unknown) => log(`watch: ${messageOf(error)}`);
    this.#vms = new Informer(client, RESOURCES.vms, { onError, onChanges: (changes) => this.#onKeys('vm', changes) });
    this.#vmis = new Informer(client, RESOURCES.vmis, { onError, onChanges: (changes) => this.#onInstances(changes) });
    this.#pods = new Informer(client, RESOURCES.pods, {
      onError,
      onChanges: (changes) => this.#onPods(changes as readonly ObjectChange<Pod>[]),
    });
    this.#nodes = new Nodes(client);
    this.#nodeCache = new Informer<Node>(client, RESOURCES.nodes, {
      onError,
      onChanges: (changes) => this.#onNodes(changes as readonly ObjectChange<Node>[]),
    });
    this.#nodes.follow(this.#nodeCache);
    this.#events = new Informer<EventObject>(client, RESOURCES.events, {
      fieldSelector: POD_WARNINGS,
      keep: keepEvent,
      onError,
      onChanges: (changes) => this.#onWarnings(changes as readonly ObjectChange<EventObject>[]),
    });
    this.#migrationCache = new Informer<Migration>(client, RESOURCES.migrations, {
      onError,
      onChanges: (changes) => this.#onMigrations(changes as readonly ObjectChange<Migration>[]),
    });
    this.#launchers = new Launchers((key) => this.#pods.get(key));
    const instance = (key: string) => this.#vmis.get(key);
    const common = { client, launchers: this.#launchers, nodes: this.#nodes, now: timestamp };
    const warning = ({ metadata }: Pod) => this.#warnings.latest(metadata.uid);
    this.#instances = new Instances({ ...common, instance, warning });
    this.#plain = new PlainPods({ ...common, pod: (key) => this.#pods.get(key) });
    const machines = new Machines({ ...common, instance, machine: (key) => this.#vms.get(key) });
    const migrationsOf = (key: string) => this.#migrationsOf(key);
    const learn = (migration: Migration) => this.#migrationCache.learn(migration);
    this.#migrations = new Migrations({ ...common, instance, migrationsOf, learn, warning });
    const evacuations = new Evacuations({
      client,
      instance,
      migrationsOf,
      now: timestamp,
      launchersOf: (key) => this.#launchers.of(key),
      isSchedulable: (node) => this.#nodes.isSchedulable(node),
    });
    this.#reconcilers = {
      vm: machines,
      vmi: this.#instances,
      pod: this.#plain,
      migration: this.#migrations,
      evacuation: evacuations,
    };
    this.#queue = new WorkQueue({
      workers: WORKERS,
      work: (key) => this.#work(key),
      onError: (key, error) => log(`${key}: ${messageOf(error)}`),
    });
  }

  /** Reads everything and begins to act. */
  async start(): Promise<void> {
    await Promise.all(this.#informers().map((informer) => informer.start()));
    this.#live = true;
    for (const pod of this.#pods.values()) this.#add('pod', keyOf(pod.metadata));
    this.#addAll();
    this.#timer = setInterval(() => void this.#judge(), JUDGE_INTERVAL);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#informers().map((informer) => informer.stop()));
    await this.#queue.stop();
  }

  #informers(): readonly { start(): Promise<void>; stop(): Promise<void> }[] {
    return [this.#vms, this.#vmis, this.#pods, this.#nodeCache, this.#events, this.#migrationCache];
  }

  #work(key: string): Promise<void> {
    const slash = key.indexOf('/');
    return this.#reconcilers[key.slice(0, slash) as Sort].reconcile(key.slice(slash + 1));
  }

  #add(sort: Sort, key: string): void {
    if (this.#live) this.#queue.add(`${sort}/${key}`);
  }

  #addAll(): void {
    for (const vm of this.#vms.values()) this.#add('vm', keyOf(vm.metadata));
    for (const vmi of this.#vmis.values()) {
      this.#add('vmi', keyOf(vmi.metadata));
      this.#add('evacuation', keyOf(vmi.metadata));
    }
    for (const instance of this.#migrationsByInstance.keys()) this.#add('migration', instance);
  }

  #onKeys(sort: Sort, changes: readonly ObjectChange<unknown>[]): void {
    for (const { key } of changes) this.#add(sort, key);
  }

  #onInstances(changes: readonly ObjectChange<unknown>[]): void {
    this.#onKeys('vmi', changes);
    this.#onKeys('vm', changes);
    this.#onKeys('evacuation', changes);
    for (const { key } of changes) this.#addMigrations(key);
  }

  #onMigrations(changes: readonly ObjectChange<Migration>[]): void {
    for (const { key, old, new: migration } of changes) {
      const [before, after] = [old && instanceOfMigration(old), migration && instanceOfMigration(migration)];
      if (before !== undefined && before !== after) this.#migrationsByInstance.get(before)?.delete(key);
      if (after !== undefined)
        this.#migrationsByInstance.set(after, (this.#migrationsByInstance.get(after) ?? new Set()).add(key));
      for (const instance of new Set([before, after])) {
        if (instance === undefined) continue;
        this.#add('migration', instance);
        this.#add('evacuation', instance);
      }
    }
  }

  #migrationsOf(instance: string): readonly Migration[] {
    return [...(this.#migrationsByInstance.get(instance) ?? [])].flatMap((key) => this.#migrationCache.get(key) ?? []);
  }

  #addMigrations(instance: string): void {
    if (this.#migrationsByInstance.get(instance)?.size) this.#add('migration', instance);
  }

  #onPods(changes: readonly ObjectChange<Pod>[]): void {
    for (const instance of this.#launchers.follow(changes)) {
      this.#add('vmi', instance);
      this.#add('evacuation', instance);
      this.#addMigrations(instance);
    }
    for (const { key, new: pod } of changes) if (pod) this.#add('pod', key);
  }

  #onWarnings(changes: readonly ObjectChange<EventObject>[]): void {
    for (const key of this.#warnings.follow(changes)) {
      const pod = this.#pods.get(key);
      const owner = pod && instanceOwner(pod);
      if (!owner) continue;
      this.#add('vmi', `${pod.metadata.namespace}/${owner.name}`);
      this.#addMigrations(`${pod.metadata.namespace}/${owner.name}`);
    }
  }

  #onNodes(changes: readonly ObjectChange<Node>[]): void {
    if (!this.#nodes.onChanges(changes, performance.now()) || !this.#live) return;
    for (const key of this.#instances.takeUnplaced()) this.#add('vmi', key);
    for (const key of this.#plain.takeUnplaced()) this.#add('pod', key);
    for (const key of this.#migrations.takeUnplaced()) this.#add('migration', key);
    const names = new Set(changes.map(({ key }) => key));
    for (const pod of this.#pods.values())
      if (names.has(pod.spec?.nodeName ?? '')) this.#onPods([{ key: keyOf(pod.metadata), old: pod, new: pod }]);
  }

  async #judge(): Promise<void> {
    try {
      await this.#nodes.judge(performance.now(), timestamp());
    } catch (error) {
      this.#options.log(`nodes: ${messageOf(error)}`);
    }
  }
}

function instanceOfMigration({ metadata, spec }: Migration): string {
  return keyOf({ ...metadata, name: spec?.vmiName ?? '' });
}
