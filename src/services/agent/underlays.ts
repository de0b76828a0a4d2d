/**
 * The networks between nodes, as this node has them.
 *
 *   Node, HostNetworkConfig, VlanConfig ─┐
 *   devices of the kernel ───────────────┼─> networks of this node ──> tunnel addresses (encapPlan)
 *   NodeUnderlay of the others ──> probe ┘          └──> NodeUnderlay of this node
 */
import { NIC_NAME_LENGTH } from '../../core/underlay/device-name.ts';
import { encapPlan, type EncapPlan } from '../../core/underlay/encap-plan.ts';
import { type PeerNode, unfitNetworks } from '../../core/underlay/health.ts';
import { harvesterDevice, type HostNetwork, hostNetworksOf } from '../../core/underlay/host-networks.ts';
import {
  NODE_NETWORKS_ANNOTATION,
  parseNodeNetworks,
  TUNNEL_INTERFACE_ANNOTATION,
} from '../../core/underlay/node-annotations.ts';
import { type AddressPair, addressPairs, isDirect } from '../../core/underlay/pairs.ts';
import { type TunnelNetwork, tunnelNetworks } from '../../core/underlay/tunnel-networks.ts';
import { type HostNetworkConfig, hostNetworkConfigKind } from '../../kinds/host-network-config.ts';
import { type NodeUnderlay, nodeUnderlayKind } from '../../kinds/node-underlay.ts';
import type { KubeObject } from '../../kinds/object.ts';
import { type VlanConfig, vlanConfigKind } from '../../kinds/vlan-config.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer } from '../../lib/kube/informer.ts';
import { CORE } from '../../lib/kube/resource.ts';
import { underlayBridge } from './chassis.ts';
import { Links } from './links.ts';
import { Prober } from './prober.ts';
import type { UnderlayWish } from './underlay.ts';
import { messageOf } from '../../lib/error/message.ts';

export type Node = KubeObject<
  unknown,
  { readonly addresses?: readonly { readonly type: string; readonly address: string }[] }
>;

export interface UnderlaysOptions {
  readonly client: KubeClient;
  readonly node: string;
  /** this agent makes what VlanConfigs and HostNetworkConfigs say; else somebody else does, and it looks where the addresses are */
  readonly makes: boolean;
  /** NICs that get a bridge; the first carries the tunnels when nothing is declared */
  readonly nics: readonly string[];
  readonly encapIp: string | undefined;
  /** UDP */
  readonly probePort: number;
  /** seconds */
  readonly mtuInterval: number;
  /** networks that some user's network chooses */
  readonly chosen: () => ReadonlySet<string>;
  /** something of it all is different */
  readonly onChange: () => void;
  /** the kernel has said something of a device */
  readonly onDevice: (device: string, carrier: boolean | undefined) => void;
  readonly log: (sentence: string) => void;
}

/** milliseconds for which a network must be whole again before tunnels run over it again */
const HOLD = 3000;

export class Underlays {
  readonly links: Links;
  readonly prober: Prober;
  readonly configs: Informer<HostNetworkConfig>;
  readonly reports: Informer<NodeUnderlay>;
  readonly #options: UnderlaysOptions;
  readonly #nodes: Informer<Node>;
  readonly #vlanConfigs: Informer<VlanConfig>;
  #networks: readonly TunnelNetwork[] = [];
  #pairs: readonly AddressPair[] = [];
  /** network -> why tunnels must not run over it */
  readonly #unfit = new Map<string, string>();
  readonly #healing = new Map<string, NodeJS.Timeout>();
  /** networks that were whole at some time */
  readonly #carried = new Set<string>();
  #problems = '';
  #started = false;

  constructor(options: UnderlaysOptions) {
    const { client, node, probePort, mtuInterval, log } = options;
    this.#options = options;
    const onError = (error: unknown) => log(messageOf(error));
    const onChange = () => this.look();
    const onChanges = onChange;
    this.links = new Links({ onChange, onEvent: options.onDevice, log });
    this.prober = new Prober({ port: probePort, mtuInterval, onChange, log });
    const fieldSelector = `metadata.name=${node}`;
    this.#nodes = new Informer<Node>(client, CORE.nodes, { fieldSelector, onError, onChanges });
    this.configs = new Informer<HostNetworkConfig>(client, hostNetworkConfigKind, { onError, onChanges });
    this.#vlanConfigs = new Informer<VlanConfig>(client, vlanConfigKind, { onError, onChanges });
    this.reports = new Informer<NodeUnderlay>(client, nodeUnderlayKind, { onError, onChanges });
  }

  async start(): Promise<void> {
    const informers = [this.#nodes, this.configs, this.#vlanConfigs, this.reports];
    await Promise.all([this.links.start(), ...informers.map((informer) => informer.start())]);
    this.prober.start();
    this.#started = true;
    this.look();
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.links.stop();
    for (const timer of this.#healing.values()) clearTimeout(timer);
    const informers = [this.#nodes, this.configs, this.#vlanConfigs, this.reports];
    await Promise.all([this.prober.stop(), ...informers.map((informer) => informer.stop())]);
  }

  get node(): Node | undefined {
    return this.#nodes.get(this.#options.node);
  }

  get networks(): readonly TunnelNetwork[] {
    return this.#networks;
  }

  /** why tunnels do not run over a network of this node */
  reason(network: string): string | undefined {
    return this.#unfit.get(network);
  }

  plan(): EncapPlan {
    return encapPlan(this.#networks, this.#options.chosen(), (network) => this.#unfit.has(network));
  }

  hostNetworks(): readonly HostNetwork[] {
    const { node: name } = this.#options;
    const labels = this.node?.metadata.labels ?? {};
    return hostNetworksOf({ name, labels }, this.configs.values(), this.#vlanConfigs.values());
  }

  /** NICs that need a bridge of their own */
  nics(): readonly string[] {
    const { makes, nics } = this.#options;
    if (!makes) return nics;
    return [...new Set([...nics, ...this.hostNetworks().flatMap((network) => uplinkOf(network) ?? [])])];
  }

  wishOf(nic: string): UnderlayWish {
    const network = this.#options.makes
      ? this.hostNetworks().find((candidate) => uplinkOf(candidate) === nic)
      : undefined;
    return network ? { address: network.address, mtu: network.mtu } : {};
  }

  /** Looks at everything again. */
  look(): void {
    if (!this.#started) return;
    this.#networks = this.#resolve();
    const peers = this.#peers();
    this.#pairs = peers.flatMap(({ pairs }) => pairs);
    this.prober.follow(new Set(this.#networks.filter(({ up }) => up).map(({ address }) => address)), this.#pairs);
    this.#judge(unfitNetworks(this.#networks, peers));
    this.#options.onChange();
  }

  #resolve(): readonly TunnelNetwork[] {
    const { makes, nics, encapIp, log } = this.#options;
    const annotations = this.node?.metadata.annotations ?? {};
    const annotated = parseNodeNetworks(annotations[NODE_NETWORKS_ANNOTATION]);
    const problems = annotated.problems.join('; ');
    if (problems !== this.#problems && problems !== '') log(problems);
    this.#problems = problems;
    const bridges = new Map(this.nics().map((nic) => [underlayBridge(nic), nic]));
    return tunnelNetworks({
      annotated: annotated.addresses,
      hostNetworks: this.hostNetworks(),
      deviceOf: (network) => (makes ? madeDevice(network) : harvesterDevice(network)),
      uplinkOf: (device) => bridges.get(device),
      links: this.links.current,
      fixed: encapIp,
      tunnelInterface: annotations[TUNNEL_INTERFACE_ANNOTATION],
      fallbackDevice: nics[0] === undefined ? undefined : underlayBridge(nics[0]),
      internalAddress: this.node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address,
    });
  }

  /** The other nodes, with the pairs of addresses that are asked whether they are there. */
  #peers(): readonly (PeerNode & { readonly pairs: readonly AddressPair[] })[] {
    const used = new Set(this.plan().addresses);
    return [...this.reports.values()].flatMap(({ metadata: { name: node }, status }) => {
      if (node === this.#options.node) return [];
      const pairs = addressPairs(this.#networks, used, node, status ?? {});
      const networks = pairs.filter(isDirect).map((pair) => {
        const { to: address, isUp: up, isDefault } = pair;
        return [pair.there, { address, up, isDefault, reachable: this.prober.result(pair).reachable }] as const;
      });
      return [{ node, networks: new Map(networks), pairs }];
    });
  }

  /** `NETWORK:NODE` of addresses of other networks that a network of this node does not reach, though both networks are whole. */
  apartFrom(network: string): readonly string[] {
    const isWhole = (name: string, node: string) =>
      this.prober.result({ here: name, there: name, node }).reachable === true;
    return this.#pairs
      .filter((pair) => pair.here === network && !isDirect(pair) && this.prober.result(pair).reachable === false)
      .filter(({ there, node }) => isWhole(there, node) && isWhole(network, node))
      .map(({ there, node }) => `${there}:${node}`)
      .toSorted();
  }

  /** A network is left at once, and taken again when it has been whole for a while. */
  #judge(unfit: ReadonlyMap<string, string>): void {
    const { log } = this.#options;
    for (const [name, reason] of unfit) {
      if (!this.#unfit.has(name) && this.#carried.has(name)) log(`network ${name} carries no tunnels now: ${reason}`);
      this.#unfit.set(name, reason);
      clearTimeout(this.#healing.get(name));
      this.#healing.delete(name);
    }
    for (const name of this.#unfit.keys()) {
      if (unfit.has(name) || this.#healing.has(name)) continue;
      // as the agent starts, networks come one after the other
      if (!this.#carried.has(name)) this.#unfit.delete(name);
      else
        this.#healing.set(
          name,
          setTimeout(() => this.#onHealed(name), HOLD),
        );
    }
    for (const { name } of this.#networks) if (!this.#unfit.has(name)) this.#carried.add(name);
  }

  #onHealed(name: string): void {
    this.#healing.delete(name);
    this.#unfit.delete(name);
    this.#options.log(`network ${name} carries tunnels again`);
    this.look();
  }
}

/** the one NIC that this agent makes a network on; what it cannot make is said in the HostNetworkConfig's status */
function uplinkOf({ nics, vlanId }: HostNetwork): string | undefined {
  return vlanId === 0 && nics.length === 1 && nics[0]!.length <= NIC_NAME_LENGTH ? nics[0] : undefined;
}

function madeDevice(network: HostNetwork): string | undefined {
  const nic = uplinkOf(network);
  return nic === undefined ? undefined : underlayBridge(nic);
}

/** why this agent does not make a network, or not all of it */
export function notMade({ vlanId, nics, mode, address, problems }: HostNetwork, node: string): string | undefined {
  if (problems.length > 0) return `${problems.join('; ')}: correct it`;
  if (nics.length === 0) return `no VlanConfig gives ${node} an uplink for this cluster network: create one`;
  if (vlanId !== 0) return `spec.vlanID ${vlanId} is not built by the agent itself: use 0 (untagged)`;
  if (nics.length > 1) return `a bond of ${nics.join(', ')} is not built by the agent itself: give one NIC`;
  if (mode === 'dhcp') return 'spec.mode dhcp is not built by the agent itself: use static and spec.ips';
  const long = nics.find((nic) => nic.length > NIC_NAME_LENGTH);
  if (long !== undefined)
    return `the bridge of NIC ${long} would have too long a name: rename it to ${NIC_NAME_LENGTH} characters`;
  return address === undefined ? `spec.ips has no address for ${node}: add one` : undefined;
}
