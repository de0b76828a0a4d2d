/** OvnEip -> no rows; whether its external subnet can be used. */
import { externalSubnetOf } from '../external/names.ts';
import { isOnVlan, isRouted } from '../vlan/vlan-subnet.ts';
import { rule } from './rule.ts';

export const eipRule = rule({
  kind: 'OvnEip',
  reads: { kinds: ['Subnet'], facts: [] },
  emits: [],
  run(eip, _name, read, emit) {
    const subnet = externalSubnetOf(eip);
    const isExternal = read.get('Subnet', subnet, ({ spec }) => isOnVlan(spec) && !isRouted(spec));
    if (isExternal === true) return;
    emit.issue({
      reason: 'ExternalSubnetNotReady',
      field: 'spec.externalSubnet',
      message: `spec.externalSubnet: ${isExternal === undefined ? `there is no Subnet ${subnet}` : `Subnet ${subnet} is not on a VLAN with a physical gateway, or is a part of a VPC`}: name a subnet of a VLAN outside of VPCs`,
    });
  },
});
