/** /metrics, /healthz and /readyz. */
import { createServer, type Server } from 'node:http';
import type { Registry } from 'prom-client';

export interface HealthOptions {
  readonly registry: Registry;
  readonly isReady: () => boolean;
  /** port on all addresses, or a socket that was handed over */
  readonly listen: { readonly port: number; readonly host?: string } | { readonly fd: number };
}

export async function serveHealth({ registry, isReady, listen }: HealthOptions): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (code: number, type: string, text: string) =>
      response.writeHead(code, { 'content-type': type }).end(text);
    if (request.url === '/healthz') answer(200, 'text/plain', 'ok\n');
    else if (request.url === '/readyz')
      answer(isReady() ? 200 : 503, 'text/plain', isReady() ? 'ok\n' : 'not in sync yet\n');
    else if (request.url !== '/metrics') answer(404, 'text/plain', 'not found\n');
    else
      registry.metrics().then(
        (text) => answer(200, registry.contentType, text),
        (error: unknown) => answer(500, 'text/plain', String(error)),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen, resolve);
  });
  return server;
}
