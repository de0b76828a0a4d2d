/** VpcPeering: what is wrong with it. Its rows belong to the two VPCs, each of which has an end of the link. */
import { rule } from './rule.ts';
import { pairOf } from './link-prefixes.ts';
import { viewPair } from './vpc-peerings.ts';

export const vpcPeeringRule = rule({
  kind: 'VpcPeering',
  reads: { kinds: ['IP', 'Vpc', 'Subnet', 'VpcPeering'], facts: [] },
  emits: [],
  run(peering, name, read, emit) {
    const { issues, strangers } = viewPair(pairOf(peering), read);
    if (!strangers.includes(name)) for (const issue of issues) emit.issue(issue);
    else
      emit.issue({
        reason: 'PeeringNotAccepted',
        field: 'spec',
        message: `spec: neither VPC is for namespace ${peering.metadata.namespace}, and not both accept its VpcPeerings, so this object counts for nothing: delete it, or ask an owner of one of them to say it`,
      });
  },
});
