/**
 * Whether the routers behind the uplinks of this node are there: FRR's bfdd asks them, this asks it. OVN does not notice an uplink that is cut behind
 * healthy tunnels.
 *
 *   sessions ──> configuration of bfdd        bfdd ──every 50 ms──> up or down ──> believed or not ──> why uplinks do not work
 *
 * A daemon that is gone or new knows nothing, and changes nothing: what was believed stays.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answering, holdTime, lostBefore, nextAnswering } from '../../core/provider/answering.ts';
import { bfdLines, readSessions, type SessionReport } from '../../core/provider/bfd-config.ts';
import { type RouterSession, sessionKey } from '../../core/provider/routers.ts';
import { listed } from '../../core/text/listed.ts';
import { messageOf } from '../../lib/error/message.ts';
import { Vty } from './vty.ts';

export interface UplinkMonitorOptions {
  /** socket of bfdd for vtysh */
  readonly socket: string;
  /** `findings` are others now */
  readonly onFindings: () => void;
  readonly log: (sentence: string) => void;
}

/** ProviderNetwork -> `Reason: sentence` */
export interface Findings {
  /** nothing passes the uplink */
  readonly unanswered: ReadonlyMap<string, string>;
  /** nobody knows whether something passes */
  readonly unwatched: ReadonlyMap<string, string>;
}

/** milliseconds */
const POLL = 50;
const RECONNECT = 500;
/** after which a router that has never answered, or a daemon that is not there, is told of */
const PATIENCE = 10_000;

export class UplinkMonitor {
  readonly #options: UplinkMonitorOptions;
  #sessions: ReadonlyMap<string, RouterSession> = new Map();
  readonly #answering = new Map<string, Answering>();
  /** sessions that this daemon has seen up: of no others a `down` means a loss */
  #seenUp = new Set<string>();
  #findings: Findings = { unanswered: new Map(), unwatched: new Map() };
  #told = '';
  /** since when the daemon does not answer */
  #goneSince: number | undefined;
  #loop: Promise<void> | undefined;
  /** the daemon's configuration may not be what it should be */
  #stale = true;
  #live = true;

  constructor(options: UplinkMonitorOptions) {
    this.#options = options;
  }

  get findings(): Findings {
    return this.#findings;
  }

  /** Asks these routers, and no others. */
  watch(sessions: readonly RouterSession[]): void {
    const wanted = new Map(sessions.map((session) => [sessionKey(session), session]));
    if (JSON.stringify([...wanted]) === JSON.stringify([...this.#sessions])) return;
    this.#sessions = wanted;
    for (const key of this.#answering.keys()) if (!wanted.has(key)) this.#answering.delete(key);
    this.#stale = true;
    this.#judge();
    if (this.#live) this.#loop ??= this.#run().finally(() => (this.#loop = undefined));
  }

  async stop(): Promise<void> {
    this.#live = false;
    await this.#loop;
  }

  get #wanted(): boolean {
    return this.#live && (this.#sessions.size > 0 || this.#stale);
  }

  async #run(): Promise<void> {
    while (this.#wanted) {
      let vty: Vty | undefined;
      try {
        vty = await Vty.connect(this.#options.socket);
        await this.#follow(vty);
      } catch (error) {
        if (this.#goneSince === undefined) this.#options.log(`bfdd: ${messageOf(error)}`);
      } finally {
        vty?.close();
      }
      if (!this.#wanted) return;
      this.#goneSince ??= performance.now();
      this.#stale = true;
      this.#judge();
      await sleep(RECONNECT);
      // nothing of ours can be left in a daemon that is not there
      if (this.#sessions.size === 0) return;
    }
  }

  async #follow(vty: Vty): Promise<void> {
    // a connection is one life of the daemon
    this.#seenUp = new Set();
    const asked = new Set<string>();
    await vty.ask('enable');
    while (this.#wanted) {
      if (this.#stale) {
        this.#stale = false;
        await this.#configure(vty);
        continue;
      }
      const { text } = await vty.ask('show bfd peers json');
      this.#goneSince = undefined;
      this.#hear(readSessions(text), asked);
      await sleep(POLL);
    }
  }

  async #configure(vty: Vty): Promise<void> {
    const { text } = await vty.ask('show running-config');
    for (const line of bfdLines(text, [...this.#sessions.values()])) {
      const { text: answer, status } = await vty.ask(line);
      if (status !== 0) this.#options.log(`bfdd: ${line}: ${answer.trim()}`);
    }
  }

  /** @param asked sessions that this daemon has been asked about before */
  #hear(reports: ReadonlyMap<string, SessionReport>, asked: Set<string>): void {
    const now = performance.now();
    for (const key of this.#sessions.keys()) {
      const report = reports.get(key) ?? { state: 'unknown', lost: false };
      const known = this.#answering.get(key);
      if (report.state === 'up') this.#seenUp.add(key);
      // this is new here, the daemon is not
      const wasLost = known === undefined && !asked.has(key) && report.lost;
      if (wasLost) this.#seenUp.add(key);
      asked.add(key);
      this.#answering.set(
        key,
        wasLost ? lostBefore(now) : nextAnswering(known, this.#isThere(key, report, known), now),
      );
    }
    this.#judge();
  }

  #isThere(key: string, { state }: SessionReport, known: Answering | undefined): boolean | undefined {
    if (state === 'unknown') return undefined;
    if (state === 'up') return true;
    return known?.phase === 'up' && !this.#seenUp.has(key) ? undefined : false;
  }

  #judge(): void {
    const groups = Map.groupBy(this.#sessions.values(), ({ provider }) => provider);
    const unanswered = new Map<string, string>();
    const unwatched = new Map<string, string>();
    for (const [provider, sessions] of groups) {
      const all = sessions.map((session) => ({ session, answering: this.#answering.get(sessionKey(session)) }));
      const heard = all.filter(({ answering }) => answering && answering.phase !== 'unheard');
      // one router is enough
      if (heard.length > 0 && !heard.some(({ answering }) => answering?.phase === 'up'))
        unanswered.set(provider, whyDown(heard));
      const why = this.#whyUnwatched(all);
      if (why !== undefined) unwatched.set(provider, why);
    }
    this.#findings = { unanswered, unwatched };
    const text = JSON.stringify([[...unanswered], [...unwatched]]);
    if (text === this.#told) return;
    this.#told = text;
    this.#options.onFindings();
  }

  #whyUnwatched(all: readonly Watched[]): string | undefined {
    const now = performance.now();
    if (this.#goneSince !== undefined)
      return now - this.#goneSince < PATIENCE
        ? undefined
        : `NoBfdDaemon: FRR's bfdd does not answer at ${this.#options.socket}: start it, or remove the annotation`;
    const silent = all.filter(({ answering }) => answering?.phase === 'unheard' && now - answering.since >= PATIENCE);
    return silent.length === 0
      ? undefined
      : `NeverAnswered: ${routerNames(silent)} has not answered BFD: let it have a session with this node, or remove its address from the annotation`;
  }
}

interface Watched {
  readonly session: RouterSession;
  readonly answering: Answering | undefined;
}

function whyDown(heard: readonly Watched[]): string {
  const back = heard.filter(({ answering }) => answering?.phase === 'waiting');
  const hold = Math.min(...back.map(({ answering }) => holdTime(answering!.losses))) / 1000;
  return back.length > 0
    ? `RouterUnsteady: ${routerNames(back)} answers BFD again: believed after ${hold} s without a loss`
    : `NoAnswer: ${routerNames(heard)} does not answer BFD any more: see to the router, and to the way there`;
}

function routerNames(of: readonly Watched[]): string {
  return listed(of.map(({ session }) => `${session.router} on ${session.device}`));
}
