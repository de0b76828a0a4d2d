/** Connects the pieces of the agent (see README.md). */
import type { Server } from 'node:http';
import { networkAttachmentDefinitionKind } from '../../kinds/network-attachment-definition.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { type Subnet, subnetKind } from '../../kinds/subnet.ts';
import { type Vpc, vpcKind } from '../../kinds/vpc.ts';
import type { Encap } from '../../core/ovn/encap.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer, type ObjectChange } from '../../lib/kube/informer.ts';
import { CORE } from '../../lib/kube/resource.ts';
import { Announcer } from './announce.ts';
import { Attacher } from './attach.ts';
import { chassisOperations, underlayBridge } from './chassis.ts';
import { serveCni } from './cni-server.ts';
import { type InterfaceRow, LocalSwitch } from './local-switch.ts';
import { Peers } from './peers.ts';
import { type Pod, PodWaiter } from './pod-waiter.ts';
import { settleUnderlay, turnOffloadsOff } from './underlay.ts';

export interface AgentOptions {
  readonly client: KubeClient;
  readonly node: string;
  readonly openVswitch: string;
  readonly southbound: string;
  readonly encap: Encap;
  /** the first carries the tunnels */
  readonly underlays: readonly string[];
  /** tunnel address, for nodes whose network is configured by somebody else */
  readonly encapIp?: string;
  readonly datapath: 'system' | 'netdev';
  readonly offloadsOff: boolean;
  readonly tunnelMtu: number;
  readonly socket: string;
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
  readonly #attachments: Informer<NetworkAttachmentDefinition>;
  #encapIp: string | undefined;
  #server: Server | undefined;
  #settling: Promise<void> = Promise.resolve();
  #again = false;
  #busy = false;
  #stopped = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#encapIp = options.encapIp;
    this.#local = new LocalSwitch(options.openVswitch, options.log);
    this.#peers = new Peers(this.#local);
    this.#announcer = new Announcer(this.#local, options.log);
    const onError = (error: unknown) => options.log(error instanceof Error ? error.message : String(error));
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
      onChanges: () => this.#waiter.askAll(),
    });
    this.#vpcs = new Informer<Vpc>(options.client, vpcKind, { onError });
    this.#attachments = new Informer<NetworkAttachmentDefinition>(options.client, networkAttachmentDefinitionKind, {
      onError,
    });
  }

  /** Resolves when the node can take interfaces. */
  async start(): Promise<void> {
    const { socket, tunnelMtu, offloadsOff, log } = this.#options;
    const attacher = new Attacher({
      local: this.#local,
      pods: this.#waiter,
      subnet: (name) => this.#subnets.get(name),
      subnets: () => this.#subnets.values(),
      vpc: (name) => this.#vpcs.get(name),
      attachment: (key) => this.#attachments.get(key),
      tunnelMtu,
      offloadsOff,
    });
    await this.#local.session.ready();
    this.#local.session.onUpdate(() => this.#settleSoon());
    this.#settleSoon();
    await Promise.all([this.#pods.start(), this.#subnets.start(), this.#vpcs.start(), this.#attachments.start()]);
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
    await Promise.all([this.#pods.stop(), this.#subnets.stop(), this.#vpcs.stop(), this.#attachments.stop()]);
    await this.#settling;
    await this.#local.session.close();
  }

  /** Brings Open vSwitch and the underlays to where they should be, now and after every change of either. */
  #settleSoon(): void {
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
        this.#options.log(`Open vSwitch: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 200));
        this.#again = true;
      }
    }
    this.#busy = false;
  }

  async #settle(): Promise<void> {
    const { session } = this.#local;
    const { node, southbound, encap, datapath, underlays, offloadsOff } = this.#options;
    const [root] = session.cache.table('Open_vSwitch').rows.values();
    const interfaces = session.cache.table('Interface').rows;
    const operations = chassisOperations(
      { node, southbound, encap, encapIp: this.#encapIp, datapath, underlays },
      { root, bridges: session.cache.table('Bridge').rows.values(), interfaces: interfaces.values() },
    );
    if (operations.length > 0) await session.transact(operations);
    for (const [index, nic] of underlays.entries()) {
      const bridge = this.#local.interface(underlayBridge(nic));
      if (bridge === undefined || (bridge.admin_state === 'up' && this.#encapIp !== undefined)) continue;
      const addresses = await settleUnderlay(nic);
      if (offloadsOff && addresses !== undefined)
        await Promise.all([nic, underlayBridge(nic)].map((device) => turnOffloadsOff(device)));
      if (index === 0 && addresses !== undefined) this.#peers.forget();
      if (index > 0 || addresses?.[0] === undefined || this.#encapIp !== undefined) continue;
      this.#encapIp = addresses[0];
      this.#again = true;
    }
  }
}
