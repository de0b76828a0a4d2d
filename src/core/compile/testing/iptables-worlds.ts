/** What Harvester's UI writes, for generated worlds: gateways of VPCs, their addresses and rules. */
import fc from 'fast-check';
import type { KindName } from '../world.ts';

const GATEWAYS = [
  { subnet: 'n1', lanIp: '10.0.0.254' },
  { subnet: 'n1', lanIp: '10.0.0.254, fd00:1::9', externalSubnets: ['external'] },
  { externalSubnets: ['n3', 'external', 'nowhere'], replicas: 2, tolerations: [{ operator: 'Exists' }] },
  { selector: ['zone: a'] },
  { lanIp: 'nonsense', externalSubnets: ['n3'], selector: ['nonsense'] },
] as const;

/** what says nothing, is incomplete, and came past the door */
const EIPS = [
  {},
  { v4ip: '192.0.2.20', macAddress: '02:00:00:00:0f:20' },
  { v4ip: '192.0.2.21', v6ip: '2001:db8::21', macAddress: '02:00:00:00:0f:21', qosPolicy: 'slow' },
  { externalSubnet: 'n3', v4ip: '10.0.0.78', macAddress: '02:00:00:00:0f:22' },
  { v4ip: '192.0.2.10', macAddress: '02:00:00:00:0f:23' },
  { v4ip: 'nonsense', macAddress: '02:00:00:00:0f:24' },
] as const;

const gatewayName = fc.constantFrom('g1', 'g2');
const eipName = fc.constantFrom('i1', 'i2', 'i3');
const internalIp = fc.constantFrom('10.0.0.3', '10.0.0.4', '10.1.0.3', 'fd00:1::3', '10.9.9.9', 'nonsense', '');

interface Generated {
  readonly kind: KindName;
  readonly weight: number;
  readonly keys: fc.Arbitrary<string>;
  readonly spec: fc.Arbitrary<object>;
}

export function iptablesKinds(vpcName: fc.Arbitrary<string>): readonly Generated[] {
  return [
    {
      kind: 'VpcNatGateway',
      weight: 2,
      keys: gatewayName,
      spec: fc.tuple(fc.constantFrom(...GATEWAYS), vpcName).map(([said, vpc]) => ({ ...said, vpc })),
    },
    {
      kind: 'IptablesEIP',
      weight: 3,
      keys: eipName,
      spec: fc.tuple(fc.constantFrom(...EIPS), gatewayName).map(([said, natGwDp]) => ({ ...said, natGwDp })),
    },
    {
      kind: 'IptablesFIPRule',
      weight: 1,
      keys: fc.constantFrom('f1', 'f2'),
      spec: fc.record({ eip: eipName, internalIp }),
    },
    {
      kind: 'IptablesSnatRule',
      weight: 1,
      keys: fc.constantFrom('s1', 's2'),
      spec: fc.record({
        eip: eipName,
        internalCIDR: fc.constantFrom('10.0.0.0/24', '10.0.0.4', '10.0.0.0/24, fd00:1::/64', '0.0.0.0/0', 'nonsense'),
      }),
    },
    {
      kind: 'IptablesDnatRule',
      weight: 3,
      keys: fc.constantFrom('d1', 'd2', 'd3'),
      spec: fc.record({
        eip: eipName,
        internalIp,
        externalPort: fc.constantFrom('80', '80-82', 'nonsense'),
        internalPort: fc.constantFrom('', '8080', '8080-8082'),
        protocol: fc.constantFrom('tcp', 'TCP', 'udp'),
        type: fc.constantFrom('exclusive', 'share', 'share'),
      }),
    },
  ];
}
