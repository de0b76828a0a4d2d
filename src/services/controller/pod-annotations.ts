/** What the controller tells a pod about its interfaces, in Kube-OVN's annotations: the CNI and other tools read them. */
import { OPTION_ANNOTATIONS } from '../../core/dhcp/subnet-options.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { Interface } from '../../core/ipam/interfaces.ts';
import type { Owner } from './pod.ts';

/** DHCP options of its own turn DHCP on for an interface */
function asksForDhcp({ metadata }: IpObject): boolean {
  return Object.keys(OPTION_ANNOTATIONS).some(
    (key) => metadata.annotations?.[`ovn.kubernetes.io/${key}`] !== undefined,
  );
}

/** @param defaultRoute what the user said of it, wherever that stands: the node reads the pod only */
export function interfaceAnnotations(
  { provider }: Interface,
  ip: IpObject,
  subnet: Subnet,
  owner: Owner,
  defaultRoute: string | undefined,
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
    dhcp: subnet.spec?.enableDHCP === true || asksForDhcp(ip) ? 'true' : undefined,
    default_route: defaultRoute,
    virtualmachine: owner.kind === 'VirtualMachine' ? owner.name : undefined,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[`${provider}.kubernetes.io/${key}`, value]],
    ),
  );
}
