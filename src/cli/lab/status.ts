import type { Command } from 'commander';
import type { LabPaths } from '../../services/lab/paths.ts';
import type { LabStatus } from '../../services/lab/status.ts';
import { type Format, megabytes, outputOption, print, table } from '../terminal/output.ts';
import { whichLab } from '../terminal/which-lab.ts';

export function registerStatus(lab: Command): void {
  lab
    .command('status')
    .description('what runs, where, with what memory; exit code 1 when anything is not well')
    .option('--name <NAME>', 'default: $WEFT_LAB, else the only lab')
    .addOption(outputOption())
    .action(run);
}

async function run({ name, output }: { readonly name?: string; readonly output?: Format }): Promise<void> {
  const status = await readStatus(await whichLab(name));
  await print(status, output, () => describe(status));
  if (!status.healthy) process.exitCode = 1;
}

async function readStatus(paths: LabPaths): Promise<LabStatus> {
  const [{ callSupervisor }, { NoListenerError }, { unsupervisedStatus }, { readState }] = await Promise.all([
    import('../../services/lab/supervisor-client.ts'),
    import('../../services/lab/rpc.ts'),
    import('../../services/lab/status.ts'),
    import('../../services/lab/options.ts'),
  ]);
  try {
    return await callSupervisor(paths, 'status', {});
  } catch (error) {
    const state = error instanceof NoListenerError ? await readState(paths) : undefined;
    if (!state) throw error;
    return unsupervisedStatus(paths, state);
  }
}

function describe({ name, healthy, nodes, kubeconfig, ovn, engine, problems, processes }: LabStatus): string {
  const rows = processes.map(({ box, name: process, state, pid, rssBytes, restarts }) => [
    box,
    process,
    state,
    pid === 0 ? '-' : String(pid),
    megabytes(rssBytes),
    String(restarts),
  ]);
  const total = processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0);
  return [
    `lab ${name}: ${healthy ? 'well' : 'NOT well'}, ${nodes} nodes, ${megabytes(total)}`,
    ...problems.map(({ what, why, todo }) => `  ${what}: ${why}; ${todo}`),
    `kubeconfig   ${kubeconfig}`,
    `northbound   ${ovn.nb}`,
    `southbound   ${ovn.sb}`,
    `engine       ${Object.entries(engine)
      .map(([item, version]) => `${item} ${version}`)
      .join(', ')}`,
    '',
    table([['BOX', 'PROCESS', 'STATE', 'PID', 'MEMORY', 'RESTARTS'], ...rows]),
  ].join('\n');
}
