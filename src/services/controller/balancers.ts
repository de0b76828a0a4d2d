/**
 * What load balancers need beside their rows: an address in each subnet of their machines that health checks come from, and what OVN says of those checks.
 * The addresses are Vips named as their subnets, as Kube-OVN has them: made when a rule first needs one, deleted when none does any more.
 */
import { balancedOf } from '../../core/compile/backends.ts';
import { checkedSubnets } from '../../core/compile/dnat-rule.ts';
import type { DnatKind } from '../../core/external/families.ts';
import { untracked } from '../../core/compile/reads.ts';
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import type { Health, HealthOf } from '../../core/status/switch-lb-rule-status.ts';
import { HEALTH_CHECK_ANNOTATION, HEALTH_CHECK_LABEL } from '../../core/vip/health-source.ts';
import type { Vip } from '../../kinds/vip.ts';
import { messageOf } from '../../lib/error/message.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import type { SouthboundSession } from './port-bindings.ts';
import { RESOURCES } from './resources.ts';

interface BalancersOptions {
  readonly client: KubeClient;
  readonly world: ReadonlyWorld;
  /** without it, nothing is known of health */
  readonly southbound: SouthboundSession | undefined;
  readonly learnVip: (vip: Vip) => void;
  /** machines of some rules are healthy, or no longer */
  onHealth(): void;
  log(sentence: string): void;
}

type Monitor = SouthboundTables['Service_Monitor'];

/** queue key of the search for addresses that no rule needs; rules have names without a slash */
const SWEEP = 'sweep/';
/** rules that forward ports; queue key `<kind>/<name>` */
const DNAT_KINDS = ['OvnDnatRule', 'IptablesDnatRule'] as const satisfies readonly DnatKind[];

export class Balancers {
  readonly #options: BalancersOptions;
  readonly #queue: WorkQueue;
  #unsubscribe: (() => void) | undefined;

  constructor(options: BalancersOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      workers: 1,
      work: (key) => (key === SWEEP ? this.#sweep() : this.#provide(key)),
      onError: (key, error) => options.log(`health checks of ${key}: ${messageOf(error)}`),
    });
  }

  /** Begins to look at rules and at their health. */
  start(): void {
    for (const [name] of this.#options.world.all('SwitchLBRule')) this.#queue.add(name);
    for (const key of dnatKeys(this.#options.world)) this.#queue.add(key);
    this.#queue.add(SWEEP);
    this.#unsubscribe = this.#options.southbound?.onUpdate(({ Service_Monitor: rows = [] }) => {
      if (rows.length > 0) this.#options.onHealth();
    });
  }

  /** A rule that forwards ports has changed or gone. */
  lookDnat(kind: DnatKind, name: string): void {
    this.#queue.add(this.#options.world.get(kind, name) ? `${kind}/${name}` : SWEEP);
  }

  /** The rule, or what it is made of, has changed or gone. */
  look(name: string): void {
    this.#queue.add(this.#options.world.get('SwitchLBRule', name) ? name : SWEEP);
  }

  /** A subnet has gone. */
  sweep(): void {
    this.#queue.add(SWEEP);
  }

  stop(): Promise<void> {
    this.#unsubscribe?.();
    return this.#queue.stop();
  }

  /** What OVN says now, to be asked as often as one likes. */
  health(): HealthOf {
    const rows = this.#options.southbound?.cache.table('Service_Monitor').rows.values() ?? [];
    const found = new Map<string, Health>([...rows].map((row) => [monitorKey(row), row.status]));
    return (port, address, target, protocol) => found.get(`${port} ${address} ${target} ${protocol}`);
  }

  async #provide(name: string): Promise<void> {
    const { client, world, learnVip } = this.#options;
    for (const subnet of this.#subnetsOf(name)) {
      if (world.get('Vip', subnet)) continue;
      try {
        learnVip(
          await client.create<Vip>(RESOURCES.vips, {
            apiVersion: 'kubeovn.io/v1',
            kind: 'Vip',
            metadata: { name: subnet, labels: { [HEALTH_CHECK_LABEL]: 'true' } },
            spec: { subnet },
          } as Vip),
        );
      } catch (error) {
        if (!isReason(error, 'AlreadyExists')) throw error;
      }
    }
  }

  async #sweep(): Promise<void> {
    const { client, world } = this.#options;
    const needed = new Set([
      ...[...world.all('SwitchLBRule')].flatMap(([name]) => this.#subnetsOf(name)),
      ...dnatKeys(world).flatMap((key) => this.#subnetsOf(key)),
    ]);
    const unneeded = [...world.all('Vip')].filter(
      ([name, { metadata }]) => metadata.labels?.[HEALTH_CHECK_LABEL] === 'true' && !needed.has(name),
    );
    for (const [name, { metadata }] of unneeded)
      await client.delete(RESOURCES.vips, { name }, metadata.uid ? { uid: metadata.uid } : {});
  }

  /** subnets of which the rule has machines checked */
  #subnetsOf(name: string): readonly string[] {
    const { world } = this.#options;
    const kind = DNAT_KINDS.find((each) => name.startsWith(`${each}/`));
    if (kind) {
      const key = name.slice(kind.length + 1);
      const dnat = world.get(kind, key);
      return dnat ? checkedSubnets(kind, key, dnat, untracked(world)) : [];
    }
    const rule = world.get('SwitchLBRule', name);
    if (!rule || rule.metadata.annotations?.[HEALTH_CHECK_ANNOTATION] === 'false') return [];
    const balanced = balancedOf(rule, untracked(world));
    return 'backends' in balanced ? [...new Set(balanced.backends.flatMap(({ subnet }) => subnet ?? []))] : [];
  }
}

function dnatKeys(world: ReadonlyWorld): readonly string[] {
  return DNAT_KINDS.flatMap((kind) => [...world.all(kind)].map(([name]) => `${kind}/${name}`));
}

function monitorKey({ logical_port: port, ip, port: target, protocol = 'tcp' }: Monitor): string {
  return `${port} ${ip} ${target} ${protocol}`;
}
