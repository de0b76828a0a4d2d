/** ADD, DEL and CHECK of one interface. Each may be called again at any time and comes to the same end. */
import { guestRoutes, type Route } from '../../core/ipam/guest-routes.ts';
import {
  attachmentConfig,
  type NetworkSelection,
  NETWORKS_ANNOTATION,
  parseNetworks,
  selectionProvider,
} from '../../core/ipam/attachments.ts';
import { portName } from '../../core/ovn/names.ts';
import { type Choice, choiceOf } from '../../core/underlay/choice.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { CniAddress, CniRequest, CniResponse } from './cni-protocol.ts';
import { cidrContains, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { canonicalIp, type Family, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { parseMac } from '../../lib/netaddr/mac.ts';
import type { InterfaceRow, LocalSwitch } from './local-switch.ts';
import type { Pod, PodWaiter } from './pod-waiter.ts';
import { ATTACHMENT_ID, SUBNET_ID } from './port-encaps.ts';
import { type Offloads, turnOffloadsOff } from './underlay.ts';
import { hostDevice, isConfigured, makeVeth, removeVeth } from './veth.ts';

export interface AttachOptions {
  readonly local: LocalSwitch;
  readonly pods: PodWaiter;
  readonly subnet: (name: string) => Subnet | undefined;
  readonly subnets: () => Iterable<Subnet>;
  readonly vpc: (name: string) => Vpc | undefined;
  readonly attachment: (key: string) => NetworkAttachmentDefinition | undefined;
  readonly underlay: Underlay;
  /**
   * What guests may leave to Open vSwitch. Its userspace datapath takes a packet that is yet to be cut into segments for one that is larger than the router's
   * `gateway_mtu`: routed TCP would not get anywhere.
   */
  readonly offloads: Offloads;
  /** milliseconds to wait for the controller, and for OVN */
  readonly addressDeadline?: number;
  readonly portDeadline?: number;
}

/** what the networks between nodes mean for a port */
export interface Underlay {
  /** bytes of the largest packet that fits */
  mtuOf(subnet: Subnet): number;
  /** Tunnel address of a port; undefined: the default one. @throws Error when this node is not on the chosen network */
  addressFor(choice: Choice): string | undefined;
}

const ADDRESS_DEADLINE = 60_000;
const PORT_DEADLINE = 30_000;

/** what the controller wrote for one interface */
interface Assigned {
  readonly ifaceId: string;
  readonly mac: string;
  readonly addresses: readonly CniAddress[];
  /** the pod runs a virtual machine: once that has its NIC, the addresses are the guest's and no longer the pod's */
  readonly isMachine: boolean;
  readonly subnet: Subnet;
  readonly routes: readonly Route[];
  /** place among the pod's interfaces on our networks, from 0 */
  readonly index: number;
  /** `namespace/name` of the network attachment */
  readonly attachment: string;
}

export class Attacher {
  readonly #options: AttachOptions;

  constructor(options: AttachOptions) {
    this.#options = options;
  }

  async add(request: CniRequest): Promise<CniResponse> {
    const assigned = await this.#assigned(request);
    const host = hostDevice(request.container_id, request.if_name);
    const { subnet, attachment } = assigned;
    const choice = choiceOf(subnet, this.#options.attachment(attachment));
    const encapIp = choice && this.#options.underlay.addressFor(choice);
    const mtu = this.#options.underlay.mtuOf(subnet);
    // called again for an interface that works: it must not be taken away, not even for a moment
    if ((await this.#fault(request, assigned)) !== undefined) await this.#attach(request, assigned, host, mtu, encapIp);
    return { ips: assigned.addresses, mac_address: assigned.mac, routes: assigned.routes, mtu, nicname: host };
  }

  async #attach(
    request: CniRequest,
    assigned: Assigned,
    host: string,
    mtu: number,
    encapIp: string | undefined,
  ): Promise<void> {
    const { local, offloads, portDeadline = PORT_DEADLINE } = this.#options;
    const { if_name: name, net_ns: netns } = request;
    try {
      await this.#remove(host);
      await makeVeth(host, {
        name,
        netns,
        mac: assigned.mac,
        mtu,
        addresses: assigned.addresses.map(withLength),
        routes: assigned.routes,
        gateways: assigned.addresses.flatMap(({ gateway }) => gateway ?? []),
        index: assigned.index,
      });
      if (offloads === 'none') await Promise.all([turnOffloadsOff(host), turnOffloadsOff(name, netns)]);
      if (offloads === 'checksums') await turnOffloadsOff(name, netns, 'tso');
      await local.addPort({ name: host, externalIds: externalIds(request, assigned, encapIp) });
      const installed = (row: InterfaceRow | undefined) =>
        row?.external_ids['ovn-installed'] === 'true' ? true : undefined;
      await local.waitForInterface(
        host,
        installed,
        portDeadline,
        `OVN did not install port ${assigned.ifaceId} (its IP object's events say why if Weft knows: kubectl describe ip ${assigned.ifaceId}; else look whether ovn-controller runs on this node)`,
      );
    } catch (error) {
      await this.#remove(host);
      throw error;
    }
  }

  async del(request: CniRequest): Promise<void> {
    await this.#remove(hostDevice(request.container_id, request.if_name));
  }

  /** @throws Error that says what is not as it should be */
  async check(request: CniRequest): Promise<void> {
    const fault = await this.#fault(request, await this.#assigned(request));
    if (fault !== undefined) throw new Error(fault);
  }

  /** what is not as it should be with an interface */
  async #fault(
    { container_id: container, if_name: name, net_ns: netns }: CniRequest,
    { ifaceId, mac, addresses, isMachine }: Assigned,
  ): Promise<string | undefined> {
    const host = hostDevice(container, name);
    const row = this.#options.local.interface(host);
    if (row?.external_ids['iface-id'] !== ifaceId)
      return `port ${ifaceId} is not on the integration bridge (expected device ${host})`;
    if (row.external_ids['attached-mac'] !== mac)
      return `port ${ifaceId} has MAC ${row.external_ids['attached-mac']}, not ${mac}`;
    if (row.external_ids['ovn-installed'] !== 'true') return `port ${ifaceId} is not installed by OVN`;
    const wanted = isMachine ? [] : addresses.map(withLength);
    return (await isConfigured(netns, name, wanted))
      ? undefined
      : `interface ${name} of the pod ${isMachine ? 'is not there' : `lacks ${wanted.join(' or ')}`}`;
  }

  async #remove(host: string): Promise<void> {
    await this.#options.local.removePorts((row) => row.name === host);
    await removeVeth(host);
  }

  #assigned(request: CniRequest): Promise<Assigned> {
    const key = `${request.pod_namespace}/${request.pod_name}`;
    return this.#options.pods.wait(
      key,
      (pod) => this.#read(pod, request),
      (pod) => this.#missing(pod, request),
      this.#options.addressDeadline ?? ADDRESS_DEADLINE,
    );
  }

  #read(
    pod: Pod | undefined,
    { provider, pod_name: name, pod_namespace: namespace }: CniRequest,
  ): Assigned | undefined {
    const annotations = pod?.metadata.annotations ?? {};
    const value = (field: string) => annotations[`${provider}.kubernetes.io/${field}`];
    const subnet = this.#options.subnet(value('logical_switch') ?? '');
    if (!pod || value('allocated') !== 'true' || !subnet) return undefined;
    const owner = value('virtualmachine') ?? name;
    const { index, defaultFor, attachment } = this.#place(pod, provider);
    return {
      index,
      attachment,
      ifaceId: portName(owner, namespace, provider),
      isMachine: value('virtualmachine') !== undefined,
      mac: parseMac(value('mac_address') ?? ''),
      addresses: addressesOf(value('ip_address') ?? '', value('cidr') ?? '', value('gateway') ?? ''),
      subnet,
      routes: [
        ...guestRoutes(subnet, this.#options.subnets(), this.#options.vpc(subnet.spec?.vpc ?? '')?.spec, {
          addresses: ipsOf(value('ip_address') ?? ''),
          defaultFor,
          routers: { gateways: ipsOf(value('gateway') ?? ''), inner: ipsOf(value('u2o_ip_address') ?? '') },
        }),
        ...extraRoutes(value('routes')),
      ],
    };
  }

  /** Where the interface stands among the pod's own on our networks, and the families of which it has the default route: the first that has them, unless an annotation says otherwise. */
  #place(
    pod: Pod,
    provider: string,
  ): Pick<Assigned, 'index' | 'attachment'> & { readonly defaultFor: ReadonlySet<Family> } {
    const annotations = pod.metadata.annotations ?? {};
    const parsed = parseNetworks(annotations[NETWORKS_ANNOTATION] ?? '', pod.metadata.namespace ?? '');
    const selections = 'problem' in parsed ? [] : parsed;
    const ours = selections.filter((selection) => this.#isOurs(selection));
    const providers = ours.map((selection) => selectionProvider(selection, selections));
    const index = Math.max(0, providers.indexOf(provider));
    const selection = ours[index];
    const attachment = selection ? `${selection.namespace}/${selection.name}` : '';
    const families = (name: string) => familiesOf(annotations[`${name}.kubernetes.io/ip_address`] ?? '');
    const wish = annotations[`${provider}.kubernetes.io/default_route`];
    if (wish !== undefined)
      return { index, attachment, defaultFor: new Set(wish === 'true' ? families(provider) : []) };
    const earlier = new Set(providers.slice(0, index).flatMap(families));
    return { index, attachment, defaultFor: new Set(families(provider).filter((family) => !earlier.has(family))) };
  }

  #isOurs({ namespace, name }: NetworkSelection): boolean {
    const definition = this.#options.attachment(`${namespace}/${name}`);
    const config = definition && attachmentConfig(definition);
    return config !== undefined && 'ours' in config && config.ours;
  }

  #missing(pod: Pod | undefined, { provider, pod_name: name, pod_namespace: namespace }: CniRequest): string {
    if (!pod) return `pod ${namespace}/${name} is not known on this node`;
    if (pod.metadata.annotations?.[`${provider}.kubernetes.io/allocated`] !== 'true')
      return `the controller gave no address to pod ${namespace}/${name} on network ${provider}: its events say why (kubectl -n ${namespace} describe pod ${name})`;
    return `subnet ${pod.metadata.annotations[`${provider}.kubernetes.io/logical_switch`]} of pod ${namespace}/${name} is not known`;
  }
}

/** The annotation `routes`: `[{"dst":"10.9.0.0/16","gw":"10.0.0.9"}]`. @throws Error that says what is wrong with it */
function extraRoutes(text: string | undefined): readonly Route[] {
  if (text === undefined) return [];
  try {
    const list = JSON.parse(text) as readonly { readonly dst?: unknown; readonly gw?: unknown }[];
    return list.map(({ dst, gw }) => ({
      dst: formatCidr(parseInterface(String(dst)).cidr),
      gw: canonicalIp(String(gw)),
    }));
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unreadable';
    throw new Error(`annotation routes must be a JSON list such as [{"dst":"10.9.0.0/16","gw":"10.0.0.9"}]: ${why}`);
  }
}

/** everything from annotations is checked before it comes near a command line */
function addressesOf(ips: string, cidrs: string, gateways: string): CniAddress[] {
  // a VLAN where only the MAC address is ours
  if (ips === '') return [];
  const prefixes = cidrs.split(',').map((text) => parseInterface(text.trim()).cidr);
  const routers = gateways.split(',').map((text) => parseIp(text.trim()));
  return ips.split(',').map((text) => {
    const ip = parseIp(text.trim());
    const cidr = prefixes.find((prefix) => cidrContains(prefix, ip));
    if (!cidr) throw new Error(`address ${text} is in none of ${cidrs}`);
    const gateway = routers.find((router) => cidrContains(cidr, router));
    return {
      protocol: `IPv${ip.family}` as const,
      ip: canonicalIp(text.trim()),
      cidr: formatCidr(cidr),
      ...(gateway ? { gateway: canonicalIp(gateways.split(',')[routers.indexOf(gateway)]!.trim()) } : {}),
    };
  });
}

function familiesOf(addresses: string): Family[] {
  return ipsOf(addresses).map(({ family }) => family);
}

function ipsOf(addresses: string): Ip[] {
  return addresses.split(',').flatMap((text) => attempt(() => parseIp(text.trim())) ?? []);
}

function withLength({ ip, cidr }: CniAddress): string {
  return `${ip}${cidr.slice(cidr.indexOf('/'))}`;
}

function externalIds(
  request: CniRequest,
  { ifaceId, mac, addresses, subnet, attachment }: Assigned,
  encapIp: string | undefined,
): Record<string, string> {
  return {
    vendor: 'kube-ovn',
    'iface-id': ifaceId,
    'attached-mac': mac,
    pod_name: request.pod_name,
    pod_namespace: request.pod_namespace,
    pod_netns: request.net_ns,
    ip: addresses.map(({ ip }) => ip).join(','),
    [SUBNET_ID]: subnet.metadata.name,
    [ATTACHMENT_ID]: attachment,
    ...(encapIp === undefined ? {} : { 'encap-ip': encapIp }),
  };
}
