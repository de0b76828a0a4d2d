/** Large worlds for counters and benchmarks: VPCs of one subnet each or of many, NICs spread over them. */
import { formatIp } from '../../../lib/netaddr/ip.ts';
import { macFor } from '../../ovn/mac.ts';
import type { SubnetSpec } from '../../../kinds/subnet.ts';
import { type Change, SETTINGS_KEY } from '../world.ts';

const created = '2026-01-01T00:00:00Z';

export function nicChange(index: number, vpcs: number): Change {
  const address = formatIp({ family: 4, value: 0x0a000002n + BigInt(Math.floor(index / vpcs)) });
  return ipChange(index, `net${index % vpcs}`, address);
}

function ipChange(index: number, subnet: string, address: string): Change {
  const name = `vm${index}.load.${subnet}.load.ovn`;
  return {
    kind: 'IP',
    key: name,
    object: {
      apiVersion: 'kubeovn.io/v1',
      kind: 'IP',
      metadata: { name, creationTimestamp: created },
      spec: {
        subnet,
        namespace: 'load',
        podName: `vm${index}`,
        macAddress: macFor(name),
        v4IpAddress: address,
        ipAddress: address,
        nodeName: `node${(index % 3) + 1}`,
        podType: 'VirtualMachine',
      },
    },
  };
}

export function largeWorld(nics: number, vpcs: number): Change[] {
  const changes: Change[] = [{ kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: 1442 } }];
  for (let index = 0; index < vpcs; index += 1) {
    const vpc = `vpc${index}`;
    const subnet = `net${index}`;
    changes.push({
      kind: 'Vpc',
      key: vpc,
      object: {
        apiVersion: 'kubeovn.io/v1',
        kind: 'Vpc',
        metadata: { name: vpc, creationTimestamp: created },
        spec: {},
      },
    });
    changes.push({
      kind: 'Subnet',
      key: subnet,
      object: {
        apiVersion: 'kubeovn.io/v1',
        kind: 'Subnet',
        metadata: { name: subnet, creationTimestamp: created },
        spec: { vpc, cidrBlock: '10.0.0.0/16', gateway: '10.0.0.1' },
      },
    });
  }
  for (let index = 0; index < nics; index += 1) changes.push(nicChange(index, vpcs));
  return changes;
}

export interface Shape {
  readonly vpcs: number;
  /** of each VPC */
  readonly subnets: number;
  readonly nics: number;
}

/** VPC number `vpc` is `vpc<vpc>`, its subnets are `net<vpc>-<index>`, 10.x.y.0/24 and fd00:<x><y>::/64 with gaps between them. */
export function routedWorld({ vpcs, subnets, nics }: Shape, spec: SubnetSpec = {}): Change[] {
  const changes: Change[] = [{ kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: 1442 } }];
  for (let vpc = 0; vpc < vpcs; vpc += 1) {
    const name = `vpc${vpc}`;
    const metadata = { name, creationTimestamp: created };
    changes.push({
      kind: 'Vpc',
      key: name,
      object: { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata, spec: { namespaces: ['load'] } },
    });
    for (let index = 0; index < subnets; index += 1)
      changes.push(subnetChange(vpc, index, vpc * subnets + index, spec));
  }
  for (let index = 0; index < nics; index += 1) {
    const number = index % (vpcs * subnets);
    const subnet = `net${Math.floor(number / subnets)}-${number % subnets}`;
    const address = formatIp({ family: 4, value: prefix4(number) + 2n + BigInt(Math.floor(index / (vpcs * subnets))) });
    changes.push(ipChange(index, subnet, address));
  }
  return changes;
}

/** @param number of the prefix: no two subnets that may meet have the same */
export function subnetChange(vpc: number, index: number, number: number, spec: SubnetSpec = {}): Change {
  const name = `net${vpc}-${index}`;
  const v6 = (0xfd00n << 112n) | (BigInt(number * 2) << 64n);
  const v4 = prefix4(number);
  const text = (family: 4 | 6, value: bigint) => formatIp({ family, value });
  return {
    kind: 'Subnet',
    key: name,
    object: {
      apiVersion: 'kubeovn.io/v1',
      kind: 'Subnet',
      metadata: { name, creationTimestamp: created },
      spec: {
        vpc: `vpc${vpc}`,
        cidrBlock: `${text(4, v4)}/24,${text(6, v6)}/64`,
        gateway: `${text(4, v4 + 1n)},${text(6, v6 + 1n)}`,
        ...spec,
      },
    },
  };
}

function prefix4(number: number): bigint {
  return 0x0a000000n + BigInt(number * 512);
}
