/** What the controller tells a pod about its interfaces, in Kube-OVN's annotations: the CNI and other tools read them. */
import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { Interface } from './interfaces.ts';
import type { Owner } from './pod.ts';

export function interfaceAnnotations(
  { provider }: Interface,
  ip: IpObject,
  subnet: Subnet,
  owner: Owner,
): Record<string, string> {
  const values: Record<string, string | undefined> = {
    allocated: 'true',
    routed: 'true',
    ip_address: ip.spec?.ipAddress,
    mac_address: ip.spec?.macAddress,
    cidr: subnet.spec?.cidrBlock,
    gateway: subnet.spec?.gateway,
    logical_switch: subnet.metadata.name,
    logical_router: subnet.spec?.vpc,
    pod_nic_type: 'veth-pair',
    virtualmachine: owner.kind === 'VirtualMachine' ? owner.name : undefined,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[`${provider}.kubernetes.io/${key}`, value]],
    ),
  );
}
