/** Where an address may be in a subnet, and who has it: each answer is what stands in the way, as a sentence, or undefined. */
import type { Subnet } from '../../kinds/subnet.ts';
import { cidrContains, formatCidr, parseInterface, usableBounds } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import { parseRange } from '../../lib/netaddr/range.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import type { InterfaceOwner } from '../ipam/interfaces.ts';
import { macFor } from '../ovn/mac.ts';
import { logicalRouterPortName } from '../ovn/names.ts';

export function cidrsOf({ spec }: Subnet) {
  return (spec?.cidrBlock ?? '').split(',').flatMap((text) => attempt(() => parseInterface(text.trim()).cidr) ?? []);
}

export function familiesOf(subnet: Subnet) {
  return cidrsOf(subnet).map(({ family }) => family);
}

export function placeProblem(ip: Ip, subnet: Subnet): string | undefined {
  const text = formatIp(ip);
  const { name } = subnet.metadata;
  const cidr = cidrsOf(subnet).find((candidate) => candidate.family === ip.family);
  if (!cidr)
    return `${text} is IPv${ip.family}, subnet ${name} is ${subnet.spec?.cidrBlock}: choose an address of its family`;
  const { first, last } = usableBounds(cidr);
  if (!cidrContains(cidr, ip))
    return `${text} is outside of subnet ${name} (${formatCidr(cidr)}): choose an address inside it`;
  if (ip.value < first || ip.value > last) return `${text} is the network or broadcast address of ${formatCidr(cidr)}`;
  if ((subnet.spec?.gateway ?? '').split(',').includes(text)) return `${text} is the gateway of subnet ${name}`;
  if ((subnet.spec?.vips ?? []).includes(text))
    return `${text} is one of the virtual addresses of subnet ${name} (spec.vips): choose another one`;
  const range = (subnet.spec?.excludeIps ?? []).find((item) => {
    const parsed = attempt(() => parseRange(item));
    return parsed?.family === ip.family && parsed.first <= ip.value && ip.value <= parsed.last;
  });
  return (
    range &&
    `${text} is excluded (spec.excludeIps of subnet ${name} has ${range}): choose another one, or reserve it for this machine with an IP object`
  );
}

export function poolProblem(ip: Ip, subnet: string, namespace: string, neighbours: ReadonlyWorld): string | undefined {
  const holds = (item: string) => {
    const parsed = attempt(() => parseRange(item));
    return parsed?.family === ip.family && parsed.first <= ip.value && ip.value <= parsed.last;
  };
  for (const name of neighbours.keys('IPPool', 'subnet', subnet)) {
    const { ips = [], namespaces = [] } = neighbours.get('IPPool', name)?.spec ?? {};
    if (namespaces.length > 0 && !namespaces.includes(namespace) && ips.some(holds))
      return `${formatIp(ip)} belongs to IPPool ${name}, which is for namespaces ${namespaces.join(', ')}: choose another address`;
  }
  return undefined;
}

export function namedPoolProblem(
  name: string,
  subnet: string,
  namespace: string,
  neighbours: ReadonlyWorld,
): string | undefined {
  const pool = neighbours.get('IPPool', name);
  if (!pool) return `there is no IPPool ${name}: create it first`;
  const { subnet: served, namespaces = [] } = pool.spec!;
  if (served !== subnet) return `IPPool ${name} is of subnet ${served}, the interface is in ${subnet}`;
  if (namespaces.length > 0 && !namespaces.includes(namespace))
    return `IPPool ${name} is for namespaces ${namespaces.join(', ')}, not for ${namespace}`;
  return undefined;
}

/** kinds that hold addresses of subnets, beside IP objects */
const HOLDERS = ['Vip', 'OvnEip', 'IptablesEIP', 'VpcNatGateway'] as const;
const WITH_MAC = ['Vip', 'OvnEip', 'IptablesEIP'] as const;

/** Who has an address: an IP object by name, or `<Kind> <name>`. @param self who asks, spelled the same */
export function addressHolder(
  subnet: string,
  text: string,
  self: string,
  neighbours: ReadonlyWorld,
): string | undefined {
  const key = `${subnet}|${text}`;
  return [
    ...neighbours.keys('IP', 'address', key),
    ...HOLDERS.flatMap((kind) => neighbours.keys(kind, 'address', key).map((name) => `${kind} ${name}`)),
  ].find((holder) => holder !== self);
}

/** Who has a MAC address: the router, an IP object by name, or `<Kind> <name>`. */
export function macHolder(
  { metadata, spec }: Subnet,
  mac: string,
  self: string,
  neighbours: ReadonlyWorld,
): string | undefined {
  const { name } = metadata;
  if (mac === macFor(logicalRouterPortName(spec?.vpc ?? '', name))) return 'the router';
  const key = `${name}|${mac}`;
  return [
    ...neighbours.keys('IP', 'mac', key),
    ...WITH_MAC.flatMap((kind) => neighbours.keys(kind, 'mac', key).map((holder) => `${kind} ${holder}`)),
  ].find((holder) => holder !== self);
}

/** Another machine on a network of the subnet that asks for the same address or MAC by name, and need not have it yet. */
export function askingMachine(
  subnet: string,
  value: string,
  self: InterfaceOwner,
  neighbours: ReadonlyWorld,
): string | undefined {
  const [name, namespace] = (neighbours.get('Subnet', subnet)?.spec?.provider ?? '').split('.');
  const networks = new Set([
    ...neighbours.keys('NetworkAttachmentDefinition', 'subnet', subnet),
    `${namespace}/${name}`,
  ]);
  for (const network of networks) {
    const machines = neighbours.keys('VirtualMachine', 'wish', `${network}|${value}`);
    const other = machines.find((key) => key !== `${self.namespace}/${self.name}`);
    if (other !== undefined) return `VirtualMachine ${other}, which asks for it`;
  }
  return undefined;
}
