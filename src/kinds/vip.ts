/** Vip: an address of a subnet that is reserved, for machines to share. Kube-OVN's kind and fields. */
import { column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { conditions, obj, str, strings, type Static } from './schema.ts';

/** spec.type of an address for load balancers */
export const SWITCH_LB_VIP = 'switch_lb_vip';
/** spec.type of Kube-OVN for machines on the network of their host */
export const HOST_VM_VIP = 'kube_host_vm_vip';

const spec = obj({
  namespace: str('namespace of the machines that share it'),
  subnet: str('subnet of the address'),
  type: str('"" for a shared address, switch_lb_vip for a load balancer'),
  v4ip: str('IPv4 address; the next free one if empty'),
  v6ip: str('IPv6 address; the next free one if empty'),
  macAddress: str('MAC address'),
  selector: strings('labels of the machines that share it, key:value'),
  attachSubnets: strings('unused'),
});

const status = obj({
  conditions,
  type: str('as in spec'),
  v4ip: str('IPv4 address'),
  v6ip: str('IPv6 address'),
  mac: str('MAC address'),
  selector: strings('as in spec'),
});

export type VipSpec = Static<typeof spec>;
export type VipStatus = Static<typeof status>;
export type Vip = KubeObject<VipSpec, VipStatus>;

export const vipKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'Vip',
  plural: 'vips',
  singular: 'vip',
  shortNames: ['vip'],
  namespaced: false,
  statusSubresource: false,
  description: 'An address that is reserved, for machines to share.',
  spec,
  status,
  columns: [
    column('Namespace', '.spec.namespace'),
    column('V4IP', '.status.v4ip'),
    column('V6IP', '.status.v6ip'),
    column('Mac', '.status.mac'),
    column('Subnet', '.spec.subnet'),
    column('Type', '.status.type'),
    READY,
    REASON,
  ],
};
