import type { Command } from 'commander';
import { type Format, outputOption } from '../terminal/output.ts';

export interface ListFlags {
  readonly name?: string;
  readonly namespace?: string;
  readonly output?: Format;
}

export function registerList(vm: Command): void {
  vm.command('list')
    .description('virtual machines with their interfaces: network, subnet, VPC, addresses, state of the port')
    .option('--name <NAME>', 'lab; default: $WEFT_LAB, else the only lab')
    .option('-n, --namespace <NAMESPACE>', 'default: all')
    .addOption(outputOption())
    .action(async (flags: ListFlags) => (await import('./show-machines.ts')).showMachines(flags));
}
