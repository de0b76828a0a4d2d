/** Vlan: a VLAN of a provider network. Kube-OVN's kind and fields. */
import { column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, conditions, int, obj, str, strings, type Static } from './schema.ts';

const number = (description: string) => int(description, { minimum: 0, maximum: 4095, format: 'int32' });

const spec = obj(
  {
    id: number('VLAN ID; 0 is untagged'),
    provider: str('ProviderNetwork that carries it'),
    vlanId: number('older name of id'),
    providerInterfaceName: str('older name of provider'),
  },
  { required: ['provider'] },
);

const status = obj({
  conditions,
  subnets: strings('subnets on this VLAN'),
  conflict: bool('another Vlan of the same provider network has this ID'),
});

export type VlanSpec = Static<typeof spec>;
export type VlanStatus = Static<typeof status>;
export type Vlan = KubeObject<VlanSpec, VlanStatus>;

export const vlanKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'Vlan',
  plural: 'vlans',
  singular: 'vlan',
  shortNames: ['vlan'],
  namespaced: false,
  statusSubresource: true,
  description: 'A VLAN of a provider network.',
  spec,
  status,
  columns: [
    column('ID', '.spec.id', 'integer'),
    column('Provider', '.spec.provider'),
    column('conflict', '.status.conflict', 'boolean'),
    READY,
    REASON,
  ],
};
