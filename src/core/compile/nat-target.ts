/** What a translation leads to: an interface, a Vip, or an address that is named. */
import { attempt } from '../../lib/netaddr/error.ts';
import { type Family, formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { hasLogicalGateway, isOnVlan } from '../vlan/vlan-subnet.ts';
import { FAMILIES } from '../external/families.ts';
import type { Eip } from './eip.ts';
import { subnetOf } from './next-hops.ts';
import type { Emit, Read } from './rule.ts';

export interface NatTarget {
  readonly vpc: string;
  readonly addresses: readonly Ip[];
  /** the port that has them: where it is, translation can be done */
  readonly port?: string;
  /** where they are */
  readonly subnet?: string;
  /** on a physical network: one node carries its router */
  readonly onVlan?: boolean;
  /** node of the machine, as far as it is known */
  readonly node?: string;
}

export interface NatTargetSpec {
  readonly ipType?: string;
  readonly ipName?: string;
  readonly vpc?: string;
  readonly v4Ip?: string;
  readonly v6Ip?: string;
}

/** @param field that says where it leads, for messages */
export function targetOf(
  spec: NatTargetSpec,
  field: string,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): NatTarget | undefined {
  const { ipName = '', ipType = '' } = spec;
  if (ipName === '') return namedAddresses(spec, field, read, emit);
  const found = ipType === 'vip' ? ofVip(ipName, read) : ofInterface(ipName, read);
  if (!found) {
    const kind = ipType === 'vip' ? 'Vip' : 'IP object';
    emit.issue({
      reason: 'TargetNotFound',
      field: 'spec.ipName',
      message: `spec.ipName: there is no ${kind} ${JSON.stringify(ipName)} with an address yet: create it${kind === 'Vip' ? '' : ' (a machine has one for each interface, <vm>.<namespace>[.<attachment>.<namespace>.ovn])'}, or name another one`,
    });
    return undefined;
  }
  const { vpc, isInside, onVlan } = read.get('Subnet', found.subnet, ({ spec: of }) => ({
    vpc: of?.vpc ?? '',
    isInside: hasLogicalGateway(of),
    onVlan: isOnVlan(of),
  })) ?? { vpc: '', isInside: true, onVlan: false };
  if (!isInside) {
    emit.issue({
      reason: 'TargetNotFound',
      field: 'spec.ipName',
      message: `spec.ipName: ${ipName} is in subnet ${found.subnet}, a VLAN with a physical gateway, so what it answers does not pass the router of a VPC: it is reached by its own address`,
    });
    return undefined;
  }
  const { texts, ...rest } = found;
  return { vpc, addresses: parsed(texts), ...rest, onVlan };
}

function ofInterface(name: string, read: Read) {
  const ip = read.get('IP', name, ({ spec }) => ({
    subnet: spec?.subnet ?? '',
    texts: [spec?.v4IpAddress ?? '', spec?.v6IpAddress ?? ''],
    node: spec?.nodeName ?? '',
    machine: spec?.podType === 'VirtualMachine' ? `${spec.namespace}/${spec.podName}` : '',
  }));
  if (!ip || parsed(ip.texts).length === 0) return undefined;
  const { subnet, texts, machine } = ip;
  const node = (machine === '' ? undefined : read.get('Placement', machine, (placement) => placement.node)) ?? ip.node;
  return { subnet, texts, port: name, ...(node === '' ? {} : { node }) };
}

function ofVip(name: string, read: Read) {
  const vip = read.get('Vip', name, ({ spec }) => ({
    subnet: spec?.subnet ?? '',
    texts: [spec?.v4ip ?? '', spec?.v6ip ?? ''],
  }));
  return vip && parsed(vip.texts).length > 0 ? vip : undefined;
}

function namedAddresses(
  { vpc = '', v4Ip, v6Ip }: NatTargetSpec,
  field: string,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): NatTarget | undefined {
  const addresses = [v4Ip, v6Ip].flatMap((text) => parsed((text ?? '').split(',')));
  if (vpc === '' || addresses.length === 0) {
    emit.issue({
      reason: 'TargetNotFound',
      field,
      message: `${field}: nothing is named: ${field === FAMILIES.OvnEip.target ? 'name an IP object or a Vip, or set spec.vpc with spec.v4Ip or spec.v6Ip' : 'set it to an address of the VPC'}`,
    });
    return undefined;
  }
  if (read.get('Vpc', vpc, () => true) === true) return { ...machineWith(vpc, addresses, read), vpc, addresses };
  emit.issue({
    reason: 'VpcNotFound',
    field: 'spec.vpc',
    message: `spec.vpc: there is no VPC ${JSON.stringify(vpc)}: create it, or name another one`,
  });
  return undefined;
}

/** the one interface that has them all, if there is one */
function machineWith(
  vpc: string,
  addresses: readonly Ip[],
  read: Read,
): Pick<NatTarget, 'port' | 'subnet' | 'node' | 'onVlan'> | undefined {
  const ports = addresses.map((ip) => {
    const subnet = subnetOf(vpc, ip, read);
    return subnet === undefined ? undefined : read.keys('IP', 'address', `${subnet}|${formatIp(ip)}`).toSorted()[0];
  });
  const [name] = ports;
  const found = name !== undefined && ports.every((port) => port === name) ? ofInterface(name, read) : undefined;
  if (!found) return undefined;
  const { texts: _, ...rest } = found;
  return { ...rest, onVlan: read.get('Subnet', found.subnet, ({ spec }) => isOnVlan(spec)) === true };
}

function parsed(texts: readonly string[]): readonly Ip[] {
  return texts.flatMap((text) => (text.trim() === '' ? [] : (attempt(() => parseIp(text.trim())) ?? [])));
}

/** External and internal addresses of the same family. */
export function pairs(external: readonly Ip[], internal: readonly Ip[]): readonly (readonly [Ip, Ip])[] {
  return ([4, 6] as const).flatMap((family): readonly (readonly [Ip, Ip])[] => {
    const [outer, inner] = [external, internal].map((all) => all.find((ip) => ip.family === family));
    return outer && inner ? [[outer, inner]] : [];
  });
}

export function tellFamilies(
  { kind, addresses: external }: Pick<Eip, 'kind' | 'addresses'>,
  internal: readonly Ip[],
  emit: Pick<Emit, 'issue'>,
): void {
  const field = FAMILIES[kind].eip;
  emit.issue({
    reason: 'FamilyMismatch',
    field,
    message: `${field}: outside is ${families(external)}, inside is ${families(internal)}, and OVN translates within one family only: use an ${kind} that has the family of the inside`,
  });
}

function families(ips: readonly Ip[]): string {
  return (
    [...new Set(ips.map(({ family }): Family => family))].map((family) => `IPv${family}`).join(' and ') || 'nothing'
  );
}
