/** `weft vm start|stop|restart`: what virtctl does, waiting until it is done. */
import { type Command, InvalidArgumentError, Option } from 'commander';

import { type Format, outputOption } from '../terminal/output.ts';

export type Verb = 'start' | 'stop' | 'restart';

export interface PowerFlags {
  readonly name?: string;
  readonly namespace: string;
  /** seconds */
  readonly deadline: number;
  readonly output?: Format;
}

const DESCRIPTIONS: Readonly<Record<Verb, string>> = {
  start: 'let a virtual machine run, and wait until it does',
  stop: 'halt a virtual machine, and wait until it is gone; it keeps its addresses',
  restart: 'end a virtual machine and start it anew, with what its template says now',
};

export function registerPower(vm: Command): void {
  for (const verb of ['start', 'stop', 'restart'] as const)
    vm.command(verb)
      .description(DESCRIPTIONS[verb])
      .option('--name <NAME>', 'lab; default: $WEFT_LAB, else the only lab')
      .option('-n, --namespace <NAMESPACE>', 'of the virtual machine', 'default')
      .addOption(new Option('--deadline <SECONDS>', 'how long to wait').default(60).argParser(seconds))
      .addOption(outputOption())
      .argument('<vm>')
      .action(async (name: string, flags: PowerFlags) =>
        (await import('./change-power.ts')).changePower(verb, name, flags),
      );
}

/** @throws InvalidArgumentError */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('say a number of seconds above 0');
  return value;
}
