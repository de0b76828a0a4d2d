import type { Command } from 'commander';
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
  const { readStatus } = await import('./read-status.ts');
  const status = await readStatus(await whichLab(name));
  await print(status, output, () => describe(status));
  if (!status.healthy) process.exitCode = 1;
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
