/** IP: one network interface of a VM or pod with its addresses, for the life of its owner. Kube-OVN's kind and fields. Its name is the name of the logical switch port. */
import { AGE, column, type Kind } from './kind.ts';
import type { KubeObject } from './object.ts';
import { obj, str, strings, type Static } from './schema.ts';

const spec = obj({
  podName: str('pod, or virtual machine'),
  namespace: str('its namespace'),
  subnet: str('subnet of the addresses'),
  attachSubnets: strings('unused'),
  nodeName: str('node that it runs on; empty while it is stopped'),
  ipAddress: str('addresses, "v4,v6" for dual stack'),
  v4IpAddress: str('IPv4 address'),
  v6IpAddress: str('IPv6 address'),
  attachIps: strings('unused'),
  macAddress: str('MAC address'),
  attachMacs: strings('unused'),
  containerID: str('unused'),
  podType: str('"" for a pod, VirtualMachine, StatefulSet'),
});

export type IpSpec = Static<typeof spec>;
export type IpObject = KubeObject<IpSpec>;

export const ipKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'IP',
  plural: 'ips',
  singular: 'ip',
  shortNames: ['ip'],
  namespaced: false,
  statusSubresource: false,
  description: 'A network interface with its addresses.',
  spec,
  columns: [
    column('V4IP', '.spec.v4IpAddress'),
    column('V6IP', '.spec.v6IpAddress'),
    column('Mac', '.spec.macAddress'),
    column('Node', '.spec.nodeName'),
    column('Subnet', '.spec.subnet'),
    AGE,
  ],
};
