/** Objects among which admission tests judge others. */
import type { KubeObject } from '../../../kinds/object.ts';
import type { Subnet, SubnetSpec } from '../../../kinds/subnet.ts';
import type { Vpc, VpcSpec } from '../../../kinds/vpc.ts';
import { World } from '../../compile/world.ts';
import { admit } from '../admit.ts';

export function subnet(name: string, spec: SubnetSpec): Subnet {
  return { apiVersion: 'kubeovn.io/v1', kind: 'Subnet', metadata: { name }, spec };
}

export function vpc(name: string, spec: VpcSpec = {}): Vpc {
  return { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name }, spec };
}

export function ip(name: string, network: string, v4IpAddress: string): KubeObject {
  return {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IP',
    metadata: { name },
    spec: {
      subnet: network,
      v4IpAddress,
      macAddress: `02:00:00:00:00:${v4IpAddress.split('.').at(-1)!.padStart(2, '0').slice(-2)}`,
    },
  };
}

/** VPCs red and blue; subnets net1 and net2 in red; vm1 has 10.0.0.5 in net1 */
export function neighbours(): World {
  const world = new World();
  const leaving: Vpc = { ...vpc('leaving'), metadata: { name: 'leaving', deletionTimestamp: '2026-01-01T00:00:00Z' } };
  for (const object of [vpc('red'), vpc('blue'), leaving])
    world.apply({ kind: 'Vpc', key: object.metadata.name, object });
  const nets = [
    subnet('net1', { vpc: 'red', cidrBlock: '10.0.0.0/16', gateway: '10.0.0.1', provider: 'a.ns.ovn' }),
    subnet('net2', {
      vpc: 'red',
      cidrBlock: '10.1.0.0/16,fd00:1::/64',
      gateway: '10.1.0.1,fd00:1::1',
      provider: 'ovn',
    }),
    subnet('b-c', { vpc: 'a', cidrBlock: '10.9.0.0/16' }),
  ];
  for (const object of nets) world.apply({ kind: 'Subnet', key: object.metadata.name, object });
  world.apply({ kind: 'IP', key: 'vm1.ns.a.ns.ovn', object: ip('vm1.ns.a.ns.ovn', 'net1', '10.0.0.5') as never });
  return world;
}

/** `path: detail` of everything that is wrong */
export const errorsOf = (object: KubeObject, old?: KubeObject) =>
  admit(object, old, neighbours()).errors.map(({ path, detail }) => `${path}: ${detail}`);
