import type { Command } from 'commander';
import { CliError } from '../terminal/failure.ts';
import { whichLab } from '../terminal/which-lab.ts';

export function registerLink(lab: Command): void {
  const link = lab.command('link').description('cut and heal the wires of nodes');
  for (const state of ['down', 'up'] as const)
    link
      .command(state)
      .description(state === 'down' ? 'cut a wire: the node sees its carrier go' : 'heal a wire')
      .option('--name <NAME>', 'default: $WEFT_LAB, else the only lab')
      .argument('<node:device>', 'such as node1:eth2')
      .action((wire: string, flags: { readonly name?: string }) => set(wire, state === 'up', flags.name));
}

async function set(wire: string, up: boolean, name: string | undefined): Promise<void> {
  const [, node, device] = /^([a-z0-9]+):([a-z0-9]+)$/.exec(wire) ?? [];
  if (node === undefined || device === undefined)
    throw new CliError(2, `${JSON.stringify(wire)} names no wire: give NODE:DEVICE, such as node1:eth2`);
  const [lab, { callSupervisor }] = await Promise.all([
    whichLab(name),
    import('../../services/lab/supervisor-client.ts'),
  ]);
  await callSupervisor(lab, 'setLink', { node, device, up });
  process.stderr.write(`${wire} is ${up ? 'up' : 'cut'}\n`);
}
