import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import type * as Yaml from 'yaml';

/** Where the API server is, and who asks. PEM texts. */
export interface ClusterAccess {
  readonly server: string;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly token?: string;
}

interface Entry {
  readonly name?: string;
  readonly cluster?: Readonly<Record<string, string>>;
  readonly user?: Readonly<Record<string, string>>;
  readonly context?: Readonly<Record<string, string>>;
}

/** Reads the current context of a kubeconfig file. @throws Error that names the file and what is missing in it */
export function readKubeconfig(file: string): ClusterAccess {
  const config = parseConfig(readFileSync(file, 'utf8'));
  const find = (list: unknown, name: unknown) =>
    Array.isArray(list) ? (list as Entry[]).find((entry) => entry.name === name) : undefined;
  const context = find(config['contexts'], config['current-context'])?.context;
  const cluster = find(config['clusters'], context?.['cluster'])?.cluster;
  const user = find(config['users'], context?.['user'])?.user ?? {};
  if (!cluster?.['server'])
    throw new Error(
      `${file}: current-context ${JSON.stringify(config['current-context'])} leads to no cluster with a server`,
    );
  const pem = (holder: Readonly<Record<string, string>>, name: string) => {
    const data = holder[`${name}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64').toString();
    return holder[name] === undefined ? undefined : readFileSync(resolve(dirname(file), holder[name]), 'utf8');
  };
  const access = {
    ca: pem(cluster, 'certificate-authority'),
    clientCert: pem(user, 'client-certificate'),
    clientKey: pem(user, 'client-key'),
    token: user['token'],
  };
  return {
    server: cluster['server'],
    ...Object.fromEntries(Object.entries(access).filter(([, value]) => value !== undefined)),
  };
}

/** JSON is YAML, and by far the quicker one to load a parser for: a lab gives its processes JSON. */
function parseConfig(text: string): Record<string, unknown> {
  if (text.startsWith('{')) return JSON.parse(text) as Record<string, unknown>;
  const { parse } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  return parse(text) as Record<string, unknown>;
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Access of a pod by its service account. @throws Error outside of a cluster */
export function inClusterAccess(env: Readonly<Record<string, string | undefined>>): ClusterAccess {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port)
    throw new Error('no kubeconfig was given and this is no pod of a cluster: set KUBECONFIG or --kubeconfig');
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: readFileSync(`${SERVICE_ACCOUNT}/ca.crt`, 'utf8'),
    token: readFileSync(`${SERVICE_ACCOUNT}/token`, 'utf8').trim(),
  };
}
