/**
 * Nodes that have lost their gateways: OVN has moved what a node carried though nobody told it to, because the others do not reach the node by their
 * tunnels. Such a node gets them back when it has been well for a while, in a change of priorities like any other: OVN by itself would give them back
 * with the first packet of BFD, before the node has its flows.
 *
 *   carried by the first ──OVN moves it, 0.5 s──> lost ──reached by others for 2 s, 4 s after the loss──> well
 */

/** gateways that the same nodes take over from each other, as the Southbound database says */
export interface CarriedGroup {
  readonly group: string;
  /** node with the highest priority */
  readonly first: string;
  /** nodes that carry gateways of it */
  readonly carriers: ReadonlySet<string>;
}

/** milliseconds: a move that OVN takes back sooner was none */
const BELIEVED = 500;
/** milliseconds for which others are to reach it, and from the loss until it may come back; the second doubles with each loss after the third */
const STEADY = 2000;
const HOLD = 4000;
const LONGEST_HOLD = 60_000;
const PATIENCE = 3;
/** milliseconds without a loss after which earlier ones are forgiven */
const FORGIVEN = 600_000;

interface Loss {
  readonly at: number;
  /** since when others reach it */
  reachedSince: number | undefined;
}

export class GatewayLosses {
  /** group -> the first, once it has been seen to carry the group */
  readonly #proven = new Map<string, string>();
  /** node -> since when what it should carry is elsewhere */
  readonly #suspected = new Map<string, number>();
  readonly #lost = new Map<string, Loss>();
  /** node -> its losses of late */
  readonly #history = new Map<string, { readonly count: number; readonly at: number }>();

  /** @param lost nodes that were, when somebody looked before */
  constructor(lost: Iterable<string>, now: number) {
    for (const node of lost) this.#lost.set(node, { at: now, reachedSince: undefined });
  }

  get lost(): ReadonlySet<string> {
    return new Set(this.#lost.keys());
  }

  /** time alone may change something */
  get isWaiting(): boolean {
    return this.#lost.size > 0 || this.#suspected.size > 0;
  }

  /** @param reached whether others reach a node; undefined: nobody says. @param now milliseconds of a clock that only goes forward */
  look(groups: readonly CarriedGroup[], reached: (node: string) => boolean | undefined, now: number): void {
    for (const group of this.#proven.keys())
      if (!groups.some((each) => each.group === group)) this.#proven.delete(group);
    const missing = new Set(groups.flatMap((group) => this.#hasLeft(group)));
    for (const node of this.#suspected.keys()) if (!missing.has(node)) this.#suspected.delete(node);
    for (const node of missing) {
      const since = this.#suspected.get(node) ?? now;
      this.#suspected.set(node, since);
      if (now - since >= BELIEVED && !this.#lost.has(node)) this.#lose(node, now);
    }
    for (const [node, loss] of this.#lost) {
      const isReached = reached(node);
      loss.reachedSince = isReached === true ? (loss.reachedSince ?? now) : undefined;
      const steady = loss.reachedSince !== undefined && now - loss.reachedSince >= STEADY;
      // where nobody says, the longest time has to do
      const unknown = isReached === undefined && now - loss.at >= LONGEST_HOLD;
      if (unknown || (steady && now - loss.at >= this.#hold(node))) this.#lost.delete(node);
    }
  }

  /** the first, if it had all gateways of the group under these priorities, and has none now */
  #hasLeft({ group, first, carriers }: CarriedGroup): readonly string[] {
    if (carriers.size === 0) return [];
    if (carriers.size === 1 && carriers.has(first)) this.#proven.set(group, first);
    if (this.#proven.get(group) !== first) this.#proven.delete(group);
    return this.#proven.has(group) && !carriers.has(first) ? [first] : [];
  }

  #lose(node: string, now: number): void {
    const before = this.#history.get(node);
    const count = before && now - before.at < FORGIVEN ? before.count + 1 : 1;
    this.#history.set(node, { count, at: now });
    this.#lost.set(node, { at: now, reachedSince: undefined });
  }

  #hold(node: string): number {
    const { count = 0 } = this.#history.get(node) ?? {};
    return Math.min(HOLD * 2 ** Math.max(0, count - PATIENCE), LONGEST_HOLD);
  }
}
