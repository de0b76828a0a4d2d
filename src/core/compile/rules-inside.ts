/** Rules that lead to an address by naming it. */
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import { type DnatKind, eipKindOf, eipNameOf, type FipKind } from '../external/families.ts';
import { vpcOfEip } from './eip.ts';
import type { Read } from './rule.ts';

type Reader = Pick<Read, 'get' | 'keys'>;

/** @returns `<Kind> <name>` of each */
export function rulesNaming(
  kinds: readonly (FipKind | DnatKind)[],
  vpc: string,
  address: Ip,
  read: Reader,
): readonly string[] {
  return kinds.flatMap((kind) =>
    read
      .keys(kind, 'inside', formatIp(address))
      .filter((name) => vpcOf(kind, name, read) === vpc)
      .map((name) => `${kind} ${name}`),
  );
}

function vpcOf(kind: FipKind | DnatKind, name: string, read: Reader): string | undefined {
  if (eipKindOf(kind) === 'IptablesEIP') return vpcOfEip(read.get(kind, name, eipNameOf) ?? '', read);
  return read.get(kind as 'OvnFip' | 'OvnDnatRule', name, ({ spec }) => spec?.vpc);
}
