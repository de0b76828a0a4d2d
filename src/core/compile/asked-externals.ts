/** Which external subnets a VPC is to be connected to: those that it names itself, and those of its VpcNatGateways. */
import { externalSubnetsOf } from '../external/names.ts';
import { gatewaySubnetsOf } from '../external/nat-gateway.ts';
import type { Read } from './rule.ts';
import { seniority } from './seniority.ts';

type Reader = Pick<Read, 'get' | 'keys'>;

export interface AskedExternal {
  readonly subnet: string;
  /** the VPC names it itself */
  readonly own: boolean;
  /** the VpcNatGateways that ask for it */
  readonly gateways: readonly string[];
}

/** In the order of preference, the first has the default route: the VPC's own, then those of its gateways, the oldest first. */
export function askedExternals(vpc: string, read: Reader): readonly AskedExternal[] {
  const own = read.get('Vpc', vpc, ({ spec }) => externalSubnetsOf(spec)) ?? [];
  const byGateway = natGatewaysOf(vpc, read).flatMap((gateway) =>
    (read.get('VpcNatGateway', gateway, gatewaySubnetsOf) ?? []).map((subnet) => ({ subnet, gateway })),
  );
  const all = new Set([...own, ...byGateway.map(({ subnet }) => subnet)]);
  return [...all].map((subnet) => ({
    subnet,
    own: own.includes(subnet),
    gateways: byGateway.filter((asked) => asked.subnet === subnet).map(({ gateway }) => gateway),
  }));
}

/** The oldest first. */
export function natGatewaysOf(vpc: string, read: Reader): readonly string[] {
  const ranked = read.keys('VpcNatGateway', 'vpc', vpc).map((name) => ({
    name,
    rank: seniority(
      read.get('VpcNatGateway', name, ({ metadata }) => metadata.creationTimestamp),
      name,
    ),
  }));
  return ranked.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ name }) => name);
}

/** VPCs that ask for an external subnet, in the order of their names. */
export function vpcsAsking(subnet: string, read: Reader): readonly string[] {
  const byGateway = read
    .keys('VpcNatGateway', 'external', subnet)
    .flatMap((name) => read.get('VpcNatGateway', name, ({ spec }) => spec?.vpc ?? '') || []);
  return [...new Set([...read.keys('Vpc', 'external', subnet), ...byGateway])].toSorted();
}
