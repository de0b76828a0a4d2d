/** For tests: a real API server on loopback in a directory of its own, an HTTPS client, a minimal CRD. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJson, stringifyJson } from '../../lib/schema/json-text.ts';
import type { Json, JsonObject } from '../../lib/schema/structural-schema.ts';
import { ApiServer, type ApiServerOptions } from './api-server.ts';
import { loadCertificates, type Certificates } from './certificates.ts';
import { kubeconfig } from './kubeconfig.ts';

export interface Answer {
  readonly code: number;
  readonly body: JsonObject;
  readonly text: string;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export interface CallOptions {
  readonly body?: Json | string | Buffer;
  readonly contentType?: string;
  readonly accept?: string;
  readonly anonymous?: boolean;
}

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class TestServer {
  readonly directory: string;
  readonly certificates: Certificates;
  readonly server: ApiServer;
  readonly port: number;
  readonly #agent: Agent;
  readonly #anonymous: Agent;

  private constructor(directory: string, certificates: Certificates, server: ApiServer, port: number) {
    this.directory = directory;
    this.certificates = certificates;
    this.server = server;
    this.port = port;
    const { ca, adminCert, adminKey } = certificates;
    this.#agent = new Agent({ keepAlive: true, ca, cert: adminCert, key: adminKey });
    this.#anonymous = new Agent({ ca });
  }

  static async start(options: Partial<ApiServerOptions> = {}, directory?: string): Promise<TestServer> {
    const home = directory ?? (await mkdtemp(join(tmpdir(), 'weft-apiserver-')));
    const certificates = await loadCertificates(join(home, 'pki'), []);
    const server = new ApiServer({ file: join(home, 'weft.db'), certificates, ...options });
    const port = await server.listen({ host: '127.0.0.1', port: 0 });
    await writeFile(join(home, 'kubeconfig'), kubeconfig(`https://127.0.0.1:${port}`, certificates));
    return new TestServer(home, certificates, server, port);
  }

  async stop(options: { readonly keep?: boolean } = {}): Promise<void> {
    this.#agent.destroy();
    this.#anonymous.destroy();
    await this.server.close();
    if (!options.keep) await rm(this.directory, { recursive: true, force: true });
  }

  /** One request to its end. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { contentType = 'application/json', accept = 'application/json', anonymous = false } = options;
    const body = bytesOf(options.body);
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path,
          agent: anonymous ? this.#anonymous : this.#agent,
          headers: { accept, ...(body ? { 'content-type': contentType, 'content-length': body.length } : {}) },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const isJson = String(response.headers['content-type']).includes('json') && !text.includes('}\n{');
            resolve({
              code: response.statusCode ?? 0,
              text,
              headers: response.headers,
              body: isJson ? (parseJson(text) as JsonObject) : {},
            });
          });
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  }

  /** Opens a watch. */
  watch(path: string, accept = 'application/json'): WatchStream {
    return new WatchStream(this.port, this.#agent, path, accept);
  }

  /** Runs kubectl with a home of its own. */
  kubectl(args: readonly string[], input = ''): Promise<KubectlResult> {
    return new Promise((resolve) => {
      const env = { PATH: process.env.PATH, HOME: this.directory, KUBECONFIG: join(this.directory, 'kubeconfig') };
      const child = execFile('kubectl', args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      );
      child.stdin?.end(input);
    });
  }
}

function bytesOf(body: CallOptions['body']): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : stringifyJson(body));
}

/** The events of a watch, one after the other. */
export class WatchStream {
  readonly #call;
  #buffer = '';
  readonly #events: JsonObject[] = [];
  readonly #waiting: ((event: JsonObject | undefined) => void)[] = [];
  #ended = false;

  constructor(port: number, agent: Agent, path: string, accept: string) {
    this.#call = request({ host: '127.0.0.1', port, path, agent, headers: { accept } }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => this.#feed(text));
      response.on('close', () => this.#end());
      response.on('error', () => this.#end());
    });
    this.#call.on('error', () => this.#end());
    this.#call.end();
  }

  /** The next event; undefined at the end of the stream. */
  next(): Promise<JsonObject | undefined> {
    const event = this.#events.shift();
    if (event || this.#ended) return Promise.resolve(event);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The types and names of the next n events: `ADDED a`. */
  async take(n: number): Promise<string[]> {
    const taken: string[] = [];
    for (let i = 0; i < n; i++) {
      const event = await this.next();
      if (!event) return [...taken, 'END'];
      const object = event.object as { metadata?: { name?: string } };
      taken.push(`${String(event.type as string)} ${object.metadata?.name ?? ''}`.trim());
    }
    return taken;
  }

  close(): void {
    this.#call.destroy();
  }

  #feed(text: string): void {
    const lines = (this.#buffer + text).split('\n');
    this.#buffer = lines.pop()!;
    for (const line of lines) {
      const event = parseJson(line) as JsonObject;
      const waiting = this.#waiting.shift();
      if (waiting) waiting(event);
      else this.#events.push(event);
    }
  }

  #end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting(undefined);
  }
}

/** A namespaced CRD `widgets.example.org` with status subresource, a default, a bound and printer columns. */
export const WIDGET_CRD: JsonObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Colour', type: 'string', jsonPath: '.spec.colour', priority: 1 },
        ],
        selectableFields: [{ jsonPath: '.spec.colour' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A thing to test with',
            properties: {
              spec: {
                type: 'object',
                description: 'What the widget should be',
                properties: {
                  size: { type: 'integer', minimum: 1, description: 'How big it is' },
                  colour: { type: 'string', default: 'red' },
                  free: { type: 'number' },
                  parts: {
                    type: 'array',
                    items: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
                  },
                },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};

export const WIDGETS = '/apis/example.org/v1/namespaces/default/widgets';
export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export function widget(name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name, ...metadata }, spec };
}

export function configMap(name: string, data: JsonObject = {}, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}
