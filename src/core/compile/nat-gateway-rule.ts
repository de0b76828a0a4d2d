/** VpcNatGateway -> no rows of its own: it connects its VPC, and the rows are those of the VPC. Whether they can be is said here too. */
import { gatewaySubnetsOf } from '../external/nat-gateway.ts';
import { askedExternals } from './asked-externals.ts';
import { notImplemented } from './not-implemented.ts';
import { rule } from './rule.ts';
import { externalOf } from './vpc-external.ts';

export const natGatewayRule = rule({
  kind: 'VpcNatGateway',
  reads: {
    kinds: ['Vpc', 'VpcNatGateway', 'Subnet', 'OvnEip', 'Node'],
    facts: ['VlanNetwork', 'GatewayNodes', 'GatewayStates', 'VpcRouter'],
  },
  emits: [],
  run(gateway, _name, read, emit) {
    for (const issue of notImplemented('VpcNatGateway', gateway)) emit.issue(issue);
    const { vpc = '' } = gateway.spec ?? {};
    if (!read.fact('VpcRouter', vpc)) {
      emit.issue({
        reason: 'VpcNotFound',
        field: 'spec.vpc',
        message: `spec.vpc: there is no VPC ${JSON.stringify(vpc)} in OVN: create it, or see its Ready condition`,
      });
      return;
    }
    const asked = askedExternals(vpc, read);
    for (const [index, subnet] of gatewaySubnetsOf(gateway).entries())
      externalOf(vpc, asked.find((one) => one.subnet === subnet)!, `spec.externalSubnets[${index}]`, read, emit);
  },
});
