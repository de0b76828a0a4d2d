/** `weft supervisor`: composition root of the process behind a lab. `weft lab up` starts it. */
import { Command } from 'commander';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { processId } from '../lib/proc/process-id.ts';
import { run as runCommand } from '../lib/proc/run.ts';
import { loadCertificates } from '../services/apiserver/certificates.ts';
import { kubeconfig, kubeconfigJson } from '../services/apiserver/kubeconfig.ts';
import { NODE_IN_BOX } from '../services/lab/box.ts';
import { LabError } from '../services/lab/errors.ts';
import { limitLogs, LOG_INTERVAL, LOG_LIMIT } from '../services/lab/log-limit.ts';
import { bindLoopback } from '../services/lab/loopback-socket.ts';
import { lockSupervisor } from '../services/lab/name-lock.ts';
import { type LabState, readState, writeJson, writeState } from '../services/lab/options.ts';
import { type LabPaths, labPaths } from '../services/lab/paths.ts';
import { DPDK_VSWITCHD } from '../services/lab/process-table.ts';
import { serveSupervisor } from '../services/lab/supervisor-server.ts';
import { Supervisor } from '../services/lab/supervisor.ts';
import { CENTRAL, managementAddresses } from '../services/lab/topology.ts';
import { logTo } from './process.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

interface Flags {
  readonly home: string;
  readonly name: string;
}

export function command(): Command {
  return new Command('supervisor')
    .description('keeps the processes of a lab running (started by `weft lab up`)')
    .requiredOption('--home <DIR>', 'WEFT_HOME')
    .requiredOption('--name <NAME>', 'name of the lab, whose state must be there')
    .action(async (flags: Flags) => run(flags));
}

async function run({ home, name }: Flags): Promise<void> {
  const log = logTo('supervisor');
  const paths = labPaths(home, name);
  const state = await readState(paths);
  if (!state)
    throw new LabError(
      'no-such-lab',
      `there is no lab ${name}`,
      `${paths.state} is missing`,
      'start it with `weft lab up`',
    );
  await lockSupervisor(name);
  await writeJson(paths.supervisorPid, processId(process.pid));
  await mountRun(paths);
  const { credentials, sockets, state: bound } = await openDoors(paths, state);
  const supervisor = new Supervisor({
    paths,
    state: bound,
    repository: REPOSITORY,
    node: process.execPath,
    weft: [NODE_IN_BOX, '--disable-warning=ExperimentalWarning', `${REPOSITORY}/src/bin/weft.ts`],
    tso: existsSync(state.engineRoot + DPDK_VSWITCHD),
    crdDirectory: `${REPOSITORY}/deploy/crds`,
    credentials: Promise.resolve(credentials),
    sockets,
    environment: process.env['WEFT_DEBUG'] ? { WEFT_DEBUG: process.env['WEFT_DEBUG'] } : {},
    log: (text) => log.info(text),
  });
  const limit = () => void limitLogs(paths.logs, LOG_LIMIT).catch((error: unknown) => log.error(error, 'logs'));
  limit();
  setInterval(limit, LOG_INTERVAL);
  const started = supervisor.start();
  await serveSupervisor(paths.supervisorSocket, supervisor);
  await started.then(
    () => log.info('the lab is up'),
    (error: unknown) => log.error(error),
  );
}

async function mountRun({ run }: LabPaths): Promise<void> {
  mkdirSync(run, { recursive: true });
  await runCommand(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'weft-run', run]);
}

/** Certificates, the two ports of 127.0.0.1, and the kubeconfig that joins them. */
async function openDoors(paths: LabPaths, state: LabState) {
  const certificates = await loadCertificates(paths.pki, managementAddresses(CENTRAL, state.options.ip));
  const sockets = { api: bindLoopback(state.ports.api), metrics: bindLoopback(state.ports.metrics) };
  const bound = { ...state, ports: { api: sockets.api.port, metrics: sockets.metrics.port } };
  await writeState(paths, bound);
  const context = `weft-${paths.name}`;
  writeFileSync(paths.kubeconfig, kubeconfig(`https://127.0.0.1:${sockets.api.port}`, certificates, context), {
    mode: 0o600,
  });
  return {
    credentials: { kubeconfig: (server: string) => kubeconfigJson(server, certificates, context) },
    sockets,
    state: bound,
  };
}
