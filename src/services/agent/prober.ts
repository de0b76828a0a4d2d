/** Whom this node reaches over which network, and with how large packets: asked twice a second, reported when the answer is another one. */
import type { AddressPair } from '../../core/underlay/pairs.ts';
import { passingMtu } from './mtu-probe.ts';
import { probeNumber, ProbeSocket } from './probe-socket.ts';

/** one address of this node and one of another; `here` and `there` are their networks */
export type ProbeTarget = Pick<AddressPair, 'here' | 'there' | 'node' | 'from' | 'to' | 'expectedMtu'>;

export interface ProbeResult {
  /** undefined: not known yet */
  readonly reachable: boolean | undefined;
  /** bytes that pass; undefined: not known yet */
  readonly mtu: number | undefined;
}

export interface ProberOptions {
  readonly port: number;
  /** seconds between two measurements of the MTU of a pair that nothing has happened to */
  readonly mtuInterval: number;
  readonly onChange: () => void;
  readonly log: (sentence: string) => void;
}

interface State {
  target: ProbeTarget;
  asked: bigint | undefined;
  unanswered: number;
  answered: number;
  reachable: boolean | undefined;
  mtu: number | undefined;
  /** performance.now() when the MTU is to be measured */
  measureAt: number;
}

const INTERVAL = 500;
/** questions without an answer until a node counts as unreachable: one lost packet says nothing */
const LOST = 4;
/** milliseconds */
const TOGETHER = 100;
/** answers in a row until a node that was lost counts as found */
const FOUND = 3;

const keyOf = ({ here, there, node }: Pick<ProbeTarget, 'here' | 'there' | 'node'>) => `${here} ${there} ${node}`;

export class Prober {
  readonly #options: ProberOptions;
  readonly #states = new Map<string, State>();
  readonly #sockets = new Map<string, ProbeSocket>();
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;
  #measuring: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), INTERVAL);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    for (const socket of this.#sockets.values()) socket.close();
    await this.#measuring;
  }

  result(pair: Pick<ProbeTarget, 'here' | 'there' | 'node'>): ProbeResult {
    const state = this.#states.get(keyOf(pair));
    return { reachable: state?.reachable, mtu: state?.mtu };
  }

  /** @param own tunnel addresses of this node: it answers on them, also to nodes that it does not ask */
  follow(own: ReadonlySet<string>, targets: readonly ProbeTarget[]): void {
    const wanted = new Set(targets.map(keyOf));
    for (const key of this.#states.keys()) if (!wanted.has(key)) this.#states.delete(key);
    for (const target of targets) {
      const key = keyOf(target);
      const state = this.#states.get(key);
      if (!state || state.target.from !== target.from || state.target.to !== target.to)
        this.#states.set(key, unknown(target));
      else {
        if (state.target.expectedMtu !== target.expectedMtu) Object.assign(state, { measureAt: 0, mtu: undefined });
        state.target = target;
      }
    }
    for (const [address, socket] of this.#sockets) {
      if (own.has(address)) continue;
      socket.close();
      this.#sockets.delete(address);
    }
    for (const address of own) this.#listen(address);
  }

  #listen(address: string): void {
    if (this.#sockets.get(address)?.isClosed === false || this.#stopped) return;
    const { port, log } = this.#options;
    const onAnswer = (from: string, number: bigint) => this.#onAnswer(address, from, number);
    this.#sockets.set(address, new ProbeSocket({ address, port, onAnswer, log }));
  }

  #tick(): void {
    for (const address of this.#sockets.keys()) this.#listen(address);
    let changed = false;
    for (const state of this.#states.values()) {
      if (state.asked !== undefined) {
        state.unanswered += 1;
        state.answered = 0;
        if (state.unanswered >= LOST && state.reachable !== false) {
          state.reachable = false;
          state.mtu = undefined;
          changed = true;
        }
      }
      state.asked = probeNumber();
      this.#sockets.get(state.target.from)?.ask(state.target.to, state.asked);
    }
    if (changed) this.#options.onChange();
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
  }

  #onAnswer(own: string, from: string, number: bigint): void {
    for (const state of this.#states.values()) {
      if (state.target.from !== own || state.target.to !== from || state.asked !== number) continue;
      state.asked = undefined;
      state.unanswered = 0;
      state.answered += 1;
      if (state.reachable === true || (state.reachable === false && state.answered < FOUND)) continue;
      if (state.reachable === false) this.#askAnew(state.target.node);
      state.reachable = true;
      state.measureAt = 0;
      this.#changedSoon();
    }
  }

  /** A node that was away comes back: that it did not answer on other networks meanwhile says nothing of them. */
  #askAnew(node: string): void {
    for (const state of this.#states.values())
      if (state.target.node === node && state.reachable === false)
        Object.assign(state, { reachable: undefined, unanswered: 0 });
  }

  /** answers over several networks come together, and are judged together */
  #changedSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#options.onChange();
    }, TOGETHER);
  }

  /** One pair after the other: what is measured should not be what disturbs. */
  async #measure(): Promise<void> {
    for (const state of this.#states.values()) {
      if (this.#stopped) return;
      const { from, to, expectedMtu, here, there } = state.target;
      // between two networks only whether there is a way is asked
      if (state.reachable !== true || performance.now() < state.measureAt || here !== there) continue;
      state.measureAt = performance.now() + this.#options.mtuInterval * 1000;
      const mtu = expectedMtu > 0 ? await passingMtu(from, to, expectedMtu) : undefined;
      // lost meanwhile, or something else is expected now: that is another question
      if (state.target.expectedMtu !== expectedMtu || mtu === undefined || mtu === state.mtu) continue;
      state.mtu = mtu;
      this.#options.onChange();
    }
  }
}

function unknown(target: ProbeTarget): State {
  return {
    target,
    asked: undefined,
    unanswered: 0,
    answered: 0,
    reachable: undefined,
    mtu: undefined,
    measureAt: 0,
  };
}
