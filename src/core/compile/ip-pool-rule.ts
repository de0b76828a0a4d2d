/** IPPool -> Address_Set, if it asks for one; and what is wrong with the pool. */
import { attempt } from '../../lib/netaddr/error.ts';
import { formatCidr } from '../../lib/netaddr/cidr.ts';
import { type IpRange, parseRange, rangeCidrs } from '../../lib/netaddr/range.ts';
import { addressSetName } from '../ovn/names.ts';
import { rule } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

export const ipPoolRule = rule({
  kind: 'IPPool',
  reads: { kinds: ['IPPool'], facts: ['SubnetSwitch'] },
  emits: [],
  run({ metadata, spec }, name, read, emit) {
    const subnet = spec?.subnet ?? '';
    // a rule that names a set which is not there is ignored by OVN: one that is not in force is empty
    const emitSet = (addresses: readonly string[]) => {
      if (spec?.enableAddressSet === true)
        emit.row('Address_Set', addressSetName(name), {
          addresses,
          external_ids: { vendor: 'kube-ovn', ippool: name },
        });
    };
    if (!read.fact('SubnetSwitch', subnet)) {
      emit.issue({
        reason: 'SubnetNotReady',
        field: 'spec.subnet',
        message: `spec.subnet: subnet ${JSON.stringify(subnet)} does not exist or is not in OVN (its Ready condition says why)`,
      });
      return emitSet([]);
    }
    const ranges = rangesOf(spec?.ips);
    const others = read.keys('IPPool', 'subnet', subnet).filter((key) => key !== name);
    const overlapping = others.filter((key) =>
      overlap(
        ranges,
        read.get('IPPool', key, (pool) => pool.spec?.ips),
      ),
    );
    const older = mostSenior(seniority(metadata.creationTimestamp, name), overlapping, (key) =>
      read.get('IPPool', key, (pool) => pool.metadata.creationTimestamp),
    );
    if (older !== undefined) {
      emit.issue({
        reason: 'AddressConflict',
        field: 'spec.ips',
        message: `spec.ips: IPPool ${older} has some of them too, so none of this pool is in force: pools of one subnet must not overlap`,
      });
      return emitSet([]);
    }
    emitSet(ranges.flatMap((range) => rangeCidrs(range).map(formatCidr)));
  },
});

/** those that can be read; the door lets no others in */
function rangesOf(texts: readonly string[] = []): readonly IpRange[] {
  return texts.flatMap((text) => attempt(() => parseRange(text)) ?? []);
}

function overlap(ranges: readonly IpRange[], others: readonly string[] | undefined): boolean {
  return rangesOf(others).some((other) =>
    ranges.some(({ family, first, last }) => family === other.family && first <= other.last && other.first <= last),
  );
}
