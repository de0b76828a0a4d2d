import type { Command } from 'commander';
import { CliError } from '../terminal/failure.ts';
import { whichLab } from '../terminal/which-lab.ts';

interface Flags {
  readonly name?: string;
  readonly silent?: boolean;
}

export function registerLink(lab: Command): void {
  const link = lab.command('link').description('cut and heal the wires of nodes');
  const name = ['--name <NAME>', 'default: $WEFT_LAB, else the only lab'] as const;
  link
    .command('down')
    .description('cut a wire: the node sees its carrier go')
    .option(...name)
    .option('--silent', 'frames vanish in both directions, and the carrier stays')
    .argument('<node:device>', 'such as node1:eth2')
    .action((wire: string, flags: Flags) => set(wire, false, flags));
  link
    .command('up')
    .description('heal a wire, however it was cut')
    .option(...name)
    .option('--silent', 'undo `link down --silent` alone')
    .argument('<node:device>', 'such as node1:eth2')
    .action((wire: string, flags: Flags) => set(wire, true, flags));
}

async function set(wire: string, up: boolean, { name, silent }: Flags): Promise<void> {
  const [, node, device] = /^([a-z0-9]+):([a-z0-9]+)$/.exec(wire) ?? [];
  if (node === undefined || device === undefined)
    throw new CliError(2, `${JSON.stringify(wire)} names no wire: give NODE:DEVICE, such as node1:eth2`);
  const [lab, { callSupervisor }] = await Promise.all([
    whichLab(name),
    import('../../services/lab/supervisor-client.ts'),
  ]);
  await callSupervisor(lab, 'setLink', { node, device, up, ...(silent ? { how: 'silent' } : {}) });
  process.stderr.write(`${wire} is ${up ? 'up' : silent ? 'silent' : 'cut'}\n`);
}
