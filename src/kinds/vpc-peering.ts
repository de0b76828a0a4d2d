/** VpcPeering: two VPCs that reach each other, with link addresses and routes made by Weft. Weft's own kind. */
import { AGE, column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { conditions, obj, str, strings, type Static } from './schema.ts';

const spec = obj(
  {
    localVpc: str(
      'the VPC on this side, usually one that is for the namespace of this object. Of both VPCs somebody has to agree: a VpcPeering in a namespace that the VPC is for, or its annotation network.harvesterhci.io/accept-peerings-from',
    ),
    remoteVpc: str('the VPC on the other side'),
    localSubnets: strings('subnets of localVpc that the other side reaches; all of them when the field is not there'),
    remoteSubnets: strings(
      'subnets of remoteVpc that this side wants to reach; all of them when the field is not there',
    ),
    linkCIDR: str('IPv4 prefix of the link between the routers, a /30 or shorter; Weft chooses one when it is empty'),
  },
  { required: ['localVpc', 'remoteVpc'] },
);

const status = obj({
  conditions,
  linkCIDR: str('prefixes of the link, comma-separated'),
  localPrefixes: strings('what the other side reaches'),
  remotePrefixes: strings('what this side reaches'),
});

export type VpcPeeringSpec = Static<typeof spec>;
export type VpcPeeringStatus = Static<typeof status>;
export type VpcPeering = KubeObject<VpcPeeringSpec, VpcPeeringStatus>;

export const vpcPeeringKind: Kind = {
  group: 'network.harvesterhci.io',
  version: 'v1beta1',
  kind: 'VpcPeering',
  plural: 'vpcpeerings',
  singular: 'vpcpeering',
  shortNames: ['peering'],
  namespaced: true,
  statusSubresource: true,
  description: 'Two VPCs that reach each other; the other side accepts when it belongs to other namespaces.',
  spec,
  status,
  columns: [
    column('Local', '.spec.localVpc'),
    column('Remote', '.spec.remoteVpc'),
    column('Link', '.status.linkCIDR'),
    READY,
    REASON,
    AGE,
  ],
};
