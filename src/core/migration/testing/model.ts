/**
 * A cluster in which one machine migrates, as far as the pure functions of this folder see it: objects with versions, actors that look at copies
 * of them which may be old, processes and nodes that die at any moment, and one machine that is at one place.
 */
import type { MigrationPhase, MigrationState } from '../../../kinds/virtual-machine.ts';
import { launcherOfMachine } from '../launcher.ts';
import { type Placement, placementOf } from '../placement.ts';
import { hasFinished, migrationSteps, type MigrationStep, type PodView } from '../progress.ts';
import { sourceStep, targetStep } from '../sides.ts';

export const NODES = ['node1', 'node2', 'node3'] as const;
type NodeName = (typeof NODES)[number];

interface ModelPod {
  readonly name: string;
  readonly node: NodeName;
  readonly migration: string | undefined;
  phase: PodView['phase'];
  deleting: boolean;
  /** what the node remembers of its guest, on disk: it outlives processes, not the node */
  record: { machine: boolean; prepared: boolean; arrived: boolean; sending: boolean; left: boolean } | undefined;
}

interface ModelMigration {
  readonly uid: string;
  phase: MigrationPhase | undefined;
  deleting: boolean;
  gone: boolean;
  reason?: string;
}

interface Instance {
  version: number;
  running: boolean;
  nodeName: string;
  state: MigrationState | undefined;
}

type Actor = 'controller' | NodeName;

export class Model {
  readonly pods: ModelPod[] = [
    {
      name: 'first',
      node: 'node1',
      migration: undefined,
      phase: 'Running',
      deleting: false,
      record: { machine: true, prepared: false, arrived: true, sending: false, left: false },
    },
  ];
  readonly migrations: ModelMigration[] = [];
  instance: Instance = { version: 1, running: true, nodeName: 'node1', state: undefined };
  /** pod that has the machine; undefined: it is dead */
  machine: string | undefined = 'first';
  readonly down = new Set<NodeName>();
  /** what a look of each actor at the instance has shown last */
  readonly #seen = new Map<Actor, Instance>();

  /** an actor hears of the instance as it is now */
  observe(actor: Actor): void {
    this.#seen.set(actor, structuredClone(this.instance));
  }

  #look(actor: Actor): Instance {
    if (!this.#seen.has(actor)) this.observe(actor);
    return this.#seen.get(actor)!;
  }

  /** a write that says which version it was made from; false when that is not the last */
  #write(version: number, change: Partial<Instance>, state: object): boolean {
    if (version !== this.instance.version) return false;
    const merged = { ...this.instance.state, ...state };
    const kept = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
    this.instance = { ...this.instance, ...change, state: kept, version: version + 1 };
    return true;
  }

  // --- what people and fate do

  migrate(): void {
    if (this.migrations.length < 4)
      this.migrations.push({ uid: `m${this.migrations.length}`, phase: undefined, deleting: false, gone: false });
  }

  cancel(pick: number): void {
    const migration = this.migrations.filter(({ gone }) => !gone).at(pick);
    if (migration) migration.deleting = true;
  }

  deletePod(pick: number): void {
    const pod = this.pods.at(pick);
    if (pod) pod.deleting = true;
  }

  killNode(node: NodeName): void {
    this.down.add(node);
    if (this.pods.find(({ name }) => name === this.machine)?.node === node) this.machine = undefined;
    for (const pod of this.pods) if (pod.node === node) pod.record = undefined;
  }

  // --- the controller

  controller(): void {
    const seen = this.#look('controller');
    let active: string | undefined;
    for (const migration of this.migrations.filter(({ gone }) => !gone)) {
      const own = this.pods.map((pod) => ({ ...pod, pod, finished: isFinished(pod) }));
      const home = launcherOfMachine(own, seen.nodeName, seen.state)?.pod;
      const mine = this.pods.find((pod) => pod.migration === migration.uid);
      const ours = seen.state?.migrationUid === migration.uid;
      const source = ours ? this.pods.find(({ name }) => name === seen.state?.sourcePod) : home;
      const steps = migrationSteps({
        uid: migration.uid,
        phase: migration.phase,
        deleting: migration.deleting,
        other: active,
        instance: seen.running ? { state: seen.state } : undefined,
        source: this.#view(source),
        target: hasFinished(migration.phase) && mine === home ? undefined : this.#view(mine),
      });
      for (const step of steps) this.#do(step, migration, seen, source);
      if (!hasFinished(migration.phase)) active ??= migration.uid;
    }
    // the rest of virt: an instance whose launcher has ended has ended too
    const own = this.pods.map((pod) => ({ ...pod, pod, finished: isFinished(pod) }));
    const home = launcherOfMachine(own, seen.nodeName, seen.state)?.pod;
    if (seen.running && (!home || isFinished(home) || home.deleting) && seen.version === this.instance.version)
      this.instance = { ...this.instance, running: false, version: this.instance.version + 1 };
  }

  #view(pod: ModelPod | undefined): PodView | undefined {
    if (!pod) return undefined;
    const { name, node, phase, deleting } = pod;
    return { name, node, phase, deleting, nodeReady: !this.down.has(node) };
  }

  #do(step: MigrationStep, migration: ModelMigration, seen: Instance, source: ModelPod | undefined): void {
    switch (step.do) {
      case 'phase':
        migration.phase = step.phase;
        return;
      case 'fail':
        migration.phase = 'Failed';
        migration.reason = step.reason;
        return;
      case 'createTarget': {
        const node = NODES.find((name) => name !== source?.node && !this.down.has(name));
        if (node)
          this.pods.push({
            name: `of-${migration.uid}`,
            node,
            migration: migration.uid,
            phase: 'Pending',
            deleting: false,
            record: undefined,
          });
        return;
      }
      case 'handOver':
        this.#write(seen.version, {}, { ...nothing(seen.state), ...step.state });
        return;
      case 'giveUp':
        this.#write(seen.version, {}, { failed: true, failureReason: step.reason });
        return;
      case 'requestAbort':
        this.#write(seen.version, {}, { abortRequested: true });
        return;
      case 'deleteTarget':
        for (const pod of this.pods) if (pod.migration === migration.uid) pod.deleting = true;
        return;
      case 'release':
        migration.gone = true;
    }
  }

  // --- the nodes

  /** @param fails whether what is tried fails @param dies whether the process dies in the middle of it */
  node(node: NodeName, fails: boolean, dies: boolean): void {
    if (this.down.has(node)) return;
    const seen = this.#look(node);
    for (const pod of this.pods.filter((one) => one.node === node)) {
      if (pod.deleting || isFinished(pod)) this.#takeApart(pod);
      else if (!pod.record) this.#provide(pod);
      else if (pod.migration !== undefined && !pod.record.arrived) this.#target(pod, seen, fails, dies);
      else this.#source(pod, seen, fails, dies);
    }
  }

  #provide(pod: ModelPod): void {
    // a launcher runs once
    if (pod.phase === 'Running') pod.phase = 'Failed';
    else {
      pod.record = { machine: false, prepared: false, arrived: false, sending: false, left: false };
      pod.phase = 'Running';
    }
  }

  #takeApart(pod: ModelPod): void {
    const { record } = pod;
    pod.record = undefined;
    // what is only expected is left alone, what has been sent is no longer here
    if (record?.machine && this.machine === pod.name) this.machine = undefined;
    if (pod.deleting) {
      this.pods.splice(this.pods.indexOf(pod), 1);
    }
  }

  #target(pod: ModelPod, seen: Instance, fails: boolean, dies: boolean): void {
    const record = pod.record!;
    const step = (instance: Instance) =>
      targetStep({ pod: pod.name, state: instance.state, prepared: record.prepared, arrived: record.arrived });
    switch (step(seen)) {
      case 'receive':
        if (fails) pod.phase = 'Failed';
        else {
          record.prepared = true;
          record.machine = true;
          if (!dies && step(this.instance) === 'receive')
            this.#write(this.instance.version, {}, { targetNodeAddress: pod.name });
        }
        return;
      case 'arrive':
        if (this.machine === undefined) pod.phase = 'Failed';
        if (this.machine !== pod.name) return;
        record.arrived = true;
        if (!dies) this.#complete(pod);
        return;
      case 'abandon':
        pod.phase = 'Failed';
        return;
      default:
    }
  }

  #complete(pod: ModelPod): void {
    const view = { pod: pod.name, state: this.instance.state, prepared: true, arrived: true };
    if (targetStep(view) !== 'complete') return;
    this.#write(this.instance.version, { nodeName: pod.node }, { completed: true, failed: null, failureReason: null });
  }

  #source(pod: ModelPod, seen: Instance, fails: boolean, dies: boolean): void {
    const record = pod.record!;
    // its guest is gone
    if (record.machine && this.machine === undefined) {
      pod.phase = 'Failed';
      return;
    }
    if (record.sending && this.machine !== pod.name)
      Object.assign(record, { left: true, machine: false, sending: false });
    if (record.arrived && pod.migration !== undefined) this.#complete(pod);
    const left = record.left;
    const step = (instance: Instance) => sourceStep({ pod: pod.name, state: instance.state, left });
    const now = this.instance;
    switch (step(seen)) {
      case 'begin':
        if (step(now) === 'begin') this.#write(now.version, {}, { startTimestamp: 'now' });
        return;
      case 'send':
        return this.#send(pod, seen, fails, dies);
      case 'refuse':
        if (['send', 'refuse'].includes(step(now))) this.#write(now.version, {}, { failed: true });
        return;
      case 'regret':
        if (step(now) === 'regret') this.#write(now.version, {}, { abortStatus: 'Failed' });
        return;
      case 'succeed':
        pod.phase = 'Succeeded';
        return;
      case 'lose':
        pod.phase = 'Failed';
        return;
      default:
    }
  }

  #send(pod: ModelPod, seen: Instance, fails: boolean, dies: boolean): void {
    const record = pod.record!;
    record.sending = true;
    const target = this.pods.find(({ name }) => name === seen.state?.targetPod);
    const listens = target !== undefined && target.record?.prepared === true && !this.down.has(target.node);
    if (!fails && listens) {
      this.machine = target.name;
      if (!dies) Object.assign(record, { left: true, machine: false, sending: false });
      return;
    }
    if (dies) return;
    record.sending = false;
    const now = this.instance;
    if (sourceStep({ pod: pod.name, state: now.state, left: false }) === 'send')
      this.#write(now.version, {}, { failed: true, failureReason: 'refused' });
  }

  // --- what the network is told

  placement(): Placement | undefined {
    const launchers = this.pods.filter((pod) => !pod.deleting && !isFinished(pod));
    const active = this.migrations.filter(({ phase, gone }) => !gone && !hasFinished(phase)).map(({ uid }) => uid);
    return placementOf(launchers, this.instance.nodeName, new Set(active));
  }

  /** Everybody looks and acts, until nothing changes any more. */
  settle(): void {
    for (let round = 0; round < 60; round += 1) {
      for (const actor of ['controller', ...NODES] as const) this.observe(actor);
      this.controller();
      for (const node of NODES) {
        this.observe(node);
        this.node(node, false, false);
      }
    }
  }
}

function nothing(state: MigrationState | undefined): object {
  return Object.fromEntries(Object.keys(state ?? {}).map((key) => [key, null]));
}

function isFinished({ phase }: ModelPod): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
