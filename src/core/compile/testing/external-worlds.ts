/** Physical networks, external addresses and what is translated to them, for generated worlds: they meet, collide, and miss each other. */
import fc from 'fast-check';
import type { OvnEipSpec } from '../../../kinds/ovn-eip.ts';
import { SNAT_NAMESPACE_ANNOTATION } from '../../external/names.ts';
import type { Change, KindName } from '../world.ts';
import { iptablesKinds } from './iptables-worlds.ts';

type Weighted = { readonly weight: number; readonly arbitrary: fc.Arbitrary<Change> };

const eipName = fc.constantFrom('e1', 'e2', 'a-external', 'b-external', 'a-n3');
const target = fc.constantFrom('vm1.ns', 'vm2.ns', 'vm4.ns.net.ns.ovn', 'nobody');

/** what says nothing, is incomplete, and came past the door */
const EIPS: readonly OvnEipSpec[] = [
  {},
  { v4Ip: '192.0.2.10', macAddress: '02:00:00:00:0e:10' },
  { v4Ip: '192.0.2.11', v6Ip: '2001:db8::11', macAddress: '02:00:00:00:0e:11' },
  { v6Ip: '2001:db8::12', macAddress: '02:00:00:00:0e:12' },
  { externalSubnet: 'n3', v4Ip: '10.0.0.77', macAddress: '02:00:00:00:0e:13' },
  { v4Ip: 'nonsense', macAddress: '02:00:00:00:0e:14' },
];

const TARGETS = [
  { ipName: 'vm1.ns' },
  { ipName: 'vm2.ns', type: 'centralized' },
  { ipName: 'vm4.ns.net.ns.ovn', type: 'distributed' },
  { ipName: 'shared', ipType: 'vip' },
  { vpc: 'a', v4Ip: '10.0.0.3' },
  { vpc: 'b', v4Ip: '10.0.0.3', v6Ip: 'fd00:1::3' },
  {},
] as const;

const SOURCES = [
  { vpcSubnet: 'n1' },
  { vpcSubnet: 'nowhere' },
  { ipName: 'vm1.ns' },
  { vpc: 'a', v4IpCidr: '10.0.0.0/24' },
  { vpc: 'b', v4IpCidr: '10.0.0.4', v6IpCidr: 'fd00:1::/64' },
  { vpc: 'a', v4IpCidr: 'nonsense' },
  {},
] as const;

const PORTS = [
  { externalPort: '80' },
  { externalPort: '80-82', internalPort: '8080-8082', protocol: 'tcp' },
  { externalPort: '80', protocol: 'udp' },
  { externalPort: '82', internalPort: '1-2' },
  { externalPort: 'nonsense' },
] as const;

export function externalChanges(
  created: fc.Arbitrary<string>,
  vpcName: fc.Arbitrary<string>,
  subnetName: fc.Arbitrary<string>,
): readonly Weighted[] {
  const kind = (
    weight: number,
    name: KindName,
    keys: fc.Arbitrary<string>,
    spec: fc.Arbitrary<object>,
    annotations: fc.Arbitrary<Readonly<Record<string, string>>> = fc.constant({}),
  ): Weighted => ({
    weight,
    arbitrary: fc
      .record({ key: keys, at: created, spec, annotations, gone: fc.integer({ min: 0, max: 4 }) })
      .map(({ key, at, spec: said, annotations: notes, gone }) => {
        const metadata = { name: key, creationTimestamp: at, labels: labelsOf(said), annotations: notes };
        const object = gone === 0 ? undefined : { apiVersion: 'kubeovn.io/v1', kind: name, metadata, spec: said };
        return { kind: name, key, object } as unknown as Change;
      }),
  });
  const choice = (all: readonly object[]) => fc.constantFrom(...all);
  return [
    kind(1, 'ProviderNetwork', fc.constantFrom('phys', 'other'), fc.constant({ defaultInterface: 'eth1' })),
    kind(
      2,
      'Vlan',
      fc.constantFrom('v', 'v2'),
      fc.record({ id: fc.constantFrom(0, 7), provider: fc.constantFrom('phys', 'other') }),
    ),
    kind(1, 'Node', fc.constantFrom('node1', 'node2', 'node3'), fc.constantFrom({}, { unschedulable: true })),
    ...iptablesKinds(vpcName).map((one) => kind(one.weight, one.kind, one.keys, one.spec)),
    uplinks,
    losses,
    external(created),
    kind(
      3,
      'OvnEip',
      eipName,
      fc.tuple(choice(EIPS), fc.constantFrom('nat', 'lrp'), vpcName).map(([said, type]) => ({ ...said, type })),
    ),
    kind(
      2,
      'OvnFip',
      fc.constantFrom('f1', 'f2'),
      fc.tuple(choice(TARGETS), eipName).map(([to, ovnEip]) => ({ ...to, ovnEip })),
    ),
    kind(
      2,
      'OvnSnatRule',
      fc.constantFrom('s1', 's2'),
      fc.tuple(choice(SOURCES), eipName, subnetName).map(([from, ovnEip]) => ({ ...from, ovnEip })),
      fc.constantFrom({}, {}, { [SNAT_NAMESPACE_ANNOTATION]: 'ns' }),
    ),
    kind(
      2,
      'OvnDnatRule',
      fc.constantFrom('d1', 'd2'),
      fc.tuple(choice(TARGETS), choice(PORTS), eipName, target).map(([to, ports, ovnEip, other]) => ({
        ...to,
        ...ports,
        ovnEip,
        ...('ipName' in to && to.ipName === 'vm1.ns' ? { ipName: `vm1.ns, ${other}` } : {}),
      })),
    ),
  ];
}

/** the router's own are found by their VPC, some nodes by a label */
function labelsOf(spec: object): Readonly<Record<string, string>> {
  if ('unschedulable' in spec) return { zone: 'a' };
  return 'type' in spec && spec.type === 'lrp' ? { 'ovn.kubernetes.io/vpc': 'a' } : {};
}

const losses: Weighted = {
  weight: 1,
  arbitrary: fc
    .record({ key: fc.constantFrom('node1', 'node2', 'node3'), lost: fc.boolean() })
    .map(({ key, lost }): Change => ({ kind: 'GatewayLoss', key, object: lost ? { lost: true } : undefined })),
};

const uplinks: Weighted = {
  weight: 2,
  arbitrary: fc
    .record({
      name: fc.constantFrom('phys', 'other'),
      node: fc.constantFrom('node1', 'node2', 'node3'),
      ready: fc.boolean(),
      up: fc.boolean(),
      mtu: fc.constantFrom(undefined, 1500, 9000),
      there: fc.integer({ min: 0, max: 4 }),
    })
    .map(({ name, node, ready, up, mtu, there }): Change => {
      const object = there === 0 ? undefined : { name, node, ready, up, ...(mtu === undefined ? {} : { mtu }) };
      return { kind: 'Uplink', key: `${name}/${node}`, object };
    }),
};

/** the default external subnet: there, elsewhere, not on a VLAN, or gone */
function external(created: fc.Arbitrary<string>): Weighted {
  const block = { cidrBlock: '192.0.2.0/24,2001:db8::/64', gateway: '192.0.2.1,2001:db8::1' };
  return {
    weight: 2,
    arbitrary: fc
      .tuple(
        created,
        fc.constantFrom({ ...block, vlan: 'v' }, { ...block, vlan: 'v2' }, { ...block, vpc: 'a' }, undefined),
      )
      .map(([at, spec]): Change => {
        const metadata = { name: 'external', creationTimestamp: at };
        const object = spec && { apiVersion: 'kubeovn.io/v1', kind: 'Subnet', metadata, spec };
        return { kind: 'Subnet', key: 'external', object };
      }),
  };
}
