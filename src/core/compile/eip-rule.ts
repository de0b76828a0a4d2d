/** OvnEip -> no rows; whether its external subnet can be used. */
import { externalSubnetOf } from '../external/names.ts';
import { isOnVlan } from '../network/vlan-subnet.ts';
import { rule } from './rule.ts';

export const eipRule = rule({
  kind: 'OvnEip',
  reads: { kinds: ['Subnet'], facts: [] },
  emits: [],
  run(eip, _name, read, emit) {
    const subnet = externalSubnetOf(eip);
    const onVlan = read.get('Subnet', subnet, ({ spec }) => isOnVlan(spec));
    if (onVlan === true) return;
    emit.issue({
      reason: 'ExternalSubnetNotReady',
      field: 'spec.externalSubnet',
      message: `spec.externalSubnet: ${onVlan === undefined ? `there is no Subnet ${subnet}` : `Subnet ${subnet} is not on a VLAN`}: name a subnet of a VLAN`,
    });
  },
});
