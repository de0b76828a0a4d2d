/** Address sets that rows of ours name. */
import { type Cidr, formatCidr } from '../../lib/netaddr/cidr.ts';
import type { Emit } from './rule.ts';

/** One element for each prefix, so that an edit is about what it changes. */
export function emitAddressSet(name: string, cidrs: readonly Cidr[], emit: Emit): void {
  emit.row('Address_Set', name, { external_ids: { vendor: 'kube-ovn' } });
  for (const cidr of cidrs) emit.member('Address_Set', name, 'addresses', formatCidr(cidr));
}

/** A match names sets of IPPools that are not there. @param path the match */
export function tellMissingSets(path: string, sets: readonly string[], emit: Emit): void {
  for (const set of sets)
    emit.issue({
      reason: 'AddressSetNotFound',
      severity: 'warning',
      field: path,
      message: `${path}: no IPPool makes the address set $${set}, so it counts as empty: make the IPPool, with enableAddressSet: true`,
    });
}
