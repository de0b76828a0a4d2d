/** From what users ask for on an interface to what the allocator is asked. */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import type { Allocator, Request } from '../../core/ipam/allocator.ts';
import type { Interface } from '../../core/ipam/interfaces.ts';
import { machineSources, selectionWishes } from '../../core/ipam/machine-wishes.ts';
import { type AnnotationSource, type PoolWish, wishText } from '../../core/ipam/wishes.ts';
import { takenAddress, type TakenAddress } from '../../core/vip/taken.ts';
import type { Vip } from '../../kinds/vip.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import type { Pod } from './pod.ts';

/** Where wishes for the interfaces of a pod or machine may stand, the nearest first. */
export function sourcesOf(pod: Pod | undefined, vm: VirtualMachine | undefined): readonly AnnotationSource[] {
  return [
    ...(pod ? [{ path: `pod ${pod.metadata.name} metadata.annotations`, annotations: pod.metadata.annotations }] : []),
    ...(vm ? machineSources(vm) : []),
  ];
}

/** addresses or a MAC are asked for by their names, not just any of a pool */
export function asksByName(sources: readonly AnnotationSource[], face: Interface): boolean {
  return (
    face.ips !== undefined ||
    face.mac !== undefined ||
    ['ip_address', 'mac_address', 'vip'].some((key) => wishText(sources, face, key) !== undefined)
  );
}

/**
 * The addresses of the Vip that the interface is to have for its own; undefined when it names none.
 * @throws AllocationError when it cannot have them
 */
export function takenBy(
  sources: readonly AnnotationSource[],
  face: Interface,
  vip: (name: string) => Vip | undefined,
): (TakenAddress & { readonly name: string }) | undefined {
  const wishes = selectionWishes(sources, face, face);
  if ('problem' in wishes) throw new AllocationError('AddressInvalid', `${wishes.path}: ${wishes.problem}: correct it`);
  if (!wishes.vip) return undefined;
  const { path, text } = wishes.vip;
  const taken = takenAddress(text, vip(text), face.subnet);
  if (typeof taken === 'string') throw new AllocationError('AddressInvalid', `${path}: ${taken}`);
  return { ...taken, name: text };
}

/** @throws AllocationError when what is asked for cannot be read */
export function requestOf(
  sources: readonly AnnotationSource[],
  face: Interface,
  owner: { readonly namespace: string; readonly ordinal?: number | undefined },
  allocator: Allocator,
): Request {
  const wishes = selectionWishes(sources, face, face);
  if ('problem' in wishes) throw new AllocationError('AddressInvalid', `${wishes.path}: ${wishes.problem}: correct it`);
  const { ips, mac, family, pool } = wishes;
  const bound = allocator.poolsOf(face.subnet, owner.namespace);
  return {
    namespace: owner.namespace,
    ...(ips ? { ips: ips.values } : {}),
    ...(mac ? { mac: mac.value } : {}),
    ...(family ? { families: [family] } : {}),
    ...(pool && !ips ? fromPool(pool, owner.ordinal) : {}),
    // a namespace that has pools gets its addresses from nowhere else
    ...(!pool && !ips && bound.length > 0 ? { pools: bound } : {}),
  };
}

/** @param ordinal of a pod of a StatefulSet, which takes the address of that place in a list */
function fromPool(pool: PoolWish, ordinal: number | undefined): Pick<Request, 'pools' | 'choices'> {
  if ('name' in pool) return { pools: [pool.name] };
  if (ordinal === undefined) return { choices: pool.choices };
  const own = pool.choices[ordinal];
  if (own === undefined)
    throw new AllocationError(
      'NoAvailableAddress',
      `${pool.path}: has ${pool.choices.length} addresses, the pod is number ${ordinal} of its StatefulSet: list more`,
    );
  return { choices: [own] };
}
