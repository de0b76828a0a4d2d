/** `weft vm migrate`: what virtctl migrate does, waiting until it is done. */
import { type Command, Option } from 'commander';
import { type Format, outputOption } from '../terminal/output.ts';
import { seconds } from './power.ts';

export interface MigrateFlags {
  readonly name?: string;
  readonly namespace: string;
  readonly to?: string;
  /** seconds */
  readonly deadline: number;
  readonly output?: Format;
}

export function registerMigrate(vm: Command): void {
  vm.command('migrate')
    .description('move a running virtual machine to another node, and wait until it is there')
    .option('--name <NAME>', 'lab; default: $WEFT_LAB, else the only lab')
    .option('-n, --namespace <NAMESPACE>', 'of the virtual machine', 'default')
    .option('--to <NODE>', 'default: the node with the fewest guests that fits')
    .addOption(new Option('--deadline <SECONDS>', 'how long to wait').default(120).argParser(seconds))
    .addOption(outputOption())
    .argument('<vm>')
    .action(async (name: string, flags: MigrateFlags) =>
      (await import('./migrate-machine.ts')).migrateMachine(name, flags),
    );
}
