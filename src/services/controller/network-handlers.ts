/** What is done with changes of networks: VPCs, subnets, what connects them, and what says who is in them. */
import type { Change } from '../../core/compile/world.ts';
import { equal } from '../../core/ovn/equal.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';
import type { Addresses } from './addresses.ts';
import type { Handlers } from './caches.ts';
import type { ExternalAddresses } from './external-addresses.ts';
import { worldChange } from './feed.ts';
import { type Notice, subnetNotice, vpcNotice } from './notices.ts';
import type { VirtualNetworks } from './virtual-networks.ts';

export interface NetworkHandlerOptions {
  readonly addresses: Addresses;
  readonly external: ExternalAddresses;
  /** asked for late: they need the caches, which need the handlers */
  readonly networks: () => VirtualNetworks;
  readonly isLive: () => boolean;
  readonly take: (changes: readonly Change[]) => void;
  readonly judge: (kind: string, key: string) => void;
  /** a VPC has another list of subnets */
  readonly list: (vpc: string) => void;
  /** the router's address in a VLAN may be another */
  readonly interconnect: (subnet: string) => void;
  readonly nicsIn: (subnet: string) => number;
  /** balancers that nobody declares any more go */
  readonly sweepBalancers: () => void;
  readonly notify: (object: KubeObject | undefined, notice: Notice | undefined) => void;
  /** what waits for a network may try again */
  readonly unstick: () => void;
}

type NetworkKind =
  | 'Vpc'
  | 'VpcPeering'
  | 'Subnet'
  | 'SwitchLBRule'
  | 'NetworkAttachmentDefinition'
  | 'VirtualNetwork'
  | 'ClusterNetwork';

export function networkHandlers(options: NetworkHandlerOptions): Pick<Handlers, NetworkKind> {
  const { addresses, external, networks, isLive, take, judge, list, interconnect } = options;
  const { nicsIn, sweepBalancers, notify, unstick } = options;

  const taken = (kind: NetworkKind, changes: readonly ObjectChange<KubeObject>[]) =>
    take(changes.map(({ key, new: object }) => worldChange(kind, key, object)));

  /** compiled and judged, and nothing else */
  const declared = (kind: NetworkKind) => (changes: readonly ObjectChange<KubeObject>[]) => {
    taken(kind, changes);
    for (const { key } of changes) judge(kind, key);
  };

  const specChanged = (changes: readonly ObjectChange<KubeObject & { readonly spec?: unknown }>[]) =>
    changes.some(({ old, new: object }) => !equal(old?.spec, object?.spec));

  return {
    Vpc: (changes) => {
      taken('Vpc', changes);
      for (const { key, old, new: object } of changes) {
        judge('Vpc', key);
        if (isLive()) external.lookVpc(key);
        notify(object, vpcNotice(old, object));
      }
      networks().followParts(changes);
      if (specChanged(changes)) unstick();
    },

    VpcPeering: declared('VpcPeering'),
    ClusterNetwork: declared('ClusterNetwork'),

    SwitchLBRule: (changes) => {
      declared('SwitchLBRule')(changes);
      if (isLive() && changes.some(({ new: object }) => !object)) sweepBalancers();
    },

    Subnet: (changes) => {
      const world = changes.map(({ key, new: object }) => worldChange('Subnet', key, object));
      for (const { key, object } of world) addresses.followSubnet(key, object as Subnet | undefined);
      take(world);
      for (const { key, old, new: object } of changes) {
        judge('Subnet', key);
        interconnect(key);
        const [before, after] = [old?.spec?.vpc, object?.spec?.vpc];
        // those that are being deleted may go now
        if (before && before !== after) judge('Vpc', before);
        for (const vlan of new Set([old?.spec?.vlan, object?.spec?.vlan])) if (vlan) judge('Vlan', vlan);
        if (after && before !== after && isLive()) list(after);
        if (!object) sweepBalancers();
        notify(object, subnetNotice(old, object, nicsIn(key)));
      }
      networks().followParts(changes);
      if (specChanged(changes)) unstick();
    },

    NetworkAttachmentDefinition: (changes) => {
      taken('NetworkAttachmentDefinition', changes);
      networks().followParts(changes);
      unstick();
    },

    VirtualNetwork: (changes) => {
      taken('VirtualNetwork', changes);
      networks().follow(changes);
    },
  };
}
