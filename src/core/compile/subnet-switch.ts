/** The switch that something of a subnet belongs to. */
import type { Facts } from './facts.ts';
import type { Emit, Read } from './rule.ts';

/** @returns undefined when the subnet is not in OVN; that is said of spec.subnet */
export function switchOf(subnet: string, read: Read, emit: Pick<Emit, 'issue'>): Facts['SubnetSwitch'] | undefined {
  const found = read.fact('SubnetSwitch', subnet);
  if (!found)
    emit.issue({
      reason: 'SubnetNotReady',
      field: 'spec.subnet',
      message: `spec.subnet: subnet ${JSON.stringify(subnet)} does not exist or is not in OVN (its Ready condition says why)`,
    });
  return found;
}
