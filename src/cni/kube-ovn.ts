/**
 * The CNI executable (type `kube-ovn`): configuration on standard input, request over a unix socket to the node's agent, result on
 * standard output. No dependency beyond Node itself, so that it starts in an instant. https://www.cni.dev/docs/spec/
 */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  type CniRequest,
  type CniResponse,
  type CniRoute,
  DEFAULT_SOCKET,
  type Verb,
} from '../services/agent/cni-protocol.ts';
import { addResult, checkVersion, CNI_ERRORS, CniError, errorResult, SUPPORTED_VERSIONS } from './result.ts';

interface NetConf {
  readonly cniVersion?: string;
  readonly name?: string;
  readonly type?: string;
  readonly provider?: string;
  readonly server_socket?: string;
  readonly routes?: readonly CniRoute[];
  readonly ipam?: { readonly type?: string; readonly provider?: string; readonly server_socket?: string };
}

/** milliseconds; a runtime gives up after about as long */
const DEADLINE = 110_000;

const VERBS: Readonly<Record<string, Verb>> = { ADD: 'add', DEL: 'del', CHECK: 'check' };

async function main(): Promise<void> {
  const env = process.env;
  let version = '0.3.1';
  try {
    const command = env['CNI_COMMAND'] ?? '';
    const input = await text(process.stdin);
    if (command === 'VERSION') {
      print({ cniVersion: '1.1.0', supportedVersions: SUPPORTED_VERSIONS });
      return;
    }
    const verb = VERBS[command];
    if (!verb)
      throw new CniError(
        CNI_ERRORS.invalidEnvironment,
        `CNI_COMMAND is ${JSON.stringify(command)}: ADD, DEL, CHECK or VERSION is expected`,
      );
    const config = parseConfig(input);
    version = checkVersion(config.cniVersion ?? version);
    const asked = requestOf(env, config, verb);
    const response = await ask(config.server_socket ?? config.ipam?.server_socket ?? DEFAULT_SOCKET, verb, asked);
    if (verb === 'add') print(addResult(version, response!, asked.if_name, asked.net_ns));
  } catch (error) {
    print(errorResult(version, error));
    process.exitCode = 1;
  }
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function parseConfig(input: string): NetConf {
  try {
    return JSON.parse(input) as NetConf;
  } catch (error) {
    throw new CniError(
      CNI_ERRORS.decodingFailure,
      `the network configuration on standard input is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
  }
}

function requestOf(env: NodeJS.ProcessEnv, config: NetConf, verb: Verb): CniRequest {
  const need = (name: string) => {
    const value = env[name] ?? '';
    if (value === '') throw new CniError(CNI_ERRORS.invalidEnvironment, `${name} is not set`);
    return value;
  };
  const args = new Map(
    (env['CNI_ARGS'] ?? '')
      .split(';')
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const arg = (name: string) => {
    const value = args.get(name) ?? '';
    if (value === '') throw new CniError(CNI_ERRORS.invalidEnvironment, `CNI_ARGS lacks ${name}`);
    return value;
  };
  return {
    cni_type: config.type ?? 'kube-ovn',
    pod_name: arg('K8S_POD_NAME'),
    pod_namespace: arg('K8S_POD_NAMESPACE'),
    container_id: need('CNI_CONTAINERID'),
    // a runtime may call DEL when the namespace is gone already
    net_ns: verb === 'del' ? (env['CNI_NETNS'] ?? '') : need('CNI_NETNS'),
    if_name: need('CNI_IFNAME'),
    provider: config.provider ?? config.ipam?.provider ?? 'ovn',
    ...(config.routes ? { routes: config.routes } : {}),
  };
}

/** Kube-OVN's answer codes: 200 for ADD, 204 for DEL. */
function ask(socketPath: string, verb: Verb, body: CniRequest): Promise<CniResponse | undefined> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) => reject(new CniError(CNI_ERRORS.tryAgainLater, why));
    const call = request(
      {
        socketPath,
        path: `/api/v1/${verb}`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        timeout: DEADLINE,
      },
      (answer) => {
        text(answer).then(
          (content) => {
            const status = answer.statusCode ?? 0;
            if (status === 204) resolve(undefined);
            else if (status === 200) resolve(JSON.parse(content) as CniResponse);
            else failed(messageOf(content) ?? `the agent answered ${status}`);
          },
          (error: unknown) => failed(String(error)),
        );
      },
    );
    call.on('timeout', () => call.destroy(new Error(`no answer after ${DEADLINE / 1000} s`)));
    call.on('error', (error) => failed(`the agent at ${socketPath} cannot be reached: ${error.message}`));
    call.end(JSON.stringify(body));
  });
}

function messageOf(content: string): string | undefined {
  try {
    return (JSON.parse(content) as CniResponse).error;
  } catch {
    return undefined;
  }
}

await main();
