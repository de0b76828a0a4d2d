/** Calls a CNI executable as a container runtime does. https://www.cni.dev/docs/spec/#section-2-execution-protocol */
import { execFile, type ExecFileException } from 'node:child_process';
import { join } from 'node:path';
import type { MachineRoute } from './machine/machine.ts';

export interface CniCall {
  /** directory of the executables */
  readonly bin: string;
  readonly type: string;
  /** network configuration, JSON */
  readonly config: string;
  readonly containerId: string;
  /** path; '' when the namespace is gone (DEL) */
  readonly netns: string;
  readonly ifname: string;
  readonly namespace: string;
  readonly pod: string;
}

export interface CniInterface {
  readonly mac?: string;
  /** addresses without length */
  readonly ips: readonly string[];
  /** the same with length */
  readonly addresses: readonly string[];
  readonly routes: readonly MachineRoute[];
}

/** milliseconds that an executable gets */
const DEADLINE = 120_000;
/** a type is a file name; nothing else may come near a path */
const TYPE = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** @throws Error with the executable's own sentence */
export async function cniAdd(call: CniCall, signal?: AbortSignal): Promise<CniInterface> {
  return readResult(await execute('ADD', call, signal), call.ifname);
}

/** Idempotent, as the specification wants it; an executable that is not there has made nothing. @throws Error with its own sentence */
export async function cniDel(call: CniCall, signal?: AbortSignal): Promise<void> {
  try {
    await execute('DEL', call, signal);
  } catch (error) {
    if (!(error instanceof CniError && error.isAbsent)) throw error;
  }
}

/** An executable that failed, in its own words. */
export class CniError extends Error {
  /** there is no such executable */
  readonly isAbsent: boolean;

  constructor(message: string, isAbsent: boolean) {
    super(message);
    this.name = 'CniError';
    this.isAbsent = isAbsent;
  }
}

async function execute(command: 'ADD' | 'DEL', call: CniCall, signal?: AbortSignal): Promise<string> {
  if (!TYPE.test(call.type))
    throw new CniError(`CNI type ${JSON.stringify(call.type)} is not the name of an executable`, true);
  const env = {
    PATH: process.env['PATH'],
    ...(process.env['NODE_COMPILE_CACHE'] ? { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] } : {}),
    CNI_COMMAND: command,
    CNI_CONTAINERID: call.containerId,
    CNI_NETNS: call.netns,
    CNI_IFNAME: call.ifname,
    CNI_ARGS: [
      'IgnoreUnknown=1',
      `K8S_POD_NAMESPACE=${call.namespace}`,
      `K8S_POD_NAME=${call.pod}`,
      `K8S_POD_INFRA_CONTAINER_ID=${call.containerId}`,
    ].join(';'),
    CNI_PATH: call.bin,
  };
  const options = { env, timeout: DEADLINE, killSignal: 'SIGKILL', ...(signal ? { signal } : {}) } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(join(call.bin, call.type), [], options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else {
        const why = whyOf(error, stdout, stderr);
        reject(new CniError(`CNI ${command} of ${call.ifname} (type ${call.type}): ${why}`, error.code === 'ENOENT'));
      }
    });
    // an executable that ends without reading breaks the pipe; its exit code says more
    child.stdin?.on('error', () => undefined).end(call.config);
  });
}

function whyOf(error: ExecFileException, stdout: string, stderr: string): string {
  if (error.code === 'ENOENT') return 'there is no such executable on this node';
  try {
    const { msg, details } = JSON.parse(stdout) as { msg?: string; details?: string };
    if (msg) return details ? `${msg}: ${details}` : msg;
  } catch {
    // not an answer of the specification: what the process said will do
  }
  if (error.code === 'ABORT_ERR') return 'given up, because the pod is being deleted';
  if (error.killed) return `no answer after ${DEADLINE / 1000} s`;
  return stderr.trim().split('\n').at(-1) || error.message;
}

interface Result {
  readonly interfaces?: readonly { readonly name: string; readonly mac?: string; readonly sandbox?: string }[];
  readonly ips?: readonly { readonly address: string }[];
  readonly routes?: readonly MachineRoute[];
}

function readResult(stdout: string, ifname: string): CniInterface {
  const { interfaces = [], ips = [], routes = [] } = JSON.parse(stdout) as Result;
  const mac = interfaces.find(({ name, sandbox }) => name === ifname && sandbox)?.mac;
  const addresses = ips.map(({ address }) => address);
  return { ...(mac ? { mac } : {}), ips: addresses.map((address) => address.split('/')[0]!), addresses, routes };
}
