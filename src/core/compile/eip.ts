/** An address outside (OvnEip, IptablesEIP) as translations use it: its addresses, who else uses it, and how the VPC reaches its subnet. */
import { attempt } from '../../lib/netaddr/error.ts';
import { type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { type AnyEip, type EipKind, eipKindOf, eipTexts, FAMILIES, type NatKind } from '../external/families.ts';
import { externalSubnetOf } from '../external/names.ts';
import type { Facts } from './facts.ts';
import type { Emit, IssueReason, Read } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

export interface Eip {
  readonly kind: EipKind;
  readonly name: string;
  readonly subnet: string;
  readonly addresses: readonly Ip[];
  readonly mac: string;
  /** of an IptablesEIP: the VPC of its VpcNatGateway, which is that of its rules; else "" */
  readonly vpc: string;
}

const viewEip = (eip: AnyEip) => ({
  subnet: externalSubnetOf(eip),
  texts: eipTexts(eip),
  mac: eip.spec?.macAddress ?? '',
});

/** The addresses that an object translates to; what is wrong is said. */
export function eipOf(kind: EipKind, name: string, read: Read, emit: Pick<Emit, 'issue'>): Eip | undefined {
  const field = FAMILIES[kind].eip;
  const say = (reason: IssueReason, why: string) => {
    emit.issue({ reason, field, message: `${field}: ${why}` });
    return undefined;
  };
  const seen = read.get(kind, name, viewEip);
  if (!seen) return say('EipNotFound', `there is no ${kind} ${JSON.stringify(name)}: create it, or name another one`);
  const addresses = seen.texts.flatMap((text) => (text === '' ? [] : (attempt(() => parseIp(text)) ?? [])));
  if (addresses.length === 0 || seen.mac === '')
    return say('EipNotReady', `${kind} ${name} has no address yet (its Ready condition says why)`);
  const found = { kind, name, subnet: seen.subnet, addresses, mac: seen.mac };
  if (kind === 'OvnEip') return { ...found, vpc: '' };
  const vpc = vpcOfEip(name, read);
  if (vpc === undefined)
    return say(
      'NatGatewayNotFound',
      `the VpcNatGateway of ${kind} ${name} does not exist: create it, or name another one`,
    );
  if (read.get('Vpc', vpc, () => true) !== true)
    return say(
      'VpcNotFound',
      `VPC ${JSON.stringify(vpc)}, which the VpcNatGateway of ${kind} ${name} is of, does not exist: create it`,
    );
  return { ...found, vpc };
}

/** The VPC of the gateway of an IptablesEIP; undefined: there is no such gateway. */
export function vpcOfEip(eip: string, read: Pick<Read, 'get'>): string | undefined {
  const gateway = read.get('IptablesEIP', eip, ({ spec }) => spec?.natGwDp ?? '');
  return gateway === undefined ? undefined : read.get('VpcNatGateway', gateway, ({ spec }) => spec?.vpc ?? '');
}

/** The port by which a VPC reaches the external subnet of an address. */
export function linkOf(
  vpc: string,
  { kind, subnet, name }: Eip,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): Facts['VpcExternal'] | undefined {
  const link = read.fact('VpcExternal', `${vpc}|${subnet}`);
  const field = FAMILIES[kind].eip;
  const advice =
    kind === 'OvnEip'
      ? 'set spec.enableExternal of the VPC, or name the subnet in its spec.extraExternalSubnets'
      : 'name the subnet in spec.externalSubnets of its VpcNatGateway';
  if (!link)
    emit.issue({
      reason: 'ExternalNotConnected',
      field,
      message: `${field}: ${kind} ${name} is of external subnet ${subnet}, to which VPC ${vpc} is not connected: ${advice} (its Ready condition says what is in the way)`,
    });
  return link;
}

/**
 * A floating IP has its address for itself: what came in for another one would go to its machine.
 * @returns whether somebody older has the address
 */
export function isTaken(
  self: { readonly kind: NatKind; readonly key: string; readonly created: string | undefined },
  eip: string,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): boolean {
  const eipKind = eipKindOf(self.kind);
  const { fip, snat, dnat, eip: field } = FAMILIES[eipKind];
  const kinds: readonly NatKind[] = self.kind === fip ? [fip, snat, dnat] : [fip];
  const users = kinds.flatMap((kind) =>
    read.keys(kind, 'eip', eip).flatMap((key) => (kind === self.kind && key === self.key ? [] : [`${kind}/${key}`])),
  );
  const older = mostSenior(seniority(self.created, `${self.kind}/${self.key}`), users, (id) => {
    const slash = id.indexOf('/');
    return read.get(id.slice(0, slash) as NatKind, id.slice(slash + 1), ({ metadata }) => metadata.creationTimestamp);
  });
  if (older === undefined) return false;
  emit.issue({
    reason: 'EipInUse',
    field,
    message: `${field}: ${eipKind} ${eip} is in use by ${older.replace('/', ' ')}, and a floating IP has its address for itself: use another ${eipKind}`,
  });
  return true;
}
