import type { Command } from 'commander';
import { CliError } from '../terminal/failure.ts';
import { whichLab } from '../terminal/which-lab.ts';

interface Flags {
  readonly name?: string;
}

export function registerNode(lab: Command): void {
  const node = lab.command('node').description('add nodes, and make them fail');
  const option = ['--name <NAME>', 'default: $WEFT_LAB, else the only lab'] as const;
  node
    .command('add')
    .description('a new node, with the next number')
    .option(...option)
    .argument('[node]', 'its name, which must be the next one')
    .action(add);
  node
    .command('stop')
    .description('end all processes of a node in order, guests included, and keep it down')
    .option(...option)
    .argument('<node>')
    .action((name: string, flags: Flags) => stop(name, 'stop', flags));
  node
    .command('kill')
    .description('SIGKILL all processes of a node, guests included, and keep it down')
    .option(...option)
    .argument('<node>')
    .action((name: string, flags: Flags) => stop(name, 'kill', flags));
  node
    .command('start')
    .description('start a node that was stopped or killed')
    .option(...option)
    .argument('<node>')
    .action(start);
}

async function supervisorOf({ name }: Flags) {
  const [lab, { callSupervisor }] = await Promise.all([
    whichLab(name),
    import('../../services/lab/supervisor-client.ts'),
  ]);
  return { lab, callSupervisor };
}

async function add(wanted: string | undefined, flags: Flags): Promise<void> {
  const { lab, callSupervisor } = await supervisorOf(flags);
  if (wanted !== undefined) {
    const { nodes } = await callSupervisor(lab, 'status', {});
    const next = `node${nodes + 1}`;
    if (wanted !== next)
      throw new CliError(
        2,
        `${wanted} cannot be added: nodes are numbered, the next one is ${next}; name that one, or none`,
      );
  }
  process.stderr.write(`${await callSupervisor(lab, 'addNode', {})} is up\n`);
}

async function stop(node: string, how: 'stop' | 'kill', flags: Flags): Promise<void> {
  const { lab, callSupervisor } = await supervisorOf(flags);
  await callSupervisor(lab, 'stopNode', { node, how });
  process.stderr.write(`${node} is down; \`weft lab node start ${node}\` brings it back\n`);
}

async function start(node: string, flags: Flags): Promise<void> {
  const { lab, callSupervisor } = await supervisorOf(flags);
  await callSupervisor(lab, 'startNode', { node });
  process.stderr.write(`${node} is up\n`);
}
