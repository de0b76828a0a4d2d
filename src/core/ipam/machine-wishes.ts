/** What a virtual machine asks for on each of its interfaces, wherever in its object that stands. */
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import { type NetworkSelection, networksOfVm, selectionProvider } from './attachments.ts';
import {
  type AnnotationSource,
  type WishPlace,
  type Wishes,
  type WishProblem,
  wishesOf,
  type WishText,
} from './wishes.ts';

/** path of a machine's interfaces */
export const INTERFACES = 'spec.template.spec.domain.devices.interfaces';

/** The annotations of a machine that speak of its interfaces, the nearest to its guest first. */
export function machineSources({ metadata, spec }: VirtualMachine): readonly AnnotationSource[] {
  return [
    { path: 'spec.template.metadata.annotations', annotations: spec?.template?.metadata?.annotations },
    { path: 'metadata.annotations', annotations: metadata.annotations },
  ];
}

export function placeOf(selection: NetworkSelection, all: readonly NetworkSelection[], isFirst: boolean): WishPlace {
  const { name, namespace, nic } = selection;
  return { provider: selectionProvider(selection, all), name, namespace, interface: selection.interface, nic, isFirst };
}

/** The wishes for one interface, those of the network selection itself included. */
export function selectionWishes(
  sources: readonly AnnotationSource[],
  place: WishPlace,
  { mac, ips }: Pick<NetworkSelection, 'mac' | 'ips'>,
): Wishes | WishProblem {
  const path =
    place.nic === undefined ? `network ${place.namespace}/${place.name}` : `${INTERFACES}[name=${place.nic}]`;
  const said = (text: string | undefined, field: string): WishText | undefined =>
    text === undefined ? undefined : { path: `${path}.${field}`, text };
  return wishesOf(sources, place, {
    mac: said(mac, place.nic === undefined ? 'mac' : 'macAddress'),
    ips: said(ips?.join(','), 'ips'),
  });
}

/** Names of the Vips whose addresses a machine asks for. */
export function machineVips(vm: VirtualMachine): readonly string[] {
  const selections = networksOfVm(vm);
  if ('problem' in selections) return [];
  const sources = machineSources(vm);
  return selections.flatMap((selection, index) => {
    const wishes = selectionWishes(sources, placeOf(selection, selections, index === 0), selection);
    return 'problem' in wishes || !wishes.vip ? [] : [wishes.vip.text];
  });
}

/** `<namespace>/<network>|<address or MAC>` for each that a machine asks for by name. Networks that are not ours are among them. */
export function machineWishes(vm: VirtualMachine): readonly string[] {
  const selections = networksOfVm(vm);
  if ('problem' in selections) return [];
  const sources = machineSources(vm);
  return selections.flatMap((selection, index) => {
    const wishes = selectionWishes(sources, placeOf(selection, selections, index === 0), selection);
    if ('problem' in wishes) return [];
    const values = [...(wishes.ips?.values.map(formatIp) ?? []), ...(wishes.mac ? [wishes.mac.value] : [])];
    return values.map((value) => `${selection.namespace}/${selection.name}|${value}`);
  });
}
