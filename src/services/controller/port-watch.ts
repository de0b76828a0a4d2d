/** Whether OVN has ports where they were said to be, and on no other node: seen in the Southbound database, never taken for granted. */
import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import { operations, type OperationResult } from '../../lib/ovsdb/operations.ts';
import type { SouthboundSession } from './port-bindings.ts';
import { messageOf } from '../../lib/error/message.ts';

/** reason of the event */
export const PORT_NOT_MOVED = 'PortNotMoved';

interface PortState {
  /** undefined: nowhere */
  readonly chassis: string | undefined;
  readonly additional: readonly string[];
}

interface PortWatchOptions {
  readonly session: SouthboundSession;
  /** `requested-chassis` as it was compiled; undefined: there is no such port of ours */
  wanted(port: string): string | undefined;
  /** OVN has not followed for some seconds */
  onNotMoved(port: string, message: string): void;
  log(sentence: string): void;
}

interface Watched {
  readonly since: number;
  readonly wanted: string;
  complained: boolean;
}

/** milliseconds */
const LOOK_AFTER = 500;
const LOOK_SELDOM = 10_000;
const PATIENCE = 6000;
/** ports that are asked for in one request */
const BATCH = 100;

const sb = operations<SouthboundTables>();

export class PortWatch {
  readonly #options: PortWatchOptions;
  readonly #ports = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: PortWatchOptions) {
    this.#options = options;
  }

  /** Looks at the ports until each is where it is wanted; those that are wanted on two nodes are left alone. */
  look(ports: Iterable<string>): void {
    for (const port of ports) this.#watch(port);
    if (this.#ports.size > 0) this.#schedule(LOOK_AFTER);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #watch(port: string): void {
    const wanted = this.#options.wanted(port);
    if (wanted === undefined || wanted.includes(',')) this.#ports.delete(port);
    else if (this.#ports.get(port)?.wanted !== wanted)
      this.#ports.set(port, { since: performance.now(), wanted, complained: false });
  }

  #schedule(after: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#check().catch((error: unknown) =>
        this.#options.log(`Southbound: ports cannot be read: ${messageOf(error)}`),
      );
    }, after).unref();
  }

  async #check(): Promise<void> {
    for (const port of this.#ports.keys()) this.#watch(port);
    const ports = [...this.#ports.keys()];
    try {
      for (let first = 0; first < ports.length; first += BATCH) await this.#compare(ports.slice(first, first + BATCH));
    } finally {
      const isPatient = [...this.#ports.values()].every(({ complained }) => complained);
      if (this.#ports.size > 0) this.#schedule(isPatient ? LOOK_SELDOM : LOOK_AFTER);
    }
  }

  async #compare(ports: readonly string[]): Promise<void> {
    const columns = ['chassis', 'additional_chassis'] as const;
    const { results } = await this.#options.session.transact(
      ports.map((port) => sb.select('Port_Binding', [['logical_port', '==', port]], columns)),
    );
    for (const [index, port] of ports.entries()) {
      const watched = this.#ports.get(port);
      // it is wanted elsewhere since
      if (!watched || watched.wanted !== this.#options.wanted(port)) continue;
      const state = this.#stateOf(results[index]);
      if (!state || isAtRest(state, watched.wanted)) this.#settle(port, watched);
      else if (!watched.complained && performance.now() - watched.since > PATIENCE) {
        watched.complained = true;
        this.#options.onNotMoved(port, notMovedMessage(port, watched.wanted, state));
      }
    }
  }

  #settle(port: string, { wanted, complained }: Watched): void {
    this.#ports.delete(port);
    if (complained) this.#options.log(`port ${port} is on ${wanted} now, and nowhere else`);
  }

  /** undefined: OVN has no such port */
  #stateOf(result: OperationResult | undefined): PortState | undefined {
    const [row] = result?.rows ?? [];
    if (!row) return undefined;
    const { chassis, additional_chassis: additional } = row as unknown as SouthboundTables['Port_Binding'];
    const names = this.#options.session.cache.table('Chassis').rows;
    const name = (uuid: string) => names.get(uuid)?.name ?? uuid;
    return { chassis: chassis === undefined ? undefined : name(chassis), additional: additional.map(name) };
  }
}

/** The finishing state of a move. */
function isAtRest({ chassis, additional }: PortState, wanted: string): boolean {
  return chassis === wanted && additional.length === 0;
}

function notMovedMessage(port: string, wanted: string, { chassis, additional }: PortState): string {
  const others = [chassis, ...additional].filter((name) => name !== undefined && name !== wanted) as string[];
  const own = chassis === wanted ? [wanted] : additional.includes(wanted) ? [`${wanted} as an additional one`] : [];
  const everywhere = [...own, ...others];
  const actual = everywhere.length === 0 ? 'nowhere' : `on ${everywhere.join(' and ')}`;
  const todo = others.map((name) => `on ${name}, or \`ovn-sbctl chassis-del ${name}\` if that node is gone for good`);
  const starts = chassis === wanted ? [] : [`on ${wanted}`];
  return `port ${port} belongs on ${wanted} only, but OVN has it ${actual}: see that ovn-controller runs ${[...starts, ...todo].join(' and ')}`;
}
