/** IP (one network interface) -> Logical_Switch_Port. */
import { type Cidr, cidrContains } from '../../lib/netaddr/cidr.ts';
import { AddressError } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { parseMac } from '../../lib/netaddr/mac.ts';
import type { IpObject } from '../../kinds/ip.ts';
import { OPTION_ANNOTATIONS, optionsOr } from '../dhcp/subnet-options.ts';
import { isOfRouter } from '../vlan/vlan-subnet.ts';
import { pinOf } from '../migration/port-pin.ts';
import { type InterfaceWishes, portDhcp } from './dhcp-rows.ts';
import type { Facts } from './facts.ts';
import { extraAddresses, securedBy } from './port-security.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { switchOf } from './subnet-switch.ts';
import { mostSenior, seniority } from './seniority.ts';

/** annotation of the IP object; "false" lets the guest use any address */
export const PORT_SECURITY_ANNOTATION = 'ovn.kubernetes.io/port_security';

/** annotation of the IP object; "false" on an interface that shall not have its guest's default route */
export const DEFAULT_ROUTE_ANNOTATION = 'ovn.kubernetes.io/default_route';

export const nicRule = rule({
  kind: 'IP',
  reads: {
    kinds: ['IP', 'Placement', 'PortsBound', 'Uplink', 'Vip', 'Workload'],
    facts: ['SubnetSwitch', 'SharedAddress', 'SubnetGuests', 'VpcGuests', 'NextHopOf', 'PortBeyondLimit'],
  },
  emits: [],
  run(ip, name, read, emit) {
    if (isOfRouter(name, ip.spec)) return;
    const { subnet = '', podName = '', namespace = '' } = ip.spec ?? {};
    const found = switchOf(subnet, read, emit);
    if (!found) return;
    const beyond = read.fact('PortBeyondLimit', name);
    if (beyond) {
      emit.issue({
        reason: 'VxlanLimit',
        message: `subnet ${subnet} has no port left: VXLAN has numbers for ${beyond.limit} interfaces of a subnet; use another subnet, or change to Geneve`,
      });
      return;
    }
    const parsed = addressesOf(ip, found.cidrs);
    if (parsed instanceof AddressError) {
      emit.issue({
        reason: 'InvalidSpec',
        message: `${parsed.message} (subnet ${subnet}): delete this IP object, a new one is made`,
      });
      return;
    }
    const older = olderHolder(ip, subnet, parsed.ips, read);
    if (older) {
      emit.issue({
        reason: 'AddressConflict',
        message: `IP object ${older} has the same address in subnet ${subnet}: delete one of them`,
      });
      return;
    }
    const address = [parsed.mac, ...parsed.ips].join(' ');
    if (found.provider !== undefined) tellUplinks(found.provider, pinOfPort(ip, read), read, emit);
    const wishes = wishesOf(ip, emit);
    const leadsTo =
      found.dhcp.includes(4) || wishes.v4Options
        ? parsed.ips.flatMap((text) => read.fact('NextHopOf', `${subnet}|${text}`)?.prefixes ?? [])
        : [];
    const guests = () => guestsOf(subnet, read);
    const dhcp = portDhcp(name, parsed.ips, subnet, found.dhcp, { ...wishes, leadsTo }, guests, emit);
    const secured = ip.metadata.annotations?.[PORT_SECURITY_ANNOTATION] !== 'false';
    emit.child({ table: 'Logical_Switch', key: found.switch, column: 'ports' }, 'Logical_Switch_Port', name, {
      type: '',
      addresses: secured ? [address] : [address, 'unknown'],
      port_security: secured ? securedBy(parsed, extraAddresses(ip, name, found, read, emit)) : [],
      ...dhcp,
      options: {
        ...chassisOptions(pinOfPort(ip, read)),
        ...(dhcp.dhcpv4_options && OBJECT_NAME.test(podName)
          ? { hostname: `"${podName.split('.')[0]!.slice(0, 63)}"` }
          : {}),
      },
      external_ids: { vendor: 'kube-ovn', ls: found.switch, pod: `${namespace}/${podName}` },
    });
  },
});

interface Pin {
  readonly node: string;
  readonly target?: string;
}

/** Of a machine what is observed counts, all its ports move at once; else what the IP object remembers. */
function pinOfPort({ spec }: IpObject, read: Read): Pin {
  const { podType, podName, namespace, nodeName = '' } = spec ?? {};
  const machine = `${namespace}/${podName}`;
  const seen = podType === 'VirtualMachine' ? read.get('Placement', machine) : undefined;
  return seen ? pinOf(seen, read.get('PortsBound', machine)) : { node: nodeName };
}

/** A machine on a node without the physical network is alone. */
function tellUplinks(provider: string, { node, target }: Pin, read: Read, emit: Emit): void {
  for (const each of [node, target ?? ''].filter((text) => text !== '')) {
    const uplink = read.get('Uplink', `${provider}/${each}`, ({ ready, reason }) => ({ ready, reason }));
    if (uplink?.ready !== true)
      emit.issue({
        reason: 'NodeNotOnNetwork',
        message: `node ${each} is not on ProviderNetwork ${provider} (${uplink ? (uplink.reason ?? 'not reported why') : 'it is not chosen, or says nothing'}), so this interface reaches nobody: choose nodes that are (a node selector), or correct the ProviderNetwork`,
      });
  }
}

/** While a machine moves, its port is bound on both nodes; on the second it is blocked until the machine announces itself there (ovn-nb(5)). */
function chassisOptions({ node, target = '' }: Pin): Record<string, string> {
  // requested-chassis takes a list: a name that is none of a node must not become one
  if (!OBJECT_NAME.test(node)) return {};
  if (!OBJECT_NAME.test(target)) return { 'requested-chassis': node };
  return { 'requested-chassis': `${node},${target}`, 'activation-strategy': 'rarp' };
}

/** DNS-1123 subdomain */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** what is said of DHCP in the annotations of the interface */
function wishesOf({ metadata }: IpObject, emit: Emit): Omit<InterfaceWishes, 'leadsTo'> {
  const read = (key: keyof typeof OPTION_ANNOTATIONS) => {
    const annotation = `ovn.kubernetes.io/${key}`;
    const text = metadata.annotations?.[annotation];
    if (text === undefined) return undefined;
    return optionsOr(OPTION_ANNOTATIONS[key], text, (problem) =>
      emit.issue({
        reason: 'InvalidSpec',
        message: `annotation ${annotation}: ${problem}: correct it on the pod or virtual machine`,
      }),
    );
  };
  return {
    v4Options: read('dhcp-v4-options'),
    v6Options: read('dhcp-v6-options'),
    withoutDefault: metadata.annotations?.[DEFAULT_ROUTE_ANNOTATION] === 'false',
  };
}

function guestsOf(subnet: string, read: Read): { subnet: Facts['SubnetGuests']; vpc: Facts['VpcGuests'] } | undefined {
  const guests = read.fact('SubnetGuests', subnet);
  const vpc = guests && (guests.settings ?? read.fact('VpcGuests', guests.vpc));
  return guests && vpc && { subnet: guests, vpc };
}

function addressesOf(
  ip: IpObject,
  cidrs: readonly Cidr[],
): { readonly mac: string; readonly ips: readonly string[] } | AddressError {
  const { macAddress = '', v4IpAddress = '', v6IpAddress = '' } = ip.spec ?? {};
  try {
    const addresses = [v4IpAddress, v6IpAddress].filter((text) => text !== '').map((text) => parseIp(text));
    const outside = addresses.find((address) => !cidrs.some((cidr) => cidrContains(cidr, address)));
    if (outside) throw new AddressError(formatIp(outside), 'is not an address of the subnet');
    if (addresses.length === 0 && cidrs.length > 0) throw new AddressError('', 'is no address');
    return { mac: parseMac(macAddress), ips: addresses.map(formatIp) };
  } catch (error) {
    if (error instanceof AddressError) return error;
    throw error;
  }
}

function olderHolder(ip: IpObject, subnet: string, ips: readonly string[], read: Read): string | undefined {
  const { name, creationTimestamp } = ip.metadata;
  const others = ips.flatMap((text) => read.keys('IP', 'address', `${subnet}|${text}`)).filter((key) => key !== name);
  return mostSenior(seniority(creationTimestamp, name), others, (key) =>
    read.get('IP', key, ({ metadata }) => metadata.creationTimestamp),
  );
}
