/** Who needs an OvnEip or IptablesEIP. */
import type { ReadonlyWorld } from './world.ts';
import { type EipKind, FAMILIES } from '../external/families.ts';
import { externalSubnetOf, routerEipName } from '../external/names.ts';
import { vpcsAsking } from './asked-externals.ts';
import { untracked } from './reads.ts';

const USES = ['dnat', 'fip', 'snat'] as const;

/** What it is used for, in the order of the words. */
export function eipUses(kind: EipKind, name: string, world: ReadonlyWorld): readonly string[] {
  return USES.filter((use) => world.keys(FAMILIES[kind][use], 'eip', name).length > 0);
}

/** `<Kind>/<name>` of each rule that translates to it, and of the VPC whose router has it. */
export function eipUsers(kind: EipKind, name: string, world: ReadonlyWorld): readonly string[] {
  const rules = USES.flatMap((use) => {
    const user = FAMILIES[kind][use];
    return world.keys(user, 'eip', name).map((key) => `${user}/${key}`);
  });
  return kind === 'OvnEip' ? [...rules, ...routerUsing(name, world)] : rules;
}

function routerUsing(name: string, world: ReadonlyWorld): readonly string[] {
  const eip = world.get('OvnEip', name);
  if (eip?.spec?.type !== 'lrp') return [];
  const subnet = externalSubnetOf(eip);
  const vpcs = vpcsAsking(subnet, untracked(world)).filter((vpc) => routerEipName(vpc, subnet) === name);
  return (
    vpcs
      // a VPC that goes needs it no longer, and what it waits for may wait for this one
      .filter((vpc) => world.get('Vpc', vpc) && world.get('Vpc', vpc)!.metadata.deletionTimestamp === undefined)
      .map((vpc) => `Vpc/${vpc}`)
  );
}
