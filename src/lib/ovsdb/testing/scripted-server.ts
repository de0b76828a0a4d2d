// A server that says whatever a test wants it to say, over a small schema of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonSplitter } from '../framing.ts';

export interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a test's script does with a request; `undefined` as return value means: answer as usual. */
export type Script = (request: Request, client: ScriptedClient) => 'handled' | undefined;

export const SCRIPTED_SCHEMA = {
  name: 'Scripted',
  version: '1.0.0',
  tables: {
    Thing: {
      isRoot: true,
      columns: {
        name: { type: 'string' },
        tags: { type: { key: 'string', min: 0, max: 'unlimited' } },
      },
    },
  },
};

export class ScriptedClient {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  reply(request: Request, result: unknown): void {
    this.send({ id: request.id, result, error: null });
  }

  refuse(request: Request, error: unknown): void {
    this.send({ id: request.id, result: null, error });
  }

  notify(method: string, params: readonly unknown[]): void {
    this.send({ id: null, method, params });
  }

  send(message: unknown): void {
    this.#socket.write(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#socket.write(text);
  }

  /** Sends each byte in a packet of its own. */
  async sendBytes(message: unknown): Promise<void> {
    for (const byte of Buffer.from(JSON.stringify(message))) {
      await new Promise((resolve) => this.#socket.write(Buffer.of(byte), resolve));
    }
  }

  hangUp(): void {
    this.#socket.end();
  }
}

/** What a client of this server has in its cache: `monitor_cond_since` answers with it. */
export const SCRIPTED_ROWS = {
  Thing: { 'aaaaaaaa-0000-0000-0000-000000000001': { initial: { name: 'one', tags: ['set', ['a', 'b']] } } },
};

export class ScriptedServer implements AsyncDisposable {
  /** Every request of every connection, in order. */
  readonly requests: Request[] = [];
  /** Every answer to a request of this server. */
  readonly answers: unknown[] = [];
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, script: Script) {
    this.#directory = directory;
    this.#server = createServer((socket) => this.#serve(socket, script));
  }

  static async start(script: Script = () => undefined): Promise<ScriptedServer> {
    const server = new ScriptedServer(await mkdtemp(join(tmpdir(), 'weft-scripted-')), script);
    await new Promise<void>((resolve) => server.#server.listen(server.#path, resolve));
    return server;
  }

  get #path(): string {
    return join(this.#directory, 'sock');
  }

  get remote(): string {
    return `unix:${this.#path}`;
  }

  /** How often this method was called. */
  count(method: string): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  #serve(socket: Socket, script: Script): void {
    this.#sockets.add(socket);
    const client = new ScriptedClient(socket);
    const splitter = new JsonSplitter((document) => {
      const request = document as Request;
      if (request.method === undefined) return void this.answers.push(document);
      this.requests.push(request);
      if (script(request, client) === undefined) answerAsUsual(request, client);
    });
    socket.on('data', (chunk) => splitter.push(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function answerAsUsual(request: Request, client: ScriptedClient): void {
  if (request.method === 'get_schema') client.reply(request, SCRIPTED_SCHEMA);
  else if (request.method === 'monitor_cond_since')
    client.reply(request, [false, '00000000-0000-0000-0000-000000000000', SCRIPTED_ROWS]);
  else if (request.method === 'monitor_cond') client.reply(request, SCRIPTED_ROWS);
  else if (request.method === 'echo') client.reply(request, request.params);
  else if (request.method === 'transact')
    client.reply(
      request,
      request.params.slice(1).map(() => ({})),
    );
}
