/** What a rule translates, as the world is now: for its status. */
import { formatCidr } from '../../lib/netaddr/cidr.ts';
import type { Ip } from '../../lib/netaddr/ip.ts';
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnFip } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
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
}

const SILENT: Pick<Emit, 'issue'> = { issue: () => undefined };

/** @returns with empty fields what is not known yet */
export function translationOf(object: OvnFip | OvnDnatRule, world: ReadonlyWorld): Translation {
  const read = untracked(world);
  const eip = eipOf(object.spec?.ovnEip ?? '', read, SILENT);
  const names = (object.spec?.ipName ?? '').split(',').map((name) => name.trim());
  const targets = names.flatMap((ipName) => targetOf({ ...object.spec, ipName }, read, SILENT) ?? []);
  return {
    vpc: targets[0]?.vpc ?? '',
    outside: eip?.addresses ?? [],
    inside: targets.flatMap(({ addresses }) => addresses),
    prefixes: [],
    mac: eip?.mac ?? '',
  };
}

export function snatTranslationOf(object: OvnSnatRule, world: ReadonlyWorld): Translation {
  const read = untracked(world);
  const eip = eipOf(object.spec?.ovnEip ?? '', read, SILENT);
  const sources = snatSources(object, read, SILENT);
  return {
    vpc: sources?.vpc ?? '',
    outside: eip?.addresses ?? [],
    inside: [],
    prefixes: (sources?.prefixes ?? []).map(formatCidr),
    mac: eip?.mac ?? '',
  };
}
