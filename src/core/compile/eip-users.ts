/** Who needs an OvnEip. */
import type { ReadonlyWorld } from './world.ts';
import { externalSubnetOf, routerEipName } from '../external/names.ts';

const USES = [
  ['dnat', 'OvnDnatRule'],
  ['fip', 'OvnFip'],
  ['snat', 'OvnSnatRule'],
] as const;

/** What it is used for, in the order of the words. */
export function eipUses(name: string, world: ReadonlyWorld): readonly string[] {
  return USES.filter(([, kind]) => world.keys(kind, 'eip', name).length > 0).map(([word]) => word);
}

/** `<Kind>/<name>` of each rule that translates to it, and of the VPC whose router has it. */
export function eipUsers(name: string, world: ReadonlyWorld): readonly string[] {
  const rules = USES.flatMap(([, kind]) => world.keys(kind, 'eip', name).map((key) => `${kind}/${key}`));
  return [...rules, ...routerUsing(name, world)];
}

function routerUsing(name: string, world: ReadonlyWorld): readonly string[] {
  const eip = world.get('OvnEip', name);
  if (eip?.spec?.type !== 'lrp') return [];
  const subnet = externalSubnetOf(eip);
  const vpcs = world.keys('Vpc', 'external', subnet).filter((vpc) => routerEipName(vpc, subnet) === name);
  return (
    vpcs
      // a VPC that goes needs it no longer, and what it waits for may wait for this one
      .filter((vpc) => world.get('Vpc', vpc)!.metadata.deletionTimestamp === undefined)
      .map((vpc) => `Vpc/${vpc}`)
  );
}
