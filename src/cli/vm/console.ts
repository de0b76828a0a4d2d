import type { Command } from 'commander';
import type { ExecFlags } from './exec.ts';

export function registerConsole(vm: Command): void {
  vm.command('console')
    .description('the serial console of a guest, or a shell in one that has none; Ctrl-] leaves the console')
    .option('--name <NAME>', 'lab; default: $WEFT_LAB, else the only lab')
    .option('-n, --namespace <NAMESPACE>', 'of the virtual machine', 'default')
    .argument('<vm>', 'virtual machine, or pod that is a guest')
    .action(async (name: string, flags: ExecFlags) => (await import('./attach-console.ts')).attachConsole(name, flags));
}
