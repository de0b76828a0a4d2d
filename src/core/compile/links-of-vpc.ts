/** All links of a VPC to others: those that both VPCs declare, and those that VpcPeerings make. */
import type { VpcSpec } from '../../kinds/vpc.ts';
import { untracked } from './reads.ts';
import type { Emit, Read } from './rule.ts';
import { addressClash, declaredLinks, type Link } from './vpc-links.ts';
import { managedLinks } from './vpc-peerings.ts';
import { subnetsOf, type VpcSubnet } from './vpc-subnets.ts';
import type { ReadonlyWorld } from './world.ts';

export function linksOf(
  vpc: string,
  spec: VpcSpec | undefined,
  subnets: readonly VpcSubnet[],
  read: Read,
  emit: Pick<Emit, 'issue'>,
): readonly Link[] {
  const declared = declaredLinks(vpc, spec, subnets, read, emit);
  return [...declared, ...managedLinks(vpc, read).filter((link) => !addressClash(link, declared, []))];
}

/** The VPCs at the other ends, as the world is now, in the order of their names. */
export function linkedVpcs(vpc: string, world: ReadonlyWorld): readonly string[] {
  const read = untracked(world);
  const links = linksOf(vpc, world.get('Vpc', vpc)?.spec, subnetsOf(vpc, read), read, { issue: () => undefined });
  return links.map(({ remote }) => remote).toSorted();
}
