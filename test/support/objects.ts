/** Small makers of the objects that tests declare. */
import { networkAttachmentDefinitionKind } from '../../src/kinds/network-attachment-definition.ts';
import {
  iptablesDnatRuleKind,
  iptablesEipKind,
  iptablesFipRuleKind,
  iptablesSnatRuleKind,
} from '../../src/kinds/iptables-nat.ts';
import { ipKind } from '../../src/kinds/ip.ts';
import { ipPoolKind } from '../../src/kinds/ip-pool.ts';
import { nodeUnderlayKind } from '../../src/kinds/node-underlay.ts';
import { ovnDnatRuleKind } from '../../src/kinds/ovn-dnat-rule.ts';
import { ovnEipKind } from '../../src/kinds/ovn-eip.ts';
import { ovnFipKind } from '../../src/kinds/ovn-fip.ts';
import { ovnSnatRuleKind } from '../../src/kinds/ovn-snat-rule.ts';
import { providerNetworkKind } from '../../src/kinds/provider-network.ts';
import { type SubnetSpec, subnetKind } from '../../src/kinds/subnet.ts';
import { virtualMachineInstanceKind, virtualMachineKind } from '../../src/kinds/virtual-machine.ts';
import { type VirtualNetworkSpec, virtualNetworkKind } from '../../src/kinds/virtual-network.ts';
import { vlanKind } from '../../src/kinds/vlan.ts';
import { vipKind } from '../../src/kinds/vip.ts';
import { type VpcSpec, vpcKind } from '../../src/kinds/vpc.ts';
import { vpcNatGatewayKind } from '../../src/kinds/vpc-nat-gateway.ts';
import { vpcPeeringKind } from '../../src/kinds/vpc-peering.ts';
import { CORE } from '../../src/lib/kube/resource.ts';

export const R = {
  ...CORE,
  vpcs: vpcKind,
  vpcPeerings: vpcPeeringKind,
  subnets: subnetKind,
  ips: ipKind,
  ipPools: ipPoolKind,
  vips: vipKind,
  attachments: networkAttachmentDefinitionKind,
  vms: virtualMachineKind,
  vmis: virtualMachineInstanceKind,
  virtualNetworks: virtualNetworkKind,
  nodeUnderlays: nodeUnderlayKind,
  providerNetworks: providerNetworkKind,
  vlans: vlanKind,
  ovnEips: ovnEipKind,
  ovnFips: ovnFipKind,
  ovnSnatRules: ovnSnatRuleKind,
  ovnDnatRules: ovnDnatRuleKind,
  vpcNatGateways: vpcNatGatewayKind,
  iptablesEips: iptablesEipKind,
  iptablesFipRules: iptablesFipRuleKind,
  iptablesSnatRules: iptablesSnatRuleKind,
  iptablesDnatRules: iptablesDnatRuleKind,
} as const;

export const vpc = (name: string, spec: VpcSpec = {}) => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Vpc',
  metadata: { name },
  spec,
});

export const subnet = (name: string, owner: string, cidrBlock: string, more: SubnetSpec = {}) => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Subnet',
  metadata: { name },
  spec: { vpc: owner, cidrBlock, ...more },
});

/** a network attachment of namespace `default` that names its subnet */
export const network = (name: string, subnetName: string) => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name, namespace: 'default' },
  spec: {
    config: JSON.stringify({ cniVersion: '0.3.1', type: 'kube-ovn', ipam: { type: 'kube-ovn', subnet: subnetName } }),
  },
});

export const virtualNetwork = (name: string, spec: VirtualNetworkSpec, namespace = 'default') => ({
  apiVersion: 'network.harvesterhci.io/v1beta1',
  kind: 'VirtualNetwork',
  metadata: { name, namespace },
  spec,
});

/** the running instance of a virtual machine, which owns its launcher */
export const instance = (vm: string) => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachineInstance',
  metadata: { name: vm, namespace: 'default' },
  spec: {},
});

/** a pod as KubeVirt's launcher of virtual machine `vm`, on a node, with networks of namespace `default` */
export const launcher = (vm: string, uid: string, networks: string, node: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `virt-launcher-${vm}`,
    namespace: 'default',
    annotations: { 'k8s.v1.cni.cncf.io/networks': networks },
    ownerReferences: [
      { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', name: vm, uid, controller: true },
    ],
  },
  spec: { nodeName: node, containers: [{ name: 'compute', image: 'launcher' }] },
});

export const pod = (name: string, networks: string, node = 'node1') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', annotations: { 'k8s.v1.cni.cncf.io/networks': networks } },
  spec: { nodeName: node, containers: [{ name: 'main', image: 'none' }] },
});

export const machine = (name: string, networks: string) => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name, namespace: 'default', annotations: { 'k8s.v1.cni.cncf.io/networks': networks } },
  spec: {},
});

/** a machine that runs on one node */
export const machineOn = (name: string, networks: string, node: string) => ({
  ...machine(name, networks),
  spec: {
    runStrategy: 'Always',
    template: {
      metadata: { annotations: { 'k8s.v1.cni.cncf.io/networks': networks } },
      spec: { nodeSelector: { 'kubernetes.io/hostname': node } },
    },
  },
});
