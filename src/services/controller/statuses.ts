/** Writes statuses, conditions and finalizers: when they say something new, counters no more often than a person reads. */
import type { Allocator } from '../../core/ipam/allocator.ts';
import { equal } from '../../core/ovn/equal.ts';
import { type Finding, readyCondition, warningCondition } from '../../core/status/condition.ts';
import { FINALIZER } from '../../core/admit/verdict.ts';
import type { Compiler } from '../../core/compile/engine.ts';
import type { Issue } from '../../core/compile/rule.ts';
import { keyOf, type KubeObject } from '../../kinds/object.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import type { HealthOf } from '../../core/status/switch-lb-rule-status.ts';
import type { EventRecorder } from './events.ts';
import { findingOf, tellFinding } from './finding-events.ts';
import { splitObject } from './object-key.ts';
import { Settling } from './settling.ts';
import { type Findings, STATUS_OF, type StatusKind } from './status-kinds.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface StatusesOptions {
  readonly client: KubeClient;
  readonly compiler: Compiler;
  readonly allocator: Allocator;
  readonly events: EventRecorder;
  object(kind: StatusKind, key: string): KubeObject | undefined;
  isCommitted(object: string): boolean;
  /** of a row in the Northbound database */
  readonly uuidOf: (row: string) => string | undefined;
  readonly health: () => HealthOf;
  /** further issues: rows that OVN refused */
  rejections(kind: StatusKind, key: string): readonly Issue[];
  learn(object: KubeObject): void;
  log(sentence: string): void;
}

/** milliseconds: counters change with every machine, people read them slowly */
const COUNTERS_DELAY = 300;

export class Statuses {
  readonly #options: StatusesOptions;
  readonly #queue: WorkQueue;
  readonly #scheduled = new Set<string>();
  readonly #settling: Settling;

  constructor(options: StatusesOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      workers: 2,
      work: (key) => this.#work(key),
      onError: (key, error) => options.log(`status of ${key}: ${messageOf(error)}`),
    });
    this.#settling = new Settling(this.#queue);
  }

  /** The object should be looked at now. */
  judge(kind: StatusKind, key: string): void {
    this.#queue.add(`${kind}/${key}`);
  }

  /** A counter of the subnet changed, and perhaps of its pools: soon is early enough. */
  count(subnet: string): void {
    this.#soon(`Subnet/${subnet}`);
    for (const pool of this.#options.compiler.world.keys('IPPool', 'subnet', subnet)) this.#soon(`IPPool/${pool}`);
  }

  /** A VPC has a subnet more or less. */
  list(vpc: string): void {
    this.#soon(`Vpc/${vpc}`);
  }

  /** What is seen of load balanced machines has changed. */
  checkHealth(): void {
    for (const [name] of this.#options.compiler.world.all('SwitchLBRule')) this.#soon(`SwitchLBRule/${name}`);
  }

  #soon(id: string): void {
    if (this.#scheduled.has(id)) return;
    this.#scheduled.add(id);
    this.#queue.addAfter(id, COUNTERS_DELAY);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(id: string): Promise<void> {
    this.#scheduled.delete(id);
    const [kind, key] = splitObject(id) as [StatusKind, string];
    const object = this.#options.object(kind, key);
    if (!object) return this.#settling.forget(id);
    const { compiler, allocator } = this.#options;
    const of = STATUS_OF[kind];
    const users = of.users?.of(key, compiler.world) ?? [];
    if (of.users && (await this.#finalize(kind, object, users.length === 0))) return;
    const findings: Findings = {
      ready: this.#ready(kind, object, of.users?.what ?? '', users),
      warning: warningCondition(compiler.issues(kind, key), object.metadata.generation ?? 1),
      now: `${new Date().toISOString().slice(0, 19)}Z`,
    };
    if (!this.#settling.isOver(id, findings.ready.reason !== 'Pending')) return;
    const { uuidOf, health } = this.#options;
    const sources = { world: compiler.world, allocator, uuidOf, health };
    const status = of.status(object as never, findings, sources);
    await this.#store(kind, object, status, findings.ready);
    await this.#label(kind, object, of.labels?.(status) ?? {});
  }

  #ready(kind: StatusKind, object: KubeObject, what: string, users: readonly string[]): Finding {
    const { generation = 1, deletionTimestamp } = object.metadata;
    const key = keyOf(object.metadata);
    const waitsFor =
      deletionTimestamp !== undefined && users.length > 0
        ? {
            waitsFor: `is deleted when its ${users.length} ${what} are gone: ${users.slice(0, 5).join(', ')}${users.length > 5 ? ', ...' : ''}`,
          }
        : {};
    return readyCondition({
      issues: [...this.#options.compiler.issues(kind, key), ...this.#options.rejections(kind, key)],
      committed: this.#options.isCommitted(`${kind}/${key}`),
      generation,
      ...waitsFor,
    });
  }

  /** Lets go of an object that is being deleted and that nobody uses; true when it did. */
  async #finalize(kind: StatusKind, object: KubeObject, unused: boolean): Promise<boolean> {
    const { deletionTimestamp, finalizers = [], resourceVersion } = object.metadata;
    if (deletionTimestamp === undefined || !unused || !finalizers.includes(FINALIZER)) return false;
    try {
      await this.#options.client.patch(STATUS_OF[kind].resource, placeOf(object), {
        metadata: { resourceVersion, finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER) },
      });
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
    return true;
  }

  async #label(kind: StatusKind, object: KubeObject, labels: Readonly<Record<string, string>>): Promise<void> {
    if (Object.entries(labels).every(([key, value]) => object.metadata.labels?.[key] === value)) return;
    const { uid } = object.metadata;
    try {
      const change = { metadata: { ...(uid ? { uid } : {}), labels } };
      this.#options.learn(await this.#options.client.patch(STATUS_OF[kind].resource, placeOf(object), change));
    } catch (error) {
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error;
    }
  }

  async #store(kind: StatusKind, object: KubeObject, status: object, ready: Finding): Promise<void> {
    if (equal(object.status, status)) return;
    try {
      this.#options.learn(
        await this.#options.client.patch<KubeObject>(
          STATUS_OF[kind].resource,
          placeOf(object),
          { status },
          { subresource: 'status' },
        ),
      );
    } catch (error) {
      if (isReason(error, 'NotFound')) return;
      throw error;
    }
    tellFinding(this.#options.events, object, ready);
    const warning = findingOf(status, 'Warning');
    if (warning) tellFinding(this.#options.events, object, warning);
  }
}

function placeOf({ metadata: { name, namespace } }: KubeObject): {
  readonly name: string;
  readonly namespace?: string;
} {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}
