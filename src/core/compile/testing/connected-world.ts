/** A world that is connected from its start, so that what is generated after it is translated and does not only miss what it needs. */
import type { Change } from '../world.ts';

const object = (kind: string, key: string, spec: object, labels: object = {}): Change => {
  const metadata = { name: key, creationTimestamp: '2026-01-01T00:00:00Z', labels };
  return { kind, key, object: { apiVersion: 'kubeovn.io/v1', kind, metadata, spec } } as unknown as Change;
};
const machine = (name: string, subnet: string, spec: object) =>
  object('IP', `${name}.ns`, { subnet, namespace: 'ns', podName: name, podType: 'VirtualMachine', ...spec });
const router = (vpc: string, v4Ip: string, v6Ip: string) =>
  object(
    'OvnEip',
    `${vpc}-external`,
    { externalSubnet: 'external', type: 'lrp', v4Ip, v6Ip, macAddress: `02:00:00:00:0d:0${vpc === 'a' ? 1 : 2}` },
    { 'ovn.kubernetes.io/vpc': vpc },
  );

export const CONNECTED: readonly Change[] = [
  ...['node1', 'node2', 'node3'].flatMap((node): Change[] => [
    object('Node', node, {}),
    { kind: 'Uplink', key: `phys/${node}`, object: { name: 'phys', node, ready: true, up: true } },
  ]),
  object('ProviderNetwork', 'phys', { defaultInterface: 'eth1' }),
  object('Vlan', 'v', { id: 7, provider: 'phys' }),
  object('Subnet', 'external', {
    vlan: 'v',
    cidrBlock: '192.0.2.0/24,2001:db8::/64',
    gateway: '192.0.2.1,2001:db8::1',
  }),
  object('Vpc', 'a', { enableExternal: true }),
  object('Vpc', 'b', { staticRoutes: [{ cidr: '0.0.0.0/0', nextHopIP: '10.1.0.254', policy: 'policyDst' }] }),
  object('Subnet', 'n1', { vpc: 'a', cidrBlock: '10.0.0.0/24', gateway: '10.0.0.1', natOutgoing: true }),
  object('Subnet', 'n2', { vpc: 'b', cidrBlock: '10.1.0.0/24,fd00:1::/64', gateway: '10.1.0.1,fd00:1::1' }),
  router('a', '192.0.2.2', '2001:db8::2'),
  router('b', '192.0.2.3', '2001:db8::3'),
  machine('vm1', 'n1', { v4IpAddress: '10.0.0.3', macAddress: '02:00:00:00:0a:03', nodeName: 'node1' }),
  machine('vm2', 'n1', { v4IpAddress: '10.0.0.4', macAddress: '02:00:00:00:0a:04', nodeName: 'node2' }),
  machine('vm3', 'n2', {
    v4IpAddress: '10.1.0.3',
    v6IpAddress: 'fd00:1::3',
    macAddress: '02:00:00:00:0b:03',
    nodeName: 'node3',
  }),
  object('VpcNatGateway', 'g1', { vpc: 'a', externalSubnets: ['external'] }),
  object('VpcNatGateway', 'g2', { vpc: 'b', subnet: 'n2', lanIp: '10.1.0.254' }),
  object('OvnEip', 'e1', { externalSubnet: 'external', v4Ip: '192.0.2.11', macAddress: '02:00:00:00:0e:11' }),
  object('IptablesEIP', 'i1', { natGwDp: 'g1', v4ip: '192.0.2.20', macAddress: '02:00:00:00:0f:20' }),
  object('IptablesEIP', 'i2', {
    natGwDp: 'g2',
    v4ip: '192.0.2.21',
    v6ip: '2001:db8::21',
    macAddress: '02:00:00:00:0f:21',
  }),
  object('IptablesEIP', 'i3', { natGwDp: 'g2', v4ip: '192.0.2.22', macAddress: '02:00:00:00:0f:22' }),
  object('OvnFip', 'f1', { ovnEip: 'e1', ipName: 'vm1.ns' }),
  object('IptablesSnatRule', 's1', { eip: 'i1', internalCIDR: '10.0.0.0/24' }),
  object('IptablesFIPRule', 'f1', { eip: 'i2', internalIp: '10.1.0.3' }),
  object('IptablesDnatRule', 'd1', { eip: 'i3', externalPort: '80', internalIp: '10.1.0.3', type: 'share' }),
  object('IptablesDnatRule', 'd2', { eip: 'i3', externalPort: '80-82', internalIp: '10.1.0.4', type: 'share' }),
];
