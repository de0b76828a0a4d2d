/** JSON-RPC over a unix socket, one JSON text per line: a request, any number of notifications, one reply. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { LabError, type LabErrorCode } from './errors.ts';
import { messageOf } from '../../lib/error/message.ts';

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: unknown;
}

interface RpcFailure {
  readonly code?: LabErrorCode;
  readonly what: string;
  readonly why?: string;
  readonly todo?: string;
}

type Message =
  | { readonly method: 'notify'; readonly params: unknown }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: RpcFailure };

export type RpcHandler = (method: string, params: unknown, notify: (params: unknown) => void) => Promise<unknown>;

export async function serveRpc(path: string, handle: RpcHandler): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the client left: nothing to tell it
    onLine(socket, (line) => void answer(socket, line, handle));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}

async function answer(socket: Socket, line: string, handle: RpcHandler): Promise<void> {
  const say = (message: Message) => void socket.write(`${JSON.stringify(message)}\n`);
  let id = 0;
  try {
    const request = JSON.parse(line) as Request;
    id = request.id;
    const result = await handle(request.method, request.params, (params) => say({ method: 'notify', params }));
    say({ id, result: result ?? null });
  } catch (error) {
    say({ id, error: failureOf(error) });
  }
}

function failureOf(error: unknown): RpcFailure {
  if (error instanceof LabError) return { code: error.code, what: error.what, why: error.why, todo: error.todo };
  return { what: messageOf(error) };
}

export interface CallOptions {
  readonly onNotify?: (params: unknown) => void;
  readonly signal?: AbortSignal;
}

/** Nobody listens there: the supervisor is not running. */
export class NoListenerError extends Error {}

/** Calls one method. @throws NoListenerError, the error that the other side had, or Error when it left without a reply */
export function callRpc(path: string, method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
  const socket = connect(path);
  return new Promise<unknown>((resolve, reject) => {
    const abort = () => reject(options.signal!.reason as Error);
    options.signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? new NoListenerError(error.message) : error),
    );
    socket.once('close', () => reject(new Error(`the supervisor ended before it answered ${method}`)));
    socket.write(`${JSON.stringify({ id: 1, method, params } satisfies Request)}\n`);
    onLine(socket, (line) => {
      const message = JSON.parse(line) as Message;
      if ('result' in message) resolve(message.result);
      else if ('error' in message) reject(errorOf(message.error));
      else options.onNotify?.(message.params);
    });
  }).finally(() => socket.destroy());
}

function errorOf({ code, what, why = '', todo = '' }: RpcFailure): Error {
  return code === undefined ? new Error(what) : new LabError(code, what, why, todo);
}

function onLine(socket: Socket, listener: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) listener(line);
  });
}
