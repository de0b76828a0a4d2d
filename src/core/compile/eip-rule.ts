/** OvnEip, IptablesEIP -> no rows; whether its external subnet can be used, and that its gateway is there. */
import type { IptablesEip } from '../../kinds/iptables-nat.ts';
import type { EipKind } from '../external/families.ts';
import { externalSubnetOf } from '../external/names.ts';
import { isOnVlan, isRouted } from '../vlan/vlan-subnet.ts';
import { notImplemented } from './not-implemented.ts';
import { rule } from './rule.ts';

const eipRule = (kind: EipKind) =>
  rule({
    kind,
    reads: { kinds: kind === 'OvnEip' ? ['Subnet'] : ['Subnet', 'VpcNatGateway'], facts: [] },
    emits: [],
    run(eip, _name, read, emit) {
      const subnet = externalSubnetOf(eip);
      const isExternal = read.get('Subnet', subnet, ({ spec }) => isOnVlan(spec) && !isRouted(spec));
      if (isExternal !== true)
        emit.issue({
          reason: 'ExternalSubnetNotReady',
          field: 'spec.externalSubnet',
          message: `spec.externalSubnet: ${isExternal === undefined ? `there is no Subnet ${subnet}` : `Subnet ${subnet} is not on a VLAN with a physical gateway, or is a part of a VPC`}: name a subnet of a VLAN outside of VPCs`,
        });
      if (kind !== 'IptablesEIP') return;
      for (const issue of notImplemented(kind, eip)) emit.issue(issue);
      const { natGwDp = '' } = (eip as IptablesEip).spec ?? {};
      if (read.get('VpcNatGateway', natGwDp, () => true) !== true)
        emit.issue({
          reason: 'NatGatewayNotFound',
          field: 'spec.natGwDp',
          message: `spec.natGwDp: there is no VpcNatGateway ${JSON.stringify(natGwDp)}: create it, or name another one`,
        });
    },
  });

export const ovnEipRule = eipRule('OvnEip');
export const iptablesEipRule = eipRule('IptablesEIP');
