/**
 * Shares the one port of a guest's agent: everybody on this node who wants to run something in the guest connects to a socket beside it.
 *
 *     client -- hub socket --\
 *     client -- hub socket ---- this ---- QEMU's socket of the port ---- agent
 *
 * It knows of the sessions only who listens to which. It may be ended and started anew at any time: clients join their sessions again. By itself it
 * does not keep a process from ending.
 */
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentLink } from './agent-link.ts';
import { FILES, HUB_SOCKET } from './command-line.ts';
import { type Line, LineReader } from './lines.ts';

/** milliseconds between tries to reach an agent that does not answer */
const RETRY = 200;
/** said by clients, followed by the session */
const JOINS = new Set(['run', 'join']);

export class AgentHub {
  readonly #directory: string;
  readonly #server: Server;
  readonly #clients = new Map<Socket, Set<string>>();
  readonly #listeners = new Map<string, Socket>();
  readonly #stop = new AbortController();
  #link: AgentLink | undefined;

  /** @param directory of the machine */
  constructor(directory: string) {
    this.#directory = directory;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.on('error', () => undefined).unref();
    void this.#serve();
  }

  stop(): void {
    this.#stop.abort();
    this.#link?.close();
    this.#server.close();
    for (const client of this.#clients.keys()) client.destroy();
  }

  async #serve(): Promise<void> {
    const { signal } = this.#stop;
    const path = `${this.#directory}/${HUB_SOCKET}`;
    // of a hub that was killed
    await rm(path, { force: true });
    if (!signal.aborted) this.#server.listen(path);
    while (!signal.aborted) {
      const link = await AgentLink.open(`${this.#directory}/${FILES.agent}`);
      if (link) await this.#follow(link);
      await sleep(RETRY, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #follow(link: AgentLink): Promise<void> {
    if (this.#stop.signal.aborted) return link.close();
    this.#link = link;
    link.unref();
    link.listen((line) => this.#fromAgent(line));
    await link.closed;
    this.#link = undefined;
    // they find the guest where it is now
    for (const client of this.#clients.keys()) client.destroy();
  }

  /** A client that comes while the agent does not answer is sent away, and tries again. */
  #accept(client: Socket): void {
    const reader = new LineReader();
    this.#clients.set(client.unref(), new Set());
    client.setEncoding('utf8').on('data', (text: string) => reader.read(text));
    client.on('error', () => undefined);
    client.once('close', () => this.#forget(client));
    if (this.#link) reader.onLine = (line) => this.#fromClient(client, line);
    else client.destroy();
  }

  #fromClient(client: Socket, line: Line): void {
    const [verb = '', session = ''] = line;
    if (JOINS.has(verb)) {
      this.#listeners.set(session, client);
      this.#clients.get(client)?.add(session);
    }
    if (verb === 'bye') this.#unlisten(client, session);
    this.#link?.say(line);
  }

  #fromAgent(line: Line): void {
    const [verb, session = ''] = line;
    if (verb === 'boot') for (const [lost, client] of this.#listeners) client.write(`lost ${lost}\n`);
    else this.#listeners.get(session)?.write(`${line.join(' ')}\n`);
  }

  #forget(client: Socket): void {
    for (const session of this.#clients.get(client) ?? [])
      if (this.#unlisten(client, session)) this.#link?.say(['leave', session]);
    this.#clients.delete(client);
  }

  /** @returns whether it was this client that listened */
  #unlisten(client: Socket, session: string): boolean {
    return this.#listeners.get(session) === client && this.#listeners.delete(session);
  }
}
