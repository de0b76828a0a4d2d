/** The agent's side of the CNI: HTTP on a unix socket, one request per ADD, DEL or CHECK. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { INTERFACE_NAME } from '../../core/ipam/attachments.ts';
import type { CniRequest } from './cni-protocol.ts';
import type { Attacher } from './attach.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface CniServerOptions {
  readonly socket: string;
  readonly attacher: Attacher;
  /** told of every request: verb, pod, milliseconds, error */
  readonly onRequest: (verb: string, pod: string, milliseconds: number, error: unknown) => void;
}

export async function serveCni(options: CniServerOptions): Promise<Server> {
  await mkdir(dirname(options.socket), { recursive: true });
  // left by an agent that was killed
  await rm(options.socket, { force: true });
  const server = createServer((request, response) => void answer(request, response, options));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.socket, resolve);
  });
  await chmod(options.socket, 0o600);
  return server;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { attacher, onRequest }: CniServerOptions,
): Promise<void> {
  const started = performance.now();
  const verb = /^\/api\/v1\/(add|del|check)$/.exec(request.url ?? '')?.[1];
  let pod = '';
  try {
    if (!verb || request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    const asked = checked(JSON.parse(await text(request)), verb);
    pod = `${asked.pod_namespace}/${asked.pod_name}`;
    if (verb === 'add') {
      const result = await attacher.add(asked);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
    } else {
      await (verb === 'del' ? attacher.del(asked) : attacher.check(asked));
      response.writeHead(204).end();
    }
    onRequest(verb, pod, performance.now() - started, undefined);
  } catch (error) {
    onRequest(verb ?? '', pod, performance.now() - started, error);
    response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: messageOf(error) }));
  }
}

/** These strings become arguments of `ip` and `nsenter`: each has a form. */
const FORMS: readonly (readonly [keyof CniRequest, RegExp])[] = [
  ['pod_name', /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/],
  ['pod_namespace', /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/],
  ['container_id', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,255}$/],
  ['if_name', INTERFACE_NAME],
  ['provider', /^[a-z0-9][a-zA-Z0-9_.-]{0,300}$/],
];
const NETNS = /^\/[A-Za-z0-9_./-]{1,300}$/;

function checked(value: unknown, verb: string): CniRequest {
  const request = (value ?? {}) as CniRequest;
  if (verb === 'del') return identified(request);
  for (const [field, form] of FORMS)
    if (typeof request[field] !== 'string' || !form.test(request[field]))
      throw new Error(`${field} ${JSON.stringify(request[field])} is not acceptable`);
  if (typeof request.net_ns !== 'string' || !NETNS.test(request.net_ns))
    throw new Error(`net_ns ${JSON.stringify(request.net_ns)} is not the path of a network namespace`);
  return request;
}

/**
 * What can never have been added can still be removed, or its pod would stay for ever: DEL needs the container and the interface, of which
 * the device's name is a digest, and nothing of the request reaches a command.
 */
function identified(request: CniRequest): CniRequest {
  for (const field of ['container_id', 'if_name'] as const)
    if (typeof request[field] !== 'string' || request[field] === '')
      throw new Error(`${field} is missing: it says which interface goes`);
  return request;
}
