/** VpcPeering: what is wrong with it. Its rows belong to the two VPCs, each of which has an end of the link. */
import { rule } from './rule.ts';
import { pairOf, viewPair } from './vpc-peerings.ts';

export const vpcPeeringRule = rule({
  kind: 'VpcPeering',
  reads: { kinds: ['Vpc', 'Subnet', 'VpcPeering'], facts: [] },
  emits: [],
  run(peering, _name, read, emit) {
    for (const issue of viewPair(pairOf(peering), read).issues) emit.issue(issue);
  },
});
