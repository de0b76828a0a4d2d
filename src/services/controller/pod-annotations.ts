/** What the controller tells a pod about its interfaces, in Kube-OVN's annotations: the CNI and other tools read them. */
import { OPTION_ANNOTATIONS } from '../../core/dhcp/subnet-options.ts';
import { isMacOnly, isOverlayOnly } from '../../core/vlan/vlan-subnet.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { NETWORKS_ANNOTATION, parseNetworks, selectionProvider } from '../../core/ipam/attachments.ts';
import type { Interface } from '../../core/ipam/interfaces.ts';
import type { Owner, Pod } from './pod.ts';

/** DHCP options of its own turn DHCP on for an interface; where Weft gives no addresses, somebody else's DHCP does */
function asksForDhcp({ metadata }: IpObject): boolean {
  return Object.keys(OPTION_ANNOTATIONS).some(
    (key) => metadata.annotations?.[`ovn.kubernetes.io/${key}`] !== undefined,
  );
}

/** what the controller says of an interface: the part of the key after `<provider>.kubernetes.io/` */
const KEYS = [
  'allocated',
  'routed',
  'ip_address',
  'mac_address',
  'cidr',
  'gateway',
  'u2o_ip_address',
  'logical_switch',
  'logical_router',
  'pod_nic_type',
  'dhcp',
  'default_route',
  'virtualmachine',
] as const;

/** `<network>.<namespace>.ovn`, with an interface name if the network is attached more than once */
const ALLOCATED = /^([^/]+\.ovn(?:\.[^/]+)?)\.kubernetes\.io\/allocated$/;

/** where an interface is */
export interface Place {
  readonly subnet: Subnet;
  /** of a VLAN that is connected with a VPC beside its gateway: what holds the address of the VPC's router there */
  readonly router: IpObject | undefined;
}

/** @param defaultRoute what the user said of it, wherever that stands: the node reads the pod only */
export function interfaceAnnotations(
  { provider }: Interface,
  ip: IpObject,
  { subnet, router }: Place,
  owner: Owner,
  defaultRoute: string | undefined,
): Record<string, string> {
  const values: Record<(typeof KEYS)[number], string | undefined> = {
    allocated: 'true',
    routed: 'true',
    // of a VLAN where Weft gives only MAC addresses there is none
    ip_address: ip.spec?.ipAddress || undefined,
    mac_address: ip.spec?.macAddress,
    cidr: subnet.spec?.cidrBlock || undefined,
    gateway: (isOverlayOnly(subnet.spec) ? undefined : router?.spec?.ipAddress) ?? (subnet.spec?.gateway || undefined),
    u2o_ip_address: router?.spec?.ipAddress,
    logical_switch: subnet.metadata.name,
    logical_router: subnet.spec?.vpc,
    pod_nic_type: 'veth-pair',
    dhcp: subnet.spec?.enableDHCP === true || isMacOnly(subnet.spec) || asksForDhcp(ip) ? 'true' : undefined,
    default_route: defaultRoute,
    virtualmachine: owner.kind === 'VirtualMachine' ? owner.name : undefined,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === undefined ? [] : [[`${provider}.kubernetes.io/${key}`, value]],
    ),
  );
}

/** What a pod still says of interfaces that it no longer asks for, as a merge patch takes it away. Wishes that are the user's stay. */
export function staleAnnotations({ metadata }: Pod): Record<string, null> {
  const { namespace = '', annotations: present = {} } = metadata;
  const selections = parseNetworks(present[NETWORKS_ANNOTATION] ?? '', namespace);
  if ('problem' in selections) return {};
  const providers = new Set(selections.map((selection) => selectionProvider(selection, selections)));
  const gone = Object.entries(present).flatMap(([key, value]) => {
    const provider = value === 'true' ? ALLOCATED.exec(key)?.[1] : undefined;
    return provider === undefined || providers.has(provider) ? [] : [provider];
  });
  const keys = gone.flatMap((provider) => KEYS.map((key) => `${provider}.kubernetes.io/${key}`));
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(present, key)).map((key) => [key, null]));
}
