/** Vlan -> no rows; the number that its subnets are tagged with, unless another Vlan has it. */
import { ETHERNET_MTU } from '../underlay/mtu.ts';
import { rule } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

export const vlanRule = rule({
  kind: 'Vlan',
  reads: { kinds: ['ProviderNetwork', 'Vlan'], facts: ['ProviderMtu'] },
  emits: ['VlanNetwork'],
  run({ metadata, spec }, name, read, emit) {
    const { provider = '', id = 0 } = spec ?? {};
    if (read.get('ProviderNetwork', provider, () => true) !== true) {
      emit.issue({
        reason: 'ProviderNetworkNotFound',
        field: 'spec.provider',
        message: `spec.provider: there is no ProviderNetwork ${JSON.stringify(provider)}: create it, or name another one`,
      });
      return;
    }
    const others = read.keys('Vlan', 'tag', `${provider}|${id}`).filter((key) => key !== name);
    const older = mostSenior(seniority(metadata.creationTimestamp, name), others, (key) =>
      read.get('Vlan', key, (other) => other.metadata.creationTimestamp),
    );
    if (older !== undefined) {
      emit.issue({
        reason: 'VlanConflict',
        field: 'spec.id',
        message: `spec.id: Vlan ${older} is VLAN ${id} of ${provider} already: subnets on this one are kept out of OVN; use that one`,
      });
      return;
    }
    const mtu = read.fact('ProviderMtu', provider)?.mtu ?? ETHERNET_MTU;
    emit.fact('VlanNetwork', name, { provider, tag: id, mtu });
  },
});
