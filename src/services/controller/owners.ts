/**
 * Owners (virtual machines and plain pods) and their interfaces: each interface of a pod that has a node gets an IP object, each pod one patch
 * with what it got; what no owner needs any more is deleted. Level-triggered: a key says which owner to look at, never what happened.
 */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import type { Allocation, Allocator, Request } from '../../core/ipam/allocator.ts';
import { networksOfVm, selectionProvider } from '../../core/ipam/attachments.ts';
import type { Placement } from '../../core/migration/placement.ts';
import { PORT_SECURITY_ANNOTATION } from '../../core/compile/nic-rule.ts';
import { portName } from '../../core/ovn/names.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason, KubeError } from '../../lib/kube/error.ts';
import { AddressError } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { isUnicastMac, parseMac } from '../../lib/netaddr/mac.ts';
import { type Interface, interfacesOf, type Networks } from './interfaces.ts';
import { isAlive, type Owner, ownerKey, parseOwnerKey, type Pod } from './pod.ts';
import { interfaceAnnotations } from './pod-annotations.ts';
import { RESOURCES } from './resources.ts';

export interface OwnersOptions {
  readonly client: KubeClient;
  readonly allocator: Allocator;
  readonly networks: Networks;
  subnet(name: string): Subnet | undefined;
  vm(key: string): VirtualMachine | undefined;
  ip(name: string): IpObject | undefined;
  /** of a virtual machine, `namespace/name`: where it is seen to run */
  placement(machine: string): Placement | undefined;
  podsOf(owner: string): readonly Pod[];
  ipsOf(owner: string): readonly IpObject[];
  /** an IP object was written: let the rest know at once */
  learnIp(ip: IpObject): void;
  learnPod(pod: Pod): void;
  /** an event on the pod, and on the machine that it runs */
  warn(pod: Pod, owner: Owner, reason: string, message: string): void;
}

export class Owners {
  readonly #options: OwnersOptions;
  /** owners that wait for something else to change: a network, a subnet, a free address */
  readonly #stuck = new Set<string>();

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  /** owners that should be looked at again when networks, subnets or addresses change; the list starts anew */
  takeStuck(): readonly string[] {
    const keys = [...this.#stuck];
    this.#stuck.clear();
    return keys;
  }

  async reconcile(key: string): Promise<void> {
    const owner = parseOwnerKey(key);
    const pods = this.#options.podsOf(key).filter((pod) => isAlive(pod) && pod.spec?.nodeName);
    const needed = new Set<string>();
    for (const pod of pods) for (const name of await this.#provide(pod, owner, key)) needed.add(name);
    await this.#release(owner, key, needed);
  }

  /** Gives a pod its interfaces; returns the names of those that it needs, also when it did not get them. */
  async #provide(pod: Pod, owner: Owner, key: string): Promise<readonly string[]> {
    const interfaces = interfacesOf(pod, owner, this.#options.networks);
    if ('problem' in interfaces) {
      this.#stuck.add(key);
      this.#options.warn(pod, owner, 'NetworkNotReady', interfaces.problem);
      return this.#options.ipsOf(key).map(({ metadata }) => metadata.name);
    }
    const annotations: Record<string, string> = {};
    for (const face of interfaces) Object.assign(annotations, await this.#provideInterface(pod, owner, key, face));
    const present = pod.metadata.annotations ?? {};
    if (Object.entries(annotations).some(([name, value]) => present[name] !== value))
      await this.#annotate(pod, annotations);
    return interfaces.map(({ name }) => name);
  }

  async #provideInterface(pod: Pod, owner: Owner, key: string, face: Interface): Promise<Record<string, string>> {
    const subnet = this.#options.subnet(face.subnet);
    if (!subnet || subnet.metadata.deletionTimestamp !== undefined) {
      this.#stuck.add(key);
      this.#options.warn(
        pod,
        owner,
        'SubnetNotFound',
        `subnet ${face.subnet} ${subnet ? 'is being deleted' : 'does not exist'}: create it, or choose another network`,
      );
      return {};
    }
    try {
      const ip = await this.#ensureIp(pod, owner, face);
      return ip ? interfaceAnnotations(face, ip, subnet, owner) : {};
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      this.#stuck.add(key);
      this.#options.warn(pod, owner, 'AcquireAddressFailed', error.message);
      return {};
    }
  }

  /**
   * The IP object of an interface, made or brought up to date. Undefined when an old one had to go first: its deletion brings us back.
   * @throws AllocationError
   */
  async #ensureIp(pod: Pod, owner: Owner, face: Interface): Promise<IpObject | undefined> {
    const known = this.#options.ip(face.name);
    if (!known) return this.#makeIp(pod, owner, face);
    checkOwner(known, owner);
    if (
      known.spec?.subnet !== face.subnet ||
      (this.#isNewAndAlone(pod, owner, face) && wantsOthers(known, staticRequest(pod, face)))
    ) {
      await this.#options.client.delete(RESOURCES.ips, { name: face.name });
      return undefined;
    }
    const nodeName = this.#nodeOf(pod, owner);
    const security = portSecurity(pod, face);
    if (known.spec.nodeName === nodeName && known.metadata.annotations?.[PORT_SECURITY_ANNOTATION] === security)
      return known;
    const change = {
      metadata: { labels: nodeLabel(nodeName), annotations: { [PORT_SECURITY_ANNOTATION]: security ?? null } },
      spec: { nodeName },
    };
    const changed = await this.#options.client.patch<IpObject>(RESOURCES.ips, { name: face.name }, change);
    this.#options.learnIp(changed);
    return changed;
  }

  /** While a machine moves, also its target pod belongs to the node on which the machine still is. */
  #nodeOf(pod: Pod, { kind, namespace, name }: Owner): string {
    const place = kind === 'VirtualMachine' ? this.#options.placement(`${namespace}/${name}`) : undefined;
    return place?.node ?? pod.spec?.nodeName ?? '';
  }

  /** the pod has no addresses of ours yet, and no other pod of its owner has: what its annotations say is a wish that can be granted */
  #isNewAndAlone(pod: Pod, owner: Owner, { provider }: Interface): boolean {
    if (pod.metadata.annotations?.[`${provider}.kubernetes.io/allocated`] === 'true') return false;
    return this.#options.podsOf(ownerKey(owner)).filter(isAlive).length === 1;
  }

  async #makeIp(pod: Pod, owner: Owner, face: Interface): Promise<IpObject> {
    const allocation = this.#options.allocator.allocate(face.subnet, face.name, staticRequest(pod, face));
    try {
      const stored = await this.#options.client.create<IpObject>(RESOURCES.ips, ipObject(pod, face, owner, allocation));
      this.#options.learnIp(stored);
      return stored;
    } catch (error) {
      this.#options.allocator.release(face.subnet, face.name);
      // made by an earlier try whose answer was lost: take it as it is
      if (!isReason(error, 'AlreadyExists')) throw refused(error);
      const stored = await this.#options.client.get<IpObject>(RESOURCES.ips, undefined, face.name);
      checkOwner(stored, owner);
      this.#options.learnIp(stored);
      return stored;
    }
  }

  async #annotate(pod: Pod, annotations: Record<string, string>): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    try {
      this.#options.learnPod(
        await this.#options.client.patch<Pod>(RESOURCES.pods, { namespace, name }, { metadata: { uid, annotations } }),
      );
    } catch (error) {
      // gone, or another pod of that name by now: its own change brings us back
      if (!isOvertaken(error)) throw error;
    }
  }

  /** Deletes the IP objects of an owner that nothing needs: not a pod, and not a virtual machine that is only stopped. */
  async #release(owner: Owner, key: string, needed: ReadonlySet<string>): Promise<void> {
    const kept = owner.kind === 'VirtualMachine' ? this.#vmInterfaces(owner) : undefined;
    for (const { metadata } of this.#options.ipsOf(key)) {
      // an object that a user made is a reservation
      if (needed.has(metadata.name) || kept?.has(metadata.name) || metadata.labels?.[RESERVED] !== 'false') continue;
      await this.#options.client.delete(
        RESOURCES.ips,
        { name: metadata.name },
        metadata.uid ? { uid: metadata.uid } : {},
      );
    }
  }

  #vmInterfaces({ namespace, name }: Owner): ReadonlySet<string> {
    const vm = this.#options.vm(`${namespace}/${name}`);
    const selections = vm && vm.metadata.deletionTimestamp === undefined ? networksOfVm(vm) : [];
    if ('problem' in selections)
      return new Set(
        this.#options.ipsOf(ownerKey({ kind: 'VirtualMachine', namespace, name })).map(({ metadata }) => metadata.name),
      );
    return new Set(selections.map((selection) => portName(name, namespace, selectionProvider(selection, selections))));
  }
}

/** label of IP objects: "false" on those that Weft made for a pod or machine; others are reservations of users */
const RESERVED = 'ovn.kubernetes.io/ip_reserved';

/** a refusal of the API server that says why the address cannot be had */
function refused(error: unknown): unknown {
  return error instanceof KubeError && error.reason === 'Invalid'
    ? new AllocationError('AddressInUse', error.message)
    : error;
}

/**
 * Addresses that are asked for: by annotation, else in the network selection itself (`10.0.0.5` or `10.0.0.5/16`).
 * @throws AllocationError when they are no addresses
 */
function staticRequest(pod: Pod, { provider, mac, ips }: Interface): Request {
  const annotations = pod.metadata.annotations ?? {};
  const addresses = annotations[`${provider}.kubernetes.io/ip_address`]?.split(',') ?? ips ?? [];
  const macAddress = annotations[`${provider}.kubernetes.io/mac_address`] ?? mac;
  try {
    const parsed = addresses.map((text) => parseIp(text.trim().split('/')[0]!));
    return {
      ...(parsed.length > 0 ? { ips: parsed } : {}),
      ...(macAddress === undefined ? {} : { mac: unicastMac(macAddress) }),
    };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new AllocationError(
      'AddressInvalid',
      `the address asked for on ${provider}, ${error.message}: correct the annotation or the network selection`,
    );
  }
}

function unicastMac(text: string): string {
  const mac = parseMac(text);
  if (!isUnicastMac(mac)) throw new AddressError(text, 'is no unicast MAC address');
  return mac;
}

/** label keys and values are at most 63 characters; longer names go without */
const LABEL_MAX = 63;

function subnetLabels(subnet: string): Record<string, string> {
  return subnet.length <= LABEL_MAX ? { 'ovn.kubernetes.io/subnet': subnet, [subnet]: '' } : {};
}

function nodeLabel(node: string): Record<string, string> {
  return node.length <= LABEL_MAX ? { 'ovn.kubernetes.io/node-name': node } : {};
}

/** Names of machines, pods and networks can meet in one port name: the older owner keeps it. */
function checkOwner({ metadata, spec }: IpObject, { kind, namespace, name }: Owner): void {
  const holder = `${spec?.podType === 'VirtualMachine' ? 'VirtualMachine' : 'Pod'} ${spec?.namespace}/${spec?.podName}`;
  if (holder !== `${kind} ${namespace}/${name}`)
    throw new AllocationError(
      'AddressInUse',
      `interface ${metadata.name} belongs to ${holder}: rename one of the two, or delete that one`,
    );
}

function wantsOthers({ spec }: IpObject, { ips = [], mac }: Request): boolean {
  const has = [spec?.v4IpAddress, spec?.v6IpAddress];
  return ips.some((ip) => !has.includes(formatIp(ip))) || (mac !== undefined && mac !== spec?.macAddress);
}

/** "false" when the pod's or machine's annotation turns port security off */
function portSecurity(pod: Pod, { provider }: Interface): 'false' | undefined {
  const annotations = pod.metadata.annotations ?? {};
  return (annotations[`${provider}.kubernetes.io/port_security`] ?? annotations[PORT_SECURITY_ANNOTATION]) === 'false'
    ? 'false'
    : undefined;
}

function ipObject(pod: Pod, face: Interface, owner: Owner, { ips, mac }: Allocation): IpObject {
  const texts = ips.map(formatIp);
  const nodeName = pod.spec?.nodeName ?? '';
  const security = portSecurity(pod, face);
  return {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IP',
    metadata: {
      name: face.name,
      labels: { ...subnetLabels(face.subnet), ...nodeLabel(nodeName), [RESERVED]: 'false' },
      ...(security === undefined ? {} : { annotations: { [PORT_SECURITY_ANNOTATION]: security } }),
    },
    spec: {
      podName: owner.name,
      namespace: owner.namespace,
      subnet: face.subnet,
      nodeName,
      ipAddress: texts.join(','),
      v4IpAddress: texts.find((text) => !text.includes(':')) ?? '',
      v6IpAddress: texts.find((text) => text.includes(':')) ?? '',
      macAddress: mac,
      podType: owner.kind === 'VirtualMachine' ? 'VirtualMachine' : '',
    },
  };
}
