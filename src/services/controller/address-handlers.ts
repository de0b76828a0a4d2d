/** What is done with changes of objects that hold addresses of subnets: interfaces, pools, Vips. */
import type { Change } from '../../core/compile/world.ts';
import { isOfRouter } from '../../core/vlan/vlan-subnet.ts';
import { equal } from '../../core/ovn/equal.ts';
import { takenVip } from '../../core/vip/port-annotations.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { Vip } from '../../kinds/vip.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';
import type { WorkQueue } from '../../lib/kube/work-queue.ts';
import type { Addresses } from './addresses.ts';
import { type Handlers, ownerOfIp } from './caches.ts';
import { worldChange } from './feed.ts';

export interface AddressHandling {
  readonly addresses: Addresses;
  readonly owners: WorkQueue;
  readonly isLive: () => boolean;
  readonly take: (changes: readonly Change[]) => void;
  /** what is said of the object may be something else now */
  readonly judge: (kind: string, key: string) => void;
  /** a counter of the subnet has changed */
  readonly count: (subnet: string) => void;
  /** addresses are to be chosen, or something is to be said of them */
  readonly reserve: (kind: 'Vip' | 'IP', name: string) => void;
  /** the address of a router in a VLAN may be another */
  readonly interconnect: (subnet: string) => void;
  /** interfaces have changed */
  readonly followUsers: () => void;
  /** an address is free, or there is one to be had */
  readonly unstick: () => void;
}

export function addressHandlers(handling: AddressHandling): Pick<Handlers, 'IP' | 'IPPool' | 'Vip'> {
  return {
    IP: (changes) => onIps(changes, handling),
    IPPool: (changes) => onPools(changes, handling),
    Vip: (changes) => onVips(changes, handling),
  };
}

function onIps(changes: readonly ObjectChange<IpObject>[], handling: AddressHandling): void {
  const { addresses, owners, isLive, take, count, reserve, interconnect, followUsers, unstick } = handling;
  const ofRouters = new Set<string>();
  for (const { key, old, new: object } of changes) {
    addresses.followIp(key, old, object);
    if (!isLive()) continue;
    if (object && !addresses.isComplete(object)) reserve('IP', key);
    for (const vip of [old, object].flatMap((ip) => takenVip(ip?.metadata.annotations))) reserve('Vip', vip);
    for (const subnet of subnetsOf(old, object)) {
      count(subnet);
      if (isOfRouter(key, (object ?? old)?.spec)) ofRouters.add(subnet);
    }
    for (const ip of [old, object])
      if (ip && (!old || !object || !equal(old.spec, object.spec))) owners.add(ownerOfIp(ip));
  }
  take(changes.map(({ key, new: object }) => worldChange('IP', key, object)));
  followUsers();
  for (const subnet of ofRouters) interconnect(subnet);
  if (ofRouters.size > 0 || changes.some(({ new: object }) => !object)) unstick();
}

function onPools(changes: readonly ObjectChange<IpPool>[], handling: AddressHandling): void {
  const { addresses, take, judge, unstick } = handling;
  const differing = changes.filter(({ old, new: object }) => !equal(old?.spec, object?.spec));
  take(changes.map(({ key, new: object }) => worldChange('IPPool', key, object)));
  for (const { key, old, new: object } of differing) addresses.followPool(key, old, object);
  for (const { key } of changes) judge('IPPool', key);
  if (differing.length > 0) unstick();
}

function onVips(changes: readonly ObjectChange<Vip>[], handling: AddressHandling): void {
  const { addresses, isLive, take, count, reserve, unstick } = handling;
  take(changes.map(({ key, new: object }) => worldChange('Vip', key, object)));
  for (const { key, old, new: object } of changes) {
    addresses.followVip(key, old, object);
    if (!isLive()) continue;
    for (const subnet of subnetsOf(old, object)) count(subnet);
    if (object) reserve('Vip', key);
  }
  // interfaces may wait for its address, to have it for their own
  if (changes.some(({ old, new: object }) => !equal(old?.spec, object?.spec))) unstick();
}

function subnetsOf(old: IpObject | Vip | undefined, now: IpObject | Vip | undefined): readonly string[] {
  return [...new Set([old?.spec?.subnet, now?.spec?.subnet])].flatMap((subnet) => subnet || []);
}
