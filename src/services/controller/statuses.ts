/** Statuses, conditions and finalizers of VPCs and subnets: written when they say something new, counters no more often than a person reads. */
import type { Allocator } from '../../core/ipam/allocator.ts';
import { equal } from '../../core/ovn/equal.ts';
import { type Finding, readyCondition, warningCondition } from '../../core/status/condition.ts';
import { ipPoolStatus } from '../../core/status/ip-pool-status.ts';
import { subnetStatus } from '../../core/status/subnet-status.ts';
import { vpcStatus } from '../../core/status/vpc-status.ts';
import { FINALIZER } from '../../core/admit/verdict.ts';
import { dhcpKey } from '../../core/compile/dhcp-rows.ts';
import type { Compiler } from '../../core/compile/engine.ts';
import type { Issue } from '../../core/compile/rule.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import type { EventRecorder } from './events.ts';
import { RESOURCES } from './resources.ts';

export interface StatusesOptions {
  readonly client: KubeClient;
  readonly compiler: Compiler;
  readonly allocator: Allocator;
  readonly events: EventRecorder;
  vpc(name: string): Vpc | undefined;
  ipPool(name: string): IpPool | undefined;
  poolsOf(subnet: string): readonly string[];
  subnet(name: string): Subnet | undefined;
  subnetsOf(vpc: string): readonly string[];
  ipsOfSubnet(subnet: string): readonly string[];
  isCommitted(object: string): boolean;
  /** the row is in the Northbound database */
  isPresent(row: string): boolean;
  /** of a row in the Northbound database */
  uuidOf(row: string): string | undefined;
  /** further issues: rows that OVN refused */
  rejections(kind: StatusKind, name: string): readonly Issue[];
  learn(object: KubeObject): void;
  log(sentence: string): void;
}

/** milliseconds: counters change with every machine, people read them slowly */
const COUNTERS_DELAY = 300;

const KINDS = ['Vpc', 'Subnet', 'IPPool'] as const;
type StatusKind = (typeof KINDS)[number];

/** kinds whose conditions and counters are written here */
export function hasStatus(kind: string): kind is StatusKind {
  return (KINDS as readonly string[]).includes(kind);
}

export class Statuses {
  readonly #options: StatusesOptions;
  readonly #queue: WorkQueue;
  readonly #scheduled = new Set<string>();

  constructor(options: StatusesOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      workers: 2,
      work: (key) => this.#work(key),
      onError: (key, error) =>
        options.log(`status of ${key}: ${error instanceof Error ? error.message : String(error)}`),
    });
  }

  /** The object should be looked at now. */
  judge(kind: StatusKind, name: string): void {
    this.#queue.add(`${kind}/${name}`);
  }

  /** A counter of the subnet changed, and perhaps of its pools: soon is early enough. */
  count(subnet: string): void {
    for (const key of [`Subnet/${subnet}`, ...this.#options.poolsOf(subnet).map((name) => `IPPool/${name}`)]) {
      if (this.#scheduled.has(key)) continue;
      this.#scheduled.add(key);
      this.#queue.addAfter(key, COUNTERS_DELAY);
    }
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(key: string): Promise<void> {
    this.#scheduled.delete(key);
    const slash = key.indexOf('/');
    const name = key.slice(slash + 1);
    const kind = key.slice(0, slash);
    if (kind === 'Vpc') await this.#vpc(name);
    else if (kind === 'Subnet') await this.#subnet(name);
    else await this.#ipPool(name);
  }

  async #vpc(name: string): Promise<void> {
    const vpc = this.#options.vpc(name);
    if (!vpc) return;
    const subnets = this.#options.subnetsOf(name);
    if (await this.#finalize(vpc, subnets.length === 0)) return;
    const ready = this.#ready('Vpc', vpc, 'subnets', subnets);
    await this.#store(
      vpc,
      vpcStatus(
        vpc,
        subnets,
        this.#options.isPresent(`Logical_Router/${name}`),
        ready,
        this.#warning('Vpc', vpc),
        now(),
      ),
      ready,
    );
  }

  async #subnet(name: string): Promise<void> {
    const subnet = this.#options.subnet(name);
    if (!subnet) return;
    const users = this.#options.ipsOfSubnet(name);
    if (await this.#finalize(subnet, users.length === 0)) return;
    const ready = this.#ready('Subnet', subnet, 'interfaces', users);
    const usage = (family: 4 | 6) => this.#options.allocator.usage(name, family);
    const uuid = (family: 4 | 6) => this.#options.uuidOf(`DHCP_Options/${dhcpKey(name, family)}`);
    const dhcp = { v4: uuid(4), v6: uuid(6) };
    await this.#store(
      subnet,
      subnetStatus(subnet, usage(4), usage(6), ready, this.#warning('Subnet', subnet), dhcp, now()),
      ready,
    );
  }

  async #ipPool(name: string): Promise<void> {
    const pool = this.#options.ipPool(name);
    if (!pool) return;
    const ready = this.#ready('IPPool', pool, 'interfaces', []);
    const usage = (family: 4 | 6) => this.#options.allocator.poolUsage(pool.spec?.subnet ?? '', name, family);
    await this.#store(pool, ipPoolStatus(pool, usage, ready, now()), ready);
  }

  #ready(kind: StatusKind, object: KubeObject, what: string, users: readonly string[]): Finding {
    const { name, generation = 1, deletionTimestamp } = object.metadata;
    const waitsFor =
      deletionTimestamp !== undefined && users.length > 0
        ? {
            waitsFor: `is deleted when its ${users.length} ${what} are gone: ${users.slice(0, 5).join(', ')}${users.length > 5 ? ', ...' : ''}`,
          }
        : {};
    return readyCondition({
      issues: [...this.#options.compiler.issues(kind, name), ...this.#options.rejections(kind, name)],
      committed: this.#options.isCommitted(`${kind}/${name}`),
      generation,
      ...waitsFor,
    });
  }

  #warning(kind: 'Vpc' | 'Subnet', { metadata: { name, generation = 1 } }: KubeObject): Finding | undefined {
    return warningCondition(this.#options.compiler.issues(kind, name), generation);
  }

  /** Lets go of an object that is being deleted and that nobody uses; true when it did. */
  async #finalize(object: KubeObject, unused: boolean): Promise<boolean> {
    const { deletionTimestamp, finalizers = [], name, resourceVersion } = object.metadata;
    if (deletionTimestamp === undefined || !unused || !finalizers.includes(FINALIZER)) return false;
    try {
      await this.#options.client.patch(
        resourceOf(object),
        { name },
        { metadata: { resourceVersion, finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER) } },
      );
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
    }
    return true;
  }

  async #store(object: KubeObject, status: object, ready: Finding): Promise<void> {
    if (equal(object.status, status)) return;
    try {
      this.#options.learn(
        await this.#options.client.patch<KubeObject>(
          resourceOf(object),
          { name: object.metadata.name },
          { status },
          { subresource: 'status' },
        ),
      );
    } catch (error) {
      if (isReason(error, 'NotFound')) return;
      throw error;
    }
    this.#tell(object, ready);
    const warning = findingOf(status, 'Warning');
    if (warning) this.#tell(object, warning);
  }

  /** An event for what is new in a condition. */
  #tell(object: KubeObject, { type, status, reason, message }: Finding): void {
    const before = findingOf(object.status, type);
    if (reason === 'Pending' || (before?.status === status && before.message === message)) return;
    const isGood = type === 'Ready' && status === 'True';
    this.#options.events.record(object, isGood ? 'Normal' : 'Warning', reason, message);
  }
}

function findingOf(status: unknown, wanted: string): Finding | undefined {
  const conditions = (status as { readonly conditions?: readonly Finding[] } | undefined)?.conditions;
  return conditions?.find(({ type }) => type === wanted);
}

const RESOURCE_OF: Readonly<Record<StatusKind, Resource>> = {
  Vpc: RESOURCES.vpcs,
  Subnet: RESOURCES.subnets,
  IPPool: RESOURCES.ipPools,
};

function resourceOf({ kind }: KubeObject): Resource {
  return RESOURCE_OF[kind as StatusKind];
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
