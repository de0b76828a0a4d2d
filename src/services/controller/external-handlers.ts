/** What is done with changes of physical networks, of external addresses and of what is translated to them. */
import type { Change } from '../../core/compile/world.ts';
import {
  type AnyEip,
  type AnyNatRule,
  eipKindOf,
  type EipKind,
  eipNameOf,
  type NatKind,
} from '../../core/external/families.ts';
import { externalSubnetOf } from '../../core/external/names.ts';
import type { NodeUnderlay } from '../../kinds/node-underlay.ts';
import type { Vlan } from '../../kinds/vlan.ts';
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';
import type { Addresses } from './addresses.ts';
import type { Handlers } from './caches.ts';
import type { ExternalAddresses } from './external-addresses.ts';
import { underlayChanges, worldChange } from './feed.ts';

export interface ExternalHandling {
  readonly addresses: Addresses;
  readonly external: ExternalAddresses;
  readonly take: (changes: readonly Change[]) => void;
  /** what is said of the object may be something else now */
  readonly judge: (kind: string, key: string) => void;
  /** what the labels of a node say of its networks may be something else now */
  readonly label: (node: string) => void;
  /** the counters of a subnet may be others now */
  readonly count: (subnet: string) => void;
  /** an address is free, or a subnet is there */
  readonly unstick: () => void;
}

type ExternalKind =
  | 'Node'
  | 'NodeUnderlay'
  | 'ProviderNetwork'
  | 'Vlan'
  | 'OvnEip'
  | 'OvnFip'
  | 'OvnSnatRule'
  | 'OvnDnatRule'
  | 'VpcNatGateway'
  | 'IptablesEIP'
  | 'IptablesFIPRule'
  | 'IptablesSnatRule'
  | 'IptablesDnatRule';

export function externalHandlers(handling: ExternalHandling): Pick<Handlers, ExternalKind> {
  const { take, judge, label } = handling;
  const rule = (kind: NatKind) => (changes: readonly ObjectChange<AnyNatRule>[]) => {
    take(changes.map(({ key, new: object }) => worldChange(kind, key, object)));
    for (const { key, old, new: object } of changes) {
      judge(kind, key);
      const eips = new Set([old, object].flatMap((it) => (it && eipNameOf(it)) || []));
      for (const eip of eips) judge(eipKindOf(kind), eip);
    }
  };
  return {
    Node: (changes) => {
      take(changes.map(({ key, new: object }) => worldChange('Node', key, object)));
      for (const { key } of changes) label(key);
    },
    NodeUnderlay: (changes) => onReports(changes, handling),
    ProviderNetwork: (changes) => {
      take(changes.map(({ key, new: object }) => worldChange('ProviderNetwork', key, object)));
      for (const { key } of changes) judge('ProviderNetwork', key);
    },
    Vlan: (changes) => onVlans(changes, handling),
    OvnEip: (changes) => onEips('OvnEip', changes, handling),
    OvnFip: rule('OvnFip'),
    OvnSnatRule: rule('OvnSnatRule'),
    OvnDnatRule: rule('OvnDnatRule'),
    VpcNatGateway: (changes) => onGateways(changes, handling),
    IptablesEIP: (changes) => {
      onEips('IptablesEIP', changes, handling);
      for (const { old, new: object } of changes)
        for (const gateway of new Set([old?.spec?.natGwDp, object?.spec?.natGwDp]))
          if (gateway) judge('VpcNatGateway', gateway);
    },
    IptablesFIPRule: rule('IptablesFIPRule'),
    IptablesSnatRule: rule('IptablesSnatRule'),
    IptablesDnatRule: rule('IptablesDnatRule'),
  };
}

function onReports(changes: readonly ObjectChange<NodeUnderlay>[], { take, judge, label }: ExternalHandling): void {
  for (const { key } of changes) label(key);
  take(changes.flatMap(underlayChanges));
  const networks = changes.flatMap(({ old, new: object }) =>
    [old, object].flatMap((report) => (report?.status?.uplinks ?? []).map(({ name }) => name)),
  );
  for (const network of new Set(networks)) judge('ProviderNetwork', network);
}

function onVlans(changes: readonly ObjectChange<Vlan>[], { take, judge }: ExternalHandling): void {
  take(changes.map(({ key, new: object }) => worldChange('Vlan', key, object)));
  for (const { key, old, new: object } of changes) {
    judge('Vlan', key);
    for (const provider of new Set([old?.spec?.provider, object?.spec?.provider]))
      if (provider) judge('ProviderNetwork', provider);
  }
}

function onEips(kind: EipKind, changes: readonly ObjectChange<AnyEip>[], handling: ExternalHandling): void {
  const { take, judge, addresses, external, unstick, count } = handling;
  for (const { old, new: object } of changes) {
    addresses.followEip(old, object);
    for (const eip of [old, object]) if (eip) count(externalSubnetOf(eip));
  }
  take(changes.map(({ key, new: object }) => worldChange(kind, key, object)));
  external.follow(changes);
  for (const { key } of changes) judge(kind, key);
  if (changes.some(({ new: object }) => !object)) unstick();
}

function onGateways(changes: readonly ObjectChange<VpcNatGateway>[], handling: ExternalHandling): void {
  const { take, judge, addresses, external, unstick, count } = handling;
  for (const { old, new: object } of changes) {
    addresses.followGateway(old, object);
    for (const gateway of [old, object]) if (gateway?.spec?.subnet) count(gateway.spec.subnet);
  }
  take(changes.map(({ key, new: object }) => worldChange('VpcNatGateway', key, object)));
  for (const { key, old, new: object } of changes) {
    judge('VpcNatGateway', key);
    for (const vpc of new Set([old?.spec?.vpc, object?.spec?.vpc])) {
      if (!vpc) continue;
      external.lookVpc(vpc);
      // one that is being deleted may go now
      judge('Vpc', vpc);
    }
  }
  if (changes.some(({ new: object }) => !object)) unstick();
}
