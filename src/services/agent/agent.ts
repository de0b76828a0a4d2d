/** Connects the pieces of the agent (see README.md). */
import type { Server } from 'node:http';
import { networkAttachmentDefinitionKind } from '../../kinds/network-attachment-definition.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { type Subnet, subnetKind } from '../../kinds/subnet.ts';
import { type Vlan, vlanKind } from '../../kinds/vlan.ts';
import { type Vpc, vpcKind } from '../../kinds/vpc.ts';
import type { Encap } from '../../core/ovn/encap.ts';
import type { Choice } from '../../core/underlay/choice.ts';
import { isOnVlan } from '../../core/vlan/vlan-subnet.ts';
import { choicesOf, guestMtus, subnetMtu, uplinkMtu, vlanMtu } from '../../core/underlay/mtu.ts';
import { NODE_NETWORKS_ANNOTATION } from '../../core/underlay/node-annotations.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer, type ObjectChange } from '../../lib/kube/informer.ts';
import { CORE } from '../../lib/kube/resource.ts';
import { Announcer } from './announce.ts';
import { Attacher } from './attach.ts';
import { GatewayAnnouncer } from './gateway-announcer.ts';
import { chassisOperations, underlayBridge } from './chassis.ts';
import { serveCni } from './cni-server.ts';
import { type InterfaceRow, LocalSwitch } from './local-switch.ts';
import { Peers } from './peers.ts';
import { type Pod, PodWaiter } from './pod-waiter.ts';
import { chosenNetworks, type Networks, portOperations } from './port-encaps.ts';
import { ProviderNetworks } from './provider-networks.ts';
import { Reporter } from './report.ts';
import { runIp, turnOffloadsOff, underlayCommands } from './underlay.ts';
import { Underlays } from './underlays.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface AgentOptions {
  readonly client: KubeClient;
  readonly node: string;
  readonly openVswitch: string;
  readonly southbound: string;
  readonly encaps: readonly Encap[];
  /** NICs that get a bridge; the first carries the tunnels when nothing is declared */
  readonly underlays: readonly string[];
  /** make what VlanConfigs and HostNetworkConfigs say of this node, where nobody else does */
  readonly makesHostNetworks: boolean;
  /** UDP, between the tunnel addresses of nodes */
  readonly probePort: number;
  /** seconds */
  readonly probeMtuInterval: number;
  /** tunnel address, for nodes whose network is configured by somebody else */
  readonly encapIp?: string;
  readonly datapath: 'system' | 'netdev';
  readonly offloadsOff: boolean;
  /** bytes that fit between nodes, as long as no node has said anything */
  readonly tunnelMtu: number;
  readonly socket: string;
  /** where FRR's bfdd takes commands */
  readonly bfdSocket: string;
  readonly log: (sentence: string) => void;
}

export class Agent {
  readonly #options: AgentOptions;
  readonly #local: LocalSwitch;
  readonly #peers: Peers;
  readonly #waiter = new PodWaiter();
  readonly #announcer: Announcer;
  readonly #pods: Informer<Pod>;
  readonly #subnets: Informer<Subnet>;
  readonly #vpcs: Informer<Vpc>;
  readonly #vlans: Informer<Vlan>;
  readonly #attachments: Informer<NetworkAttachmentDefinition>;
  readonly #underlays: Underlays;
  readonly #providers: ProviderNetworks;
  readonly #gateways: GatewayAnnouncer;
  readonly #reporter: Reporter;
  readonly #networks: Networks;
  #server: Server | undefined;
  #settling: Promise<void> = Promise.resolve();
  #live = false;
  #again = false;
  #busy = false;
  #stopped = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#local = new LocalSwitch(options.openVswitch, options.log);
    this.#peers = new Peers(this.#local, options.datapath === 'netdev');
    this.#announcer = new Announcer(this.#local, options.log);
    const onError = (error: unknown) => options.log(messageOf(error));
    this.#pods = new Informer<Pod>(options.client, CORE.pods, {
      fieldSelector: `spec.nodeName=${options.node}`,
      onChanges: (changes) => {
        this.#waiter.onChanges(changes);
        this.#announcer.onChanges(changes as readonly ObjectChange<Pod>[]);
      },
      onError,
    });
    this.#waiter.follow(this.#pods);
    this.#subnets = new Informer<Subnet>(options.client, subnetKind, {
      onError,
      onChanges: () => {
        this.#waiter.askAll();
        this.#settleSoon();
      },
    });
    this.#vpcs = new Informer<Vpc>(options.client, vpcKind, { onError });
    this.#vlans = new Informer<Vlan>(options.client, vlanKind, { onError });
    this.#attachments = new Informer<NetworkAttachmentDefinition>(options.client, networkAttachmentDefinitionKind, {
      onError,
      onChanges: () => this.#settleSoon(),
    });
    this.#networks = {
      subnet: (name) => this.#subnets.get(name),
      subnets: () => this.#subnets.values(),
      attachment: (key) => this.#attachments.get(key),
      attachments: () => this.#attachments.values(),
    };
    const { client, node, underlays: nics, encapIp, makesHostNetworks: makes, probePort, log } = options;
    this.#underlays = new Underlays({
      client,
      node,
      makes,
      nics,
      encapIp,
      probePort,
      log,
      mtuInterval: options.probeMtuInterval,
      chosen: () => chosenNetworks(this.#networks),
      onChange: () => {
        this.#providers.check();
        this.#settleSoon();
      },
      onDevice: (device, carrier) => this.#providers.onDevice(device, carrier),
    });
    this.#providers = new ProviderNetworks({
      client,
      local: this.#local,
      node: () => this.#underlays.node,
      dependents: () => this.#dependents(),
      datapath: options.datapath,
      offloadsOff: options.offloadsOff,
      bfdSocket: options.bfdSocket,
      onUplinks: () => this.#reporter.now(),
      log,
    });
    this.#gateways = new GatewayAnnouncer({
      remote: options.southbound,
      node,
      local: this.#local,
      onGateways: () => log(`gateways: ${this.#gateways.gateways().join(', ') || 'none'}`),
      log,
    });
    const { encaps } = options;
    const [underlays, uplinks] = [this.#underlays, () => this.#providers.uplinks()];
    this.#reporter = new Reporter({ client, node, encaps, makes, underlays, uplinks, log });
  }

  /** Resolves when the node can take interfaces. */
  async start(): Promise<void> {
    const { socket, datapath, offloadsOff, log } = this.#options;
    const attacher = new Attacher({
      local: this.#local,
      pods: this.#waiter,
      subnet: (name) => this.#subnets.get(name),
      subnets: () => this.#subnets.values(),
      vpc: (name) => this.#vpcs.get(name),
      attachment: (key) => this.#attachments.get(key),
      underlay: { mtuOf: (subnet) => this.#mtuOf(subnet), addressFor: (choice) => this.#addressFor(choice) },
      offloads: offloadsOff ? 'none' : datapath === 'netdev' ? 'checksums' : 'all',
    });
    await this.#local.session.ready();
    await Promise.all(this.#followed().map((each) => each.start()));
    await this.#underlays.start();
    await this.#providers.start();
    this.#gateways.start();
    this.#live = true;
    this.#local.session.onUpdate(() => {
      this.#providers.check();
      this.#settleSoon();
    });
    this.#settleSoon();
    await this.#removeOrphans();
    this.#server = await serveCni({
      socket,
      attacher,
      onRequest: (verb, pod, milliseconds, error) =>
        log(
          `${verb} ${pod}: ${error === undefined ? 'done' : (error as Error).message} (${Math.round(milliseconds)} ms)`,
        ),
    });
  }

  #followed() {
    return [this.#pods, this.#subnets, this.#vpcs, this.#vlans, this.#attachments];
  }

  /** Ports of pods that are not on this node any more: their DEL was never asked for, because the node was down. */
  async #removeOrphans(): Promise<void> {
    const isOrphan = ({ external_ids: ids }: InterfaceRow) =>
      ids['vendor'] === 'kube-ovn' && this.#pods.get(`${ids['pod_namespace']}/${ids['pod_name']}`) === undefined;
    await this.#local.removePorts(isOrphan);
  }

  /** Interfaces stay as they are; only the agent goes. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#peers.stop();
    this.#server?.close();
    await Promise.all(this.#followed().map((each) => each.stop()));
    await this.#providers.stop();
    await this.#gateways.stop();
    await Promise.all([this.#underlays.stop(), this.#reporter.stop()]);
    await this.#settling;
    await this.#local.session.close();
  }

  /** bytes that fit between the nodes for guests of a subnet, or on the physical network that it is on */
  #mtuOf(subnet: Subnet): number {
    const reports = [...this.#underlays.reports.values()].flatMap(({ status }) => status ?? []);
    if (isOnVlan(subnet.spec)) {
      const provider = this.#vlans.get(subnet.spec!.vlan!)?.spec?.provider ?? '';
      const uplinks = reports.flatMap((report) => report.uplinks ?? []);
      return vlanMtu(subnet.spec?.mtu ?? 0, uplinkMtu(provider, uplinks));
    }
    const choices = choicesOf(subnet, this.#attachments.values());
    return subnetMtu(subnet.spec?.mtu ?? 0, choices, guestMtus(reports), this.#options.tunnelMtu).mtu;
  }

  /** What must not be taken away when a NIC becomes an uplink. */
  #dependents() {
    const { networks, node } = this.#underlays;
    const internal = (node?.status?.addresses ?? []).filter(({ type }) => type === 'InternalIP');
    return {
      tunnels: networks.map(({ address }) => address),
      internal: internal.map(({ address }) => address),
      underlays: this.#underlays.nics(),
    };
  }

  #addressFor({ network, by }: Choice): string | undefined {
    const { networks } = this.#underlays;
    const { node } = this.#options;
    if (networks.some(({ name }) => name === network)) return this.#underlays.plan().addressOf.get(network);
    const known = networks.flatMap(({ name }) => (name === '' ? [] : [name]));
    throw new Error(
      `${by} names network ${JSON.stringify(network)}, but node ${node} has no address on it (it is on ${known.join(', ') || 'none'}): add the node to a HostNetworkConfig of that cluster network or to its annotation ${NODE_NETWORKS_ANNOTATION}, or run the pod on another node`,
    );
  }

  /** Brings Open vSwitch and the underlays to where they should be, now and after every change of either. */
  #settleSoon(): void {
    if (!this.#live) return;
    this.#reporter.soon();
    this.#peers.greet();
    this.#again = true;
    if (!this.#busy) this.#settling = this.#settleAll();
  }

  async #settleAll(): Promise<void> {
    this.#busy = true;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#settle();
      } catch (error) {
        this.#options.log(`Open vSwitch: ${messageOf(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
        this.#again = true;
      }
    }
    this.#busy = false;
  }

  async #settle(): Promise<void> {
    const { session } = this.#local;
    const { node, southbound, encaps, datapath } = this.#options;
    const [root] = session.cache.table('Open_vSwitch').rows.values();
    const interfaces = session.cache.table('Interface').rows;
    const plan = this.#underlays.plan();
    const settings = {
      node,
      southbound,
      encaps,
      encapIps: plan.addresses,
      datapath,
      underlays: this.#underlays.nics(),
    };
    const bridges = session.cache.table('Bridge').rows.values();
    const operations = [
      ...chassisOperations(settings, { root, bridges, interfaces: interfaces.values() }),
      // in the same step: no port has a tunnel address that its chassis does not have
      ...portOperations(interfaces.values(), this.#networks, plan),
    ];
    if (operations.length > 0) await session.transact(operations);
    for (const nic of this.#underlays.nics()) await this.#settleUnderlay(nic);
  }

  async #settleUnderlay(nic: string): Promise<void> {
    const { links } = this.#underlays;
    const bridge = underlayBridge(nic);
    const wasUp = links.current.get(bridge)?.up === true;
    const wish = { ...this.#underlays.wishOf(nic), silent: this.#options.datapath === 'netdev' };
    const commands = underlayCommands(nic, bridge, links.current, wish);
    if (commands.length === 0) return;
    await runIp(commands);
    if (this.#options.offloadsOff) await Promise.all([nic, bridge].map((device) => turnOffloadsOff(device)));
    // the switch was started anew and knows no neighbour any more
    if (!wasUp) this.#peers.forget();
    await links.read();
    this.#underlays.look();
  }
}
