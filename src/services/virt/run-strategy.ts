/** Whether a virtual machine should run now. Pure. */
import type { VirtualMachine, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';

/** `keep`: neither started nor stopped */
export type Wish = 'run' | 'stop' | 'keep';

/** The strategy in force; a machine that says nothing about running runs. */
export function runStrategy({ spec }: VirtualMachine): string {
  if (spec?.runStrategy) return spec.runStrategy;
  return spec?.running === false ? 'Halted' : 'Always';
}

/** What should become of the machine's instance, given how that ended, if it did. */
export function wishFor(vm: VirtualMachine, instance: VirtualMachineInstance | undefined): Wish {
  const phase = instance?.status?.phase;
  switch (runStrategy(vm)) {
    case 'Halted':
      return 'stop';
    case 'Manual':
      return 'keep';
    case 'Once':
      return phase === 'Failed' || phase === 'Succeeded' ? 'keep' : 'run';
    case 'RerunOnFailure':
      return phase === 'Succeeded' ? 'keep' : 'run';
    default:
      return 'run';
  }
}

export function hasEnded({ status }: VirtualMachineInstance): boolean {
  return status?.phase === 'Failed' || status?.phase === 'Succeeded';
}
