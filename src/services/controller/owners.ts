/**
 * Owners (virtual machines and plain pods) and their interfaces: each interface of a pod that has a node gets an IP object, each pod one patch
 * with what it got; what no owner needs any more is deleted. Level-triggered: a key says which owner to look at, never what happened.
 */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import type { Allocation, Allocator, Request } from '../../core/ipam/allocator.ts';
import {
  NETWORKS_ANNOTATION,
  networksOfVm,
  parseNetworks,
  type Problem,
  selectionProvider,
} from '../../core/ipam/attachments.ts';
import { type Interface, interfacesOf, type Networks } from '../../core/ipam/interfaces.ts';
import { networksIn, whyNotFor } from '../../core/compile/networks.ts';
import { type AnnotationSource, wishText } from '../../core/ipam/wishes.ts';
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import type { Placement } from '../../core/migration/placement.ts';
import { interconnectionName, isInterconnected } from '../../core/vlan/vlan-subnet.ts';
import { portName } from '../../core/ovn/names.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { Vip } from '../../kinds/vip.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason, KubeError } from '../../lib/kube/error.ts';
import { checkOwner, ipObject, ipPatch, type PortSettings, portSettings, RESERVED } from './ip-objects.ts';
import { isAlive, type Owner, ordinalOf, ownerKey, parseOwnerKey, type Pod } from './pod.ts';
import { interfaceAnnotations, staleAnnotations } from './pod-annotations.ts';
import { asksByName, requestOf, sourcesOf, takenBy } from './requests.ts';
import { TAKEN_VIP_ANNOTATION } from '../../core/vip/port-annotations.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import { RESOURCES } from './resources.ts';
import { WaitingKeys } from '../../lib/kube/waiting-keys.ts';

export interface OwnersOptions {
  readonly client: KubeClient;
  readonly allocator: Allocator;
  readonly world: ReadonlyWorld;
  subnet(name: string): Subnet | undefined;
  vm(key: string): VirtualMachine | undefined;
  ip(name: string): IpObject | undefined;
  isComplete(ip: IpObject): boolean;
  vip(name: string): Vip | undefined;
  /** of a virtual machine, `namespace/name`: where it is seen to run */
  placement(machine: string): Placement | undefined;
  podsOf(owner: string): readonly Pod[];
  ipsOf(owner: string): readonly IpObject[];
  /** an IP object was written: let the rest know at once */
  learnIp(ip: IpObject): void;
  learnPod(pod: Pod): void;
  /** an event on the pod, if there is one, and on the machine that it runs */
  warn(pod: Pod | undefined, owner: Owner, reason: string, message: string): void;
}

/** What one interface is made for: a pod, or a machine that does not run. */
interface Purpose {
  readonly owner: Owner;
  readonly key: string;
  readonly pod: Pod | undefined;
  readonly sources: readonly AnnotationSource[];
}

export class Owners {
  readonly #options: OwnersOptions;
  readonly #networks: Networks;
  /** owners that wait for something else to change: a network, a subnet, a free address */
  readonly #stuck = new WaitingKeys();

  constructor(options: OwnersOptions) {
    this.#options = options;
    this.#networks = networksIn(options.world);
  }

  /** owners that should be looked at again when networks, subnets or addresses change; the list starts anew */
  takeStuck(): readonly string[] {
    return this.#stuck.take();
  }

  async reconcile(key: string): Promise<void> {
    const owner = parseOwnerKey(key);
    // addresses of routers are nobody's
    if (owner.name === '') return;
    const pods = this.#options.podsOf(key).filter((pod) => isAlive(pod) && pod.spec?.nodeName);
    const needed = new Set<string>();
    for (const pod of pods) for (const name of await this.#provide(pod, owner, key)) needed.add(name);
    if (pods.length === 0) await this.#reserve(owner, key);
    await this.#release(owner, key, needed);
  }

  /** Gives a pod its interfaces; returns the names of those that it needs, also when it did not get them. */
  async #provide(pod: Pod, owner: Owner, key: string): Promise<readonly string[]> {
    const interfaces = this.#interfacesOfPod(pod, owner);
    if ('problem' in interfaces) {
      this.#stuck.add(key);
      this.#options.warn(pod, owner, 'NetworkNotReady', interfaces.problem);
      return this.#options.ipsOf(key).map(({ metadata }) => metadata.name);
    }
    const purpose = { owner, key, pod, sources: sourcesOf(pod, this.#machine(owner)) };
    const present = pod.metadata.annotations ?? {};
    const annotations: Record<string, string | null> = staleAnnotations(pod);
    for (const [index, face] of interfaces.entries())
      Object.assign(annotations, await this.#provideInterface(purpose, face, interfaces.slice(0, index)));
    if (Object.entries(annotations).some(([name, value]) => (present[name] ?? null) !== value))
      await this.#annotate(pod, annotations);
    return interfaces.map(({ port }) => port);
  }

  #interfacesOfPod(pod: Pod, owner: Owner): readonly Interface[] | Problem {
    const selections = parseNetworks(pod.metadata.annotations?.[NETWORKS_ANNOTATION] ?? '', owner.namespace);
    if ('problem' in selections) return { problem: `annotation ${NETWORKS_ANNOTATION} ${selections.problem}` };
    const machine = this.#machine(owner);
    const declared = machine ? networksOfVm(machine) : [];
    const nics = new Map(
      'problem' in declared ? [] : declared.map((selection) => [selection.interface, selection.nic]),
    );
    return interfacesOf(
      selections.map((selection) => {
        const nic = nics.get(selection.interface);
        return nic === undefined ? selection : { ...selection, nic };
      }),
      owner,
      this.#networks,
    );
  }

  #machine({ kind, namespace, name }: Owner): VirtualMachine | undefined {
    return kind === 'VirtualMachine' ? this.#options.vm(`${namespace}/${name}`) : undefined;
  }

  /** A machine that does not run keeps the addresses that it asks for by name: nobody else may get them meanwhile. */
  async #reserve(owner: Owner, key: string): Promise<void> {
    const vm = this.#machine(owner);
    if (!vm || vm.metadata.deletionTimestamp !== undefined || isMeantToRun(vm)) return;
    const selections = networksOfVm(vm);
    const interfaces = 'problem' in selections ? selections : interfacesOf(selections, owner, this.#networks);
    if ('problem' in interfaces) return;
    const purpose = { owner, key, pod: undefined, sources: sourcesOf(undefined, vm) };
    for (const [index, face] of interfaces.entries()) {
      if (this.#options.ip(face.port) || asksByName(purpose.sources, face))
        await this.#provideInterface(purpose, face, interfaces.slice(0, index));
    }
  }

  /** @throws AllocationError when what is asked for cannot be read */
  #requestOf({ sources, owner: { namespace }, pod }: Purpose, face: Interface): Request {
    return requestOf(sources, face, { namespace, ordinal: pod && ordinalOf(pod) }, this.#options.allocator);
  }

  /** @returns the pod's annotations for this interface; none when it could not be had */
  async #provideInterface(
    purpose: Purpose,
    face: Interface,
    earlier: readonly Interface[],
  ): Promise<Record<string, string>> {
    const { owner, key, pod } = purpose;
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
    const refused = whyNotFor(owner.namespace, face.subnet, this.#options.world);
    // whoever is in keeps what it has
    if (refused !== undefined && !this.#options.ip(face.port)) {
      this.#stuck.add(key);
      this.#options.warn(pod, owner, 'NamespaceNotAllowed', refused);
      return {};
    }
    const router = isInterconnected(subnet.spec) ? this.#options.ip(interconnectionName(subnet)) : undefined;
    if (isInterconnected(subnet.spec) && !router) {
      // guests are told the address of the router
      this.#stuck.add(key);
      this.#options.warn(
        pod,
        owner,
        'NetworkNotReady',
        `the router of VPC ${subnet.spec?.vpc} has no address in subnet ${face.subnet} yet: its Ready condition says why`,
      );
      return {};
    }
    try {
      const ip = await this.#ensureIp(
        purpose,
        face,
        portSettings(purpose.sources, face, this.#hasIpv4(face) && earlier.some((other) => this.#hasIpv4(other))),
      );
      if (!ip) return {};
      const used = this.#addressesInUse(purpose, face);
      if (used === undefined || used === (ip.spec?.ipAddress ?? ''))
        return interfaceAnnotations(
          face,
          ip,
          { subnet, router },
          owner,
          wishText(purpose.sources, face, 'default_route')?.text,
        );
      this.#options.warn(
        pod,
        owner,
        'AddressMismatch',
        `IP object ${face.port} was changed to ${ip.spec?.ipAddress}, the guest uses ${used}: delete that object (a new one has what the guest uses), or start the guest anew`,
      );
      return {};
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      this.#stuck.add(key);
      this.#options.warn(pod, owner, 'AcquireAddressFailed', error.message);
      return {};
    }
  }

  /** Those that the guest was told. The target pod of a migration has not been told yet: the machine brings what its source was. */
  #addressesInUse({ pod, owner }: Purpose, { provider }: Interface): string | undefined {
    // without the mark it is a wish of the user's
    const told = (one: Pod | undefined) =>
      one?.metadata.annotations?.[`${provider}.kubernetes.io/allocated`] === 'true'
        ? one.metadata.annotations[`${provider}.kubernetes.io/ip_address`]
        : undefined;
    return (
      told(pod) ??
      this.#options
        .podsOf(ownerKey(owner))
        .filter(isAlive)
        .map(told)
        .find((text) => text !== undefined)
    );
  }

  #hasIpv4({ subnet }: Interface): boolean {
    return this.#options.subnet(subnet)?.spec?.cidrBlock?.includes('.') ?? false;
  }

  /**
   * The IP object of an interface, made or brought up to date. Undefined when an old one had to go first: its deletion brings us back.
   * @throws AllocationError
   */
  async #ensureIp(purpose: Purpose, face: Interface, settings: PortSettings): Promise<IpObject | undefined> {
    const { owner } = purpose;
    const known = this.#options.ip(face.port);
    if (!known) return this.#makeIp(purpose, face, settings);
    checkOwner(known, owner);
    if (known.spec?.subnet !== face.subnet || (this.#isFresh(purpose, face) && !this.#fits(known, purpose, face))) {
      await this.#options.client.delete(RESOURCES.ips, { name: face.port });
      return undefined;
    }
    // a reservation whose addresses are still being chosen: its change brings us back
    if (!this.#options.isComplete(known)) return undefined;
    const patch = ipPatch(known, this.#nodeOf(purpose) ?? known.spec.nodeName ?? '', settings);
    if (!patch) return known;
    const changed = await this.#options.client.patch<IpObject>(RESOURCES.ips, { name: face.port }, patch);
    this.#options.learnIp(changed);
    return changed;
  }

  /** whether an interface has what is asked for now */
  #fits({ metadata, spec }: IpObject, purpose: Purpose, face: Interface): boolean {
    const taken = takenBy(purpose.sources, face, (name) => this.#options.vip(name));
    const has = metadata.annotations?.[TAKEN_VIP_ANNOTATION];
    if (!taken)
      return has === undefined && this.#options.allocator.fits(face.subnet, face.port, this.#requestOf(purpose, face));
    const texts = taken.ips.map(formatIp);
    return has === taken.name && texts.join(',') === spec?.ipAddress && taken.mac === spec.macAddress;
  }

  /** An address of a Vip stays that one's: the interface only has it. */
  #allocate(purpose: Purpose, face: Interface): Allocation {
    return (
      takenBy(purpose.sources, face, (name) => this.#options.vip(name)) ??
      this.#options.allocator.allocate(face.subnet, face.port, this.#requestOf(purpose, face))
    );
  }

  /** While a machine moves, also its target pod belongs to the node on which the machine still is. */
  #nodeOf({ pod, owner: { kind, namespace, name } }: Purpose): string | undefined {
    const place = kind === 'VirtualMachine' ? this.#options.placement(`${namespace}/${name}`) : undefined;
    return place?.node ?? pod?.spec?.nodeName;
  }

  /** nobody uses the addresses yet: what is asked for now can be granted */
  #isFresh({ pod, owner }: Purpose, { provider }: Interface): boolean {
    if (pod?.metadata.annotations?.[`${provider}.kubernetes.io/allocated`] === 'true') return false;
    return this.#options.podsOf(ownerKey(owner)).filter(isAlive).length <= 1;
  }

  async #makeIp(purpose: Purpose, face: Interface, settings: PortSettings): Promise<IpObject> {
    const { owner } = purpose;
    const { allocator, client } = this.#options;
    const allocation = this.#allocate(purpose, face);
    try {
      const object = ipObject(face, owner, this.#nodeOf(purpose) ?? '', settings, allocation);
      const stored = await client.create<IpObject>(RESOURCES.ips, object);
      this.#options.learnIp(stored);
      return stored;
    } catch (error) {
      allocator.release(face.subnet, face.port);
      // made by an earlier try whose answer was lost: take it as it is
      if (!isReason(error, 'AlreadyExists')) throw refused(error);
      const stored = await client.get<IpObject>(RESOURCES.ips, undefined, face.port);
      checkOwner(stored, owner);
      this.#options.learnIp(stored);
      return stored;
    }
  }

  async #annotate(pod: Pod, annotations: Record<string, string | null>): Promise<void> {
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

  #vmInterfaces(owner: Owner): ReadonlySet<string> {
    const vm = this.#machine(owner);
    const selections = vm && vm.metadata.deletionTimestamp === undefined ? networksOfVm(vm) : [];
    if ('problem' in selections)
      return new Set(this.#options.ipsOf(ownerKey(owner)).map(({ metadata }) => metadata.name));
    return new Set(
      selections.map((selection) => portName(owner.name, owner.namespace, selectionProvider(selection, selections))),
    );
  }
}

/** a launcher is on its way, or will be: the machine's addresses come with it */
function isMeantToRun({ spec }: VirtualMachine): boolean {
  if (spec?.runStrategy !== undefined) return spec.runStrategy !== 'Halted' && spec.runStrategy !== 'Manual';
  return spec?.running ?? true;
}

/** a refusal of the API server that says why the address cannot be had */
function refused(error: unknown): unknown {
  return error instanceof KubeError && error.reason === 'Invalid'
    ? new AllocationError('AddressInUse', error.message)
    : error;
}
