/** IP objects as the controller writes them: one for each interface, for the life of its owner. */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import type { Allocation } from '../../core/ipam/allocator.ts';
import type { Interface } from '../../core/ipam/interfaces.ts';
import { type AnnotationSource, wishText } from '../../core/ipam/wishes.ts';
import { DEFAULT_ROUTE_ANNOTATION, PORT_SECURITY_ANNOTATION } from '../../core/compile/nic-rule.ts';
import { PORT_VIPS_ANNOTATION, SHARED_VIPS_ANNOTATION, TAKEN_VIP_ANNOTATION } from '../../core/vip/port-annotations.ts';
import { OPTION_ANNOTATIONS } from '../../core/dhcp/subnet-options.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Owner } from './pod.ts';

/** label of IP objects: "false" on those that Weft made for a pod or machine; others are reservations of users */
export const RESERVED = 'ovn.kubernetes.io/ip_reserved';

/** label keys and values are at most 63 characters; longer names go without */
export const LABEL_MAX = 63;

/** what of an interface may change while it is there, in the annotations of its IP object */
export type PortSettings = Readonly<Record<string, string | undefined>>;

/**
 * Settings of a port that users make by annotation.
 * @param isSecondDefault an earlier interface of the same guest has the IPv4 default route already
 */
export function portSettings(
  sources: readonly AnnotationSource[],
  face: Interface,
  isSecondDefault: boolean,
): PortSettings {
  const text = (key: string) => wishText(sources, face, key)?.text;
  /** said for one interface, or for all of them */
  const ofAny = (key: string) =>
    text(key) ??
    sources.map(({ annotations }) => annotations?.[`ovn.kubernetes.io/${key}`]).find((value) => value !== undefined);
  const security = ofAny('port_security');
  return {
    [PORT_SECURITY_ANNOTATION]: security === 'false' ? 'false' : undefined,
    [DEFAULT_ROUTE_ANNOTATION]: (text('default_route') ?? String(!isSecondDefault)) === 'false' ? 'false' : undefined,
    [SHARED_VIPS_ANNOTATION]: ofAny('aaps'),
    [PORT_VIPS_ANNOTATION]: text('port_vips'),
    [TAKEN_VIP_ANNOTATION]: text('vip'),
    ...Object.fromEntries(Object.keys(OPTION_ANNOTATIONS).map((key) => [`ovn.kubernetes.io/${key}`, text(key)])),
  };
}

export function ipObject(
  face: Interface,
  owner: Owner,
  nodeName: string,
  settings: PortSettings,
  { ips, mac }: Allocation,
): IpObject {
  const texts = ips.map(formatIp);
  const annotations = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IP',
    metadata: {
      name: face.port,
      labels: { ...subnetLabels(face.subnet), ...nodeLabel(nodeName), [RESERVED]: 'false' },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: {
      podName: owner.name,
      namespace: owner.namespace,
      subnet: face.subnet,
      nodeName,
      ...addressFields(texts),
      macAddress: mac,
      podType: owner.kind === 'VirtualMachine' ? 'VirtualMachine' : '',
    },
  };
}

/** The address of a VPC's router in a VLAN. */
export function routerIpObject(name: string, subnet: string, addresses: readonly string[], mac: string): IpObject {
  return {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IP',
    metadata: { name, labels: { ...subnetLabels(subnet), [RESERVED]: 'false' } },
    spec: {
      podName: '',
      namespace: '',
      subnet,
      nodeName: '',
      ...addressFields(addresses),
      macAddress: mac,
      podType: '',
    },
  };
}

export function addressFields(texts: readonly string[]) {
  return {
    ipAddress: texts.join(','),
    v4IpAddress: texts.find((text) => !text.includes(':')) ?? '',
    v6IpAddress: texts.find((text) => text.includes(':')) ?? '',
  };
}

/** The merge patch that brings an IP object up to date; undefined when there is nothing to do. */
export function ipPatch({ metadata, spec }: IpObject, nodeName: string, settings: PortSettings): object | undefined {
  const changed = Object.entries(settings).filter(([key, value]) => metadata.annotations?.[key] !== value);
  if (spec?.nodeName === nodeName && changed.length === 0) return undefined;
  return {
    metadata: {
      labels: nodeLabel(nodeName),
      annotations: Object.fromEntries(changed.map(([key, value]) => [key, value ?? null])),
    },
    spec: { nodeName },
  };
}

/** Names of machines, pods and networks can meet in one port name: the older owner keeps it. @throws AllocationError */
export function checkOwner({ metadata, spec }: IpObject, { kind, namespace, name }: Owner): void {
  const holder = `${spec?.podType === 'VirtualMachine' ? 'VirtualMachine' : 'Pod'} ${spec?.namespace}/${spec?.podName}`;
  if (holder !== `${kind} ${namespace}/${name}`)
    throw new AllocationError(
      'AddressInUse',
      `interface ${metadata.name} belongs to ${holder}: rename one of the two, or delete that one`,
    );
}

export function subnetLabels(subnet: string): Record<string, string> {
  return subnet.length <= LABEL_MAX ? { 'ovn.kubernetes.io/subnet': subnet, [subnet]: '' } : {};
}

function nodeLabel(node: string): Record<string, string> {
  return node !== '' && node.length <= LABEL_MAX ? { 'ovn.kubernetes.io/node-name': node } : {};
}
