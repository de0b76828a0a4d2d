/**
 * VpcNatGateway: where a VPC reaches an external subnet. Kube-OVN's kind and fields; Kube-OVN runs a pod for each, Weft needs none: it is the port of
 * the VPC's router in the external subnet.
 */
import { AGE, column, type Kind, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, conditions, int, list, mapOf, obj, open, str, strings, type Static } from './schema.ts';

const count = (description: string, limits: { readonly minimum?: number; readonly maximum?: number } = {}) =>
  int(description, { format: 'int32', ...limits });

const bfd = {
  ...obj(
    {
      enabled: { ...bool('watch the gateway'), default: false },
      minRX: { ...count('milliseconds', { minimum: 1, maximum: 3600000 }), default: 1000 },
      minTX: { ...count('milliseconds', { minimum: 1, maximum: 3600000 }), default: 1000 },
      multiplier: { ...count('lost packets until it is down', { minimum: 1, maximum: 255 }), default: 3 },
    },
    { description: 'of the gateway pod: has no effect' },
  ),
};

const bgpSpeaker = obj(
  {
    enabled: bool('announce external addresses'),
    asn: count('own AS number'),
    remoteAsn: count('AS number of the neighbours'),
    neighbors: strings('addresses of the neighbours'),
    holdTime: str('duration'),
    routerId: str('router ID'),
    password: str('password'),
    enableGracefulRestart: bool('graceful restart'),
    extraArgs: strings('arguments of the speaker'),
  },
  { description: 'BGP speaker of the gateway pod: has no effect' },
);

const spec = obj({
  namespace: str('namespace of the gateway pod: has no effect'),
  vpc: str('VPC that it serves'),
  subnet: str('subnet of lanIp'),
  lanIp: str('address in the subnet that nobody gets: a next hop that says so is this gateway'),
  replicas: { ...count('number of gateway pods: has no effect', { minimum: 1 }), default: 1 },
  externalSubnets: strings('external subnets; the default external subnet when empty'),
  selector: strings('labels of nodes that may carry the gateway, key:value'),
  tolerations: list(open('toleration'), 'of the gateway pod: has no effect'),
  affinity: open('of the gateway pod: has no effect'),
  qosPolicy: str('QoSPolicy: has no effect'),
  bgpSpeaker,
  bfd,
  internalSubnets: strings('subnets that the gateway pods serve: has no effect'),
  internalCIDRs: strings('prefixes that the gateway pods serve: has no effect'),
  routes: list(obj({ cidr: str('prefix'), nextHopIP: str('next hop') }), 'routes of the gateway pod: has no effect'),
  noDefaultEIP: bool('the gateway pod has no address of the external subnet: has no effect'),
  annotations: mapOf(str('value'), 'of the gateway pod: has no effect'),
});

const status = obj({
  conditions,
  ready: bool('it is in force'),
  lanIp: str('as in spec'),
  replicas: count('as in spec'),
  externalSubnets: strings('external subnets that it leads to'),
  selector: strings('as in spec'),
  qosPolicy: str('as in spec'),
  internalSubnets: strings('as in spec'),
  internalCIDRs: strings('as in spec'),
  tolerations: list(open('toleration'), 'as in spec'),
  affinity: open('as in spec'),
  workload: obj({
    apiVersion: str('empty: there is no pod'),
    kind: str('empty: there is no pod'),
    name: str('empty: there is no pod'),
    nodes: strings('empty: there is no pod'),
  }),
});

export type VpcNatGatewaySpec = Static<typeof spec>;
export type VpcNatGatewayStatus = Static<typeof status>;
export type VpcNatGateway = KubeObject<VpcNatGatewaySpec, VpcNatGatewayStatus>;

export const vpcNatGatewayKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'VpcNatGateway',
  plural: 'vpc-nat-gateways',
  singular: 'vpc-nat-gateway',
  shortNames: ['vpc-nat-gw'],
  namespaced: false,
  statusSubresource: true,
  description: 'Where a VPC reaches an external subnet.',
  spec,
  status,
  columns: [
    column('Namespace', '.spec.namespace'),
    column('Vpc', '.spec.vpc'),
    column('Subnet', '.spec.subnet'),
    column('IPs', '.status.lanIp'),
    column('Replicas', '.spec.replicas', 'integer'),
    column('Ready', '.status.ready', 'boolean'),
    column('BFD', '.spec.bfd.enabled', 'boolean'),
    REASON,
    AGE,
  ],
};
