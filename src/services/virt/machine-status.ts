/** What a virtual machine's status says, from its instance. Pure. */
import type { Finding } from '../../core/status/condition.ts';
import type { VirtualMachine, VirtualMachineInstance, VmStatus } from '../../kinds/virtual-machine.ts';
import { conditionOf, replaceConditions } from './conditions.ts';
import { hasEnded, wishFor } from './run-strategy.ts';

export function machineStatus(vm: VirtualMachine, instance: VirtualMachineInstance | undefined, now: string): VmStatus {
  const ready = conditionOf(instance?.status?.conditions as [] | undefined, 'Ready');
  const finding: Finding = {
    type: 'Ready',
    status: ready?.status === 'True' && !instance?.metadata.deletionTimestamp ? 'True' : 'False',
    reason: ready?.reason ?? (instance ? 'GuestNotRunning' : 'VMINotExists'),
    message: ready?.message ?? (instance ? 'the guest does not run yet' : 'there is no instance of this machine'),
  };
  return {
    ...vm.status,
    printableStatus: printableStatus(vm, instance),
    ready: finding.status === 'True',
    created: instance !== undefined,
    conditions: replaceConditions(vm.status?.conditions as [] | undefined, ['Ready'], [finding], now),
  };
}

/** KubeVirt's words */
function printableStatus(vm: VirtualMachine, instance: VirtualMachineInstance | undefined): string {
  if (vm.metadata.deletionTimestamp) return 'Terminating';
  const wish = wishFor(vm, instance);
  if (!instance) return wish === 'run' ? 'Starting' : 'Stopped';
  if (instance.metadata.deletionTimestamp || wish === 'stop') return 'Stopping';
  if (hasEnded(instance)) return wish === 'run' ? 'Starting' : 'Stopped';
  if (instance.status?.phase === 'Running') return 'Running';
  const scheduled = conditionOf(instance.status?.conditions as [] | undefined, 'PodScheduled');
  return scheduled?.status === 'False' ? 'ErrorUnschedulable' : 'Starting';
}
