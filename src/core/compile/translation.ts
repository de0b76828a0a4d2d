/** What a rule translates, as the world is now: for its status. */
import { formatCidr } from '../../lib/netaddr/cidr.ts';
import type { Ip } from '../../lib/netaddr/ip.ts';
import {
  type AnyDnatRule,
  type AnyFip,
  type AnySnatRule,
  dnatWords,
  type DnatKind,
  eipKindOf,
  eipNameOf,
  FAMILIES,
  type FipKind,
  fipWords,
  type SnatKind,
} from '../external/families.ts';
import { eipOf } from './eip.ts';
import { targetOf } from './nat-target.ts';
import { untracked } from './reads.ts';
import type { Emit } from './rule.ts';
import { snatSources } from './snat-rule.ts';
import type { ReadonlyWorld } from './world.ts';

export interface Translation {
  readonly vpc: string;
  readonly outside: readonly Ip[];
  readonly inside: readonly Ip[];
  /** of SNAT: what leaves */
  readonly prefixes: readonly string[];
  /** of the external address */
  readonly mac: string;
  /** VpcNatGateway of the external address */
  readonly natGateway: string;
}

const SILENT: Pick<Emit, 'issue'> = { issue: () => undefined };

/** @returns with empty fields what is not known yet */
export function translationOf(
  kind: FipKind | DnatKind,
  object: AnyFip | AnyDnatRule,
  world: ReadonlyWorld,
): Translation {
  const read = untracked(world);
  const eipKind = eipKindOf(kind);
  const eip = eipOf(eipKind, eipNameOf(object), read, SILENT);
  const isFip = kind === FAMILIES[eipKind].fip;
  const words = isFip ? fipWords(object as AnyFip, eip?.vpc ?? '') : dnatWords(object as AnyDnatRule, eip?.vpc ?? '');
  const names = (words.ipName ?? '').split(',').map((name) => name.trim());
  const targets = names.flatMap(
    (ipName) => targetOf({ ...words, ipName }, FAMILIES[eipKind].target, read, SILENT) ?? [],
  );
  return {
    vpc: targets[0]?.vpc ?? '',
    outside: eip?.addresses ?? [],
    inside: targets.flatMap(({ addresses }) => addresses),
    prefixes: [],
    mac: eip?.mac ?? '',
    natGateway: natGatewayOf(object, world),
  };
}

export function snatTranslationOf(kind: SnatKind, object: AnySnatRule, world: ReadonlyWorld): Translation {
  const read = untracked(world);
  const eip = eipOf(eipKindOf(kind), eipNameOf(object), read, SILENT);
  const sources = snatSources(object, eip?.vpc ?? '', read, SILENT);
  return {
    vpc: sources?.vpc ?? '',
    outside: eip?.addresses ?? [],
    inside: [],
    prefixes: (sources?.prefixes ?? []).map(formatCidr),
    mac: eip?.mac ?? '',
    natGateway: natGatewayOf(object, world),
  };
}

function natGatewayOf(object: AnyFip | AnySnatRule | AnyDnatRule, world: ReadonlyWorld): string {
  return world.get('IptablesEIP', eipNameOf(object))?.spec?.natGwDp ?? '';
}
