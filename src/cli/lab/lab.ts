/** `weft lab ...` */
import type { Command } from 'commander';
import { registerDown } from './down.ts';
import { registerEnv } from './env.ts';
import { registerExec } from './exec.ts';
import { registerLink } from './link.ts';
import { registerNode } from './node.ts';
import { registerStatus } from './status.ts';
import { registerUp } from './up.ts';

export function registerLab(program: Command): void {
  const lab = program.command('lab').description('a whole cluster on this machine');
  for (const register of [
    registerUp,
    registerDown,
    registerStatus,
    registerEnv,
    registerExec,
    registerNode,
    registerLink,
  ])
    register(lab);
}
