/** `weft vm ...` */
import type { Command } from 'commander';
import { registerConsole } from './console.ts';
import { registerExec } from './exec.ts';
import { registerList } from './list.ts';
import { registerMigrate } from './migrate.ts';
import { registerPower } from './power.ts';

export function registerVm(program: Command): void {
  const vm = program.command('vm').description('the virtual machines of a lab').enablePositionalOptions();
  for (const register of [registerList, registerExec, registerConsole, registerPower, registerMigrate]) register(vm);
}
