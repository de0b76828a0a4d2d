import type { Command } from 'commander';

export interface ExecFlags {
  readonly name?: string;
  readonly namespace: string;
}

export function registerExec(vm: Command): void {
  vm.command('exec')
    .description('run a command inside a guest; its exit code is ours')
    .option('--name <NAME>', 'lab; default: $WEFT_LAB, else the only lab')
    .option('-n, --namespace <NAMESPACE>', 'of the virtual machine', 'default')
    .argument('<vm>', 'virtual machine, or pod that is a guest')
    .argument('<command...>', 'after --')
    .passThroughOptions()
    .action(async (vmName: string, words: readonly string[], flags: ExecFlags) =>
      (await import('./exec-in-guest.ts')).execInGuest(vmName, words, flags),
    );
}
