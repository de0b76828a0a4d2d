/** What an IP object must be to be let in: its addresses are free. This is what makes an address unique, whoever asks for it. */
import { cidrContains, formatCidr, parseInterface, usableBounds } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { isUnicastMac, parseMac } from '../../lib/netaddr/mac.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { takenVip } from '../vip/port-annotations.ts';
import { addressHolder } from './address-holders.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitIp({ object: given, old, neighbours }: Review<IpObject>): Verdict<IpObject> {
  const findings = new Findings();
  const object = withFamilies(given);
  if (!old && object.metadata.labels?.[RESERVED] !== 'false') checkReservation(object, findings);
  const { subnet = '', macAddress = '' } = object.spec ?? {};
  const { name } = object.metadata;
  const found = neighbours.get('Subnet', subnet);
  if (old?.spec?.subnet && old.spec.subnet !== subnet)
    findings.forbidden('spec.subnet', `cannot change from ${old.spec.subnet} to ${subnet}: make a new object`);
  else if (!found && !old)
    findings.errors.push({ path: 'spec.subnet', type: 'NotFound', value: subnet, detail: 'create the subnet first' });
  for (const field of ['podName', 'namespace', 'podType', 'macAddress', 'v4IpAddress', 'v6IpAddress'] as const) {
    const before = old?.spec?.[field] ?? '';
    if (before !== '' && before !== (object.spec?.[field] ?? ''))
      findings.forbidden(
        `spec.${field}`,
        `cannot change from ${before} to ${object.spec?.[field] || 'nothing'}: who has the address uses it; delete the object, a new one is made`,
      );
  }
  for (const field of ['v4IpAddress', 'v6IpAddress'] as const) {
    const text = object.spec?.[field] ?? '';
    if (text === '' || (old && old.spec?.[field] === text)) continue;
    const path = `spec.${field}`;
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (!ip) continue;
    if (formatIp(ip) !== text) findings.invalid(path, text, `must be spelled ${formatIp(ip)}`);
    if (found) checkPlace(ip, path, found, findings);
    const holder = addressHolder(subnet, text, name, neighbours);
    const [taken] = takenVip(object.metadata.annotations);
    if (holder && holder !== `Vip ${taken}`)
      findings.duplicate(path, text, `it is in use by ${holder}: choose another address, or delete that IP object`);
  }
  if (macAddress !== '' && macAddress !== old?.spec?.macAddress) checkMac(object, neighbours, findings);
  return { object, warnings: findings.warnings, errors: findings.errors };
}

/** the addresses of `ipAddress` in the fields of their families, where those say nothing */
function withFamilies(ip: IpObject): IpObject {
  const { ipAddress = '', v4IpAddress = '', v6IpAddress = '' } = ip.spec ?? {};
  if (ipAddress === '' || v4IpAddress !== '' || v6IpAddress !== '') return ip;
  const texts = ipAddress.split(',').map((text) => text.trim());
  const v4 = texts.find((text) => !text.includes(':'));
  const v6 = texts.find((text) => text.includes(':'));
  return {
    ...ip,
    spec: {
      ...ip.spec,
      ...(v4 === undefined ? {} : { v4IpAddress: v4 }),
      ...(v6 === undefined ? {} : { v6IpAddress: v6 }),
    },
  };
}

/** An object that a user makes for an interface that is not there yet: it must fit the interface that will come. */
function checkReservation({ metadata, spec }: IpObject, findings: Findings): void {
  const { podName = '', namespace = '', podType = '' } = spec ?? {};
  for (const [field, value] of Object.entries({ podName, namespace }))
    if (value === '')
      findings.warn(`spec.${field}`, 'is empty: the address is held, but no machine and no pod will get it');
  if (!POD_TYPES.has(podType))
    findings.invalid('spec.podType', podType, 'must be VirtualMachine, StatefulSet, or "" for a pod');
  const stem = `${podName}.${namespace}`;
  if (podName !== '' && namespace !== '' && metadata.name !== stem && !metadata.name.startsWith(`${stem}.`))
    findings.invalid(
      'metadata.name',
      metadata.name,
      `must be the name of the interface, ${stem}.<network>.<namespace of the network>.ovn: under another one nobody would get the address`,
    );
}

const POD_TYPES: ReadonlySet<string> = new Set(['', 'VirtualMachine', 'StatefulSet']);
/** label of IP objects: "false" on those that Weft makes */
const RESERVED = 'ovn.kubernetes.io/ip_reserved';

function checkPlace(ip: Ip, path: string, { metadata, spec }: Subnet, findings: Findings): void {
  const text = formatIp(ip);
  const cidrs = (spec?.cidrBlock ?? '').split(',').flatMap((part) => attempt(() => parseInterface(part).cidr) ?? []);
  const cidr = cidrs.find((candidate) => cidrContains(candidate, ip));
  if (!cidr) return findings.invalid(path, text, `is outside of subnet ${metadata.name} (${spec?.cidrBlock})`);
  const { first, last } = usableBounds(cidr);
  if (ip.value < first || ip.value > last)
    findings.invalid(path, text, `is the network or broadcast address of ${formatCidr(cidr)}`);
  if ((spec?.gateway ?? '').split(',').includes(text))
    findings.invalid(path, text, `is the gateway of subnet ${metadata.name}`);
}

function checkMac({ metadata, spec }: IpObject, neighbours: ReadonlyWorld, findings: Findings): void {
  const { macAddress = '', subnet = '' } = spec ?? {};
  const mac = findings.parsed('spec.macAddress', macAddress, () => parseMac(macAddress));
  if (mac === undefined) return;
  if (!isUnicastMac(mac)) findings.invalid('spec.macAddress', macAddress, 'is no unicast MAC address');
  const holder = neighbours.keys('IP', 'mac', `${subnet}|${mac}`).find((key) => key !== metadata.name);
  if (holder)
    findings.duplicate(
      'spec.macAddress',
      macAddress,
      `it is in use by ${holder} in the same subnet: choose another one`,
    );
}
