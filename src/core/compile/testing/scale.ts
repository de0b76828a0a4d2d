/** A large world for counters and benchmarks: `vpcs` VPCs of one subnet each, NICs spread over them. */
import { formatIp } from '../../../lib/netaddr/ip.ts';
import { macFor } from '../../ovn/mac.ts';
import { type Change, SETTINGS_KEY } from '../world.ts';

const created = '2026-01-01T00:00:00Z';

export function nicChange(index: number, vpcs: number): Change {
  const subnet = `net${index % vpcs}`;
  const name = `vm${index}.load.${subnet}.load.ovn`;
  const address = formatIp({ family: 4, value: 0x0a000002n + BigInt(Math.floor(index / vpcs)) });
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
