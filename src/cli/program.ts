/** The commands and their options. What a command does is loaded when it is run. */
import { Command } from 'commander';
import { registerBench } from './bench/bench.ts';
import { registerDemo } from './demo/demo.ts';
import { registerDoctor } from './doctor/doctor.ts';
import { registerLab } from './lab/lab.ts';
import { registerStatus } from './status/status.ts';
import { registerNotBuilt } from './terminal/not-built.ts';
import { registerTest } from './test/test.ts';
import { registerVm } from './vm/vm.ts';

/** @param processes names of Weft's own processes, for the help; they are added by the front door */
export function createProgram(processes: readonly string[]): Command {
  const program = new Command('weft')
    .description('overlay networks for virtual machines on Kubernetes, compiled into a stock OVN')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', `\nProcesses, for clusters and the lab: ${processes.join(', ')} (weft PROCESS --help)`);
  for (const register of [
    registerDemo,
    registerStatus,
    registerDoctor,
    registerLab,
    registerVm,
    registerBench,
    registerTest,
  ])
    register(program);
  registerNotBuilt(program);
  return program;
}
