/** An OvnEip as translations use it: its addresses, who else uses it, and how the VPC reaches its subnet. */
import { attempt } from '../../lib/netaddr/error.ts';
import { type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { externalSubnetOf } from '../external/names.ts';
import type { Facts } from './facts.ts';
import type { Emit, Read } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

export interface Eip {
  readonly name: string;
  readonly subnet: string;
  readonly addresses: readonly Ip[];
  readonly mac: string;
}

type NatKind = 'OvnFip' | 'OvnSnatRule' | 'OvnDnatRule';

/** The addresses that an object translates to; what is wrong is said. */
export function eipOf(name: string, read: Read, emit: Pick<Emit, 'issue'>): Eip | undefined {
  const seen = read.get('OvnEip', name, (eip) => ({
    subnet: externalSubnetOf(eip),
    texts: [eip.spec?.v4Ip ?? '', eip.spec?.v6Ip ?? ''],
    mac: eip.spec?.macAddress ?? '',
  }));
  if (!seen) {
    emit.issue({
      reason: 'EipNotFound',
      field: 'spec.ovnEip',
      message: `spec.ovnEip: there is no OvnEip ${JSON.stringify(name)}: create it, or name another one`,
    });
    return undefined;
  }
  const addresses = seen.texts.flatMap((text) => (text === '' ? [] : (attempt(() => parseIp(text)) ?? [])));
  if (addresses.length === 0 || seen.mac === '') {
    emit.issue({
      reason: 'EipNotReady',
      field: 'spec.ovnEip',
      message: `spec.ovnEip: OvnEip ${name} has no address yet (its Ready condition says why)`,
    });
    return undefined;
  }
  return { name, subnet: seen.subnet, addresses, mac: seen.mac };
}

/** The port by which a VPC reaches the external subnet of an address. */
export function linkOf(
  vpc: string,
  { subnet, name }: Eip,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): Facts['VpcExternal'] | undefined {
  const link = read.fact('VpcExternal', `${vpc}|${subnet}`);
  if (!link)
    emit.issue({
      reason: 'ExternalNotConnected',
      field: 'spec.ovnEip',
      message: `spec.ovnEip: OvnEip ${name} is of external subnet ${subnet}, to which VPC ${vpc} is not connected: set spec.enableExternal of the VPC, or name the subnet in its spec.extraExternalSubnets (its Ready condition says what is in the way)`,
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
  const kinds: readonly NatKind[] = self.kind === 'OvnFip' ? ['OvnFip', 'OvnSnatRule', 'OvnDnatRule'] : ['OvnFip'];
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
    field: 'spec.ovnEip',
    message: `spec.ovnEip: OvnEip ${eip} is in use by ${older.replace('/', ' ')}, and a floating IP has its address for itself: use another OvnEip`,
  });
  return true;
}
