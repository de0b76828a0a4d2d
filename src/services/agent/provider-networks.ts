/**
 * The uplinks of this node: brings them to where ProviderNetworks say, step by step, and tells what became of it.
 *
 *   ProviderNetworks, Node ──> choices ─┐
 *   devices, routes, bridges ───────────┴─> the next step, until there is none ──> uplinks of NodeUnderlay
 */
import { type UplinkChoice, uplinkChoices } from '../../core/provider/choice.ts';
import { type PlanOptions, planUplinks, type UplinkPlan } from '../../core/provider/plan.ts';
import { reportUplinks } from '../../core/provider/report.ts';
import { routersOf } from '../../core/provider/routers.ts';
import type { NodeState } from '../../core/provider/state.ts';
import type { NodeUplink } from '../../kinds/node-underlay.ts';
import { type ProviderNetwork, providerNetworkKind } from '../../kinds/provider-network.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer } from '../../lib/kube/informer.ts';
import { messageOf } from '../../lib/error/message.ts';
import type { LocalSwitch } from './local-switch.ts';
import type { Node } from './underlays.ts';
import { UplinkMonitor } from './uplink-monitor.ts';
import { readNodeState, switchState } from './uplink-state.ts';
import { doStep } from './uplink-steps.ts';

export interface ProviderNetworksOptions {
  readonly client: KubeClient;
  readonly local: LocalSwitch;
  readonly node: () => Node | undefined;
  /** what else of this node depends on NICs */
  readonly dependents: () => Omit<PlanOptions, 'silences'>;
  readonly datapath: 'system' | 'netdev';
  readonly offloadsOff: boolean;
  /** of FRR's bfdd on this node, for vtysh(1) */
  readonly bfdSocket: string;
  /** what `uplinks()` gives is different */
  readonly onUplinks: () => void;
  readonly log: (sentence: string) => void;
}

/** more in a row means that a step does not do what the plan takes it to do */
const MOST_STEPS = 50;
/** milliseconds until a step that failed is tried again */
const RETRY = 2000;
const NOTHING: UplinkPlan = { step: undefined, problems: new Map(), ready: new Set() };

export class ProviderNetworks {
  readonly #options: ProviderNetworksOptions;
  readonly #networks: Informer<ProviderNetwork>;
  /** NICs -> their carrier, as the kernel said last */
  readonly #carriers = new Map<string, boolean>();
  readonly #monitor: UplinkMonitor;
  /** ProviderNetwork -> what of its annotation names no router */
  #misnamed: ReadonlyMap<string, string> = new Map();
  #choices: readonly UplinkChoice[] = [];
  #plan: Pick<UplinkPlan, 'problems' | 'ready'> = NOTHING;
  #devices: NodeState['devices'] = new Map();
  #seen = '';
  #told = '';
  #settling: Promise<void> | undefined;
  #again = false;
  #live = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ProviderNetworksOptions) {
    this.#options = options;
    this.#networks = new Informer<ProviderNetwork>(options.client, providerNetworkKind, {
      onError: (error) => options.log(messageOf(error)),
      onChanges: () => this.look(),
    });
    const { bfdSocket: socket, log } = options;
    this.#monitor = new UplinkMonitor({ socket, onFindings: () => this.#tell(), log });
  }

  async start(): Promise<void> {
    await this.#networks.start();
    this.#live = true;
    this.look();
  }

  async stop(): Promise<void> {
    this.#live = false;
    clearTimeout(this.#retry);
    await this.#networks.stop();
    await this.#settling;
    await this.#monitor.stop();
  }

  uplinks(): readonly NodeUplink[] {
    const { unanswered, unwatched } = this.#monitor.findings;
    const signals = { carriers: this.#carriers, unanswered, unwatched: new Map([...unwatched, ...this.#misnamed]) };
    return reportUplinks(this.#choices, this.#plan, this.#devices, signals);
  }

  /** The kernel has said something of a device. A carrier that is gone is told at once. */
  onDevice(device: string, carrier: boolean | undefined): void {
    if (!this.#choices.some(({ nics, bridge }) => nics.includes(device) || bridge === device)) {
      if (this.#plan.problems.size > 0) this.look();
      return;
    }
    if (carrier !== undefined) this.#carriers.set(device, carrier);
    this.#tell();
    this.look();
  }

  /** The local switch's database or the Node is different; bridges, mappings and labels count here, and few changes are of those. */
  check(): void {
    if (this.#key() !== this.#seen) this.look();
  }

  /** Brings the uplinks to where they should be. */
  look(): void {
    if (!this.#live) return;
    this.#again = true;
    this.#settling ??= this.#settleAll().finally(() => (this.#settling = undefined));
  }

  async #settleAll(): Promise<void> {
    while (this.#again && this.#live) {
      this.#again = false;
      try {
        await this.#settle();
      } catch (error) {
        this.#failed(messageOf(error));
      }
      this.#tell();
    }
  }

  async #settle(): Promise<void> {
    const node = this.#options.node();
    if (!node) return;
    const { name, labels = {} } = node.metadata;
    this.#choices = uplinkChoices(this.#networks.values(), { name, labels });
    this.#seen = this.#key();
    const own = [...switchState(this.#options.local).bridges.values()].filter(({ provider }) => provider !== undefined);
    if (this.#choices.length === 0 && own.length === 0) return this.#watch();
    const nics = [
      ...this.#choices.flatMap((choice) => choice.nics),
      ...own.flatMap(({ uplink = '' }) => uplink.split(',')),
    ];
    const options = { ...this.#options.dependents(), silences: this.#options.datapath === 'netdev' };
    for (let count = 0; this.#live; count++) {
      const state = await readNodeState(this.#options.local, nics);
      const plan = planUplinks(this.#choices, state, options);
      this.#plan = plan;
      this.#devices = state.devices;
      for (const nic of nics) this.#carriers.set(nic, state.devices.get(nic)?.carrier ?? false);
      if (plan.step === undefined) return this.#watch();
      if (count >= MOST_STEPS) throw new Error(`${JSON.stringify(plan.step)} is to be done again and again`);
      this.#options.log(`uplinks: ${JSON.stringify(plan.step)}`);
      await doStep(plan.step, this.#options);
    }
  }

  /** Also those whose bridge is gone for now: that their routers do not answer then is what is to be known. */
  #watch(): void {
    const routers = this.#choices.flatMap((choice) => {
      if (choice.problem !== undefined || this.#plan.problems.has(choice.provider)) return [];
      const [nic] = choice.nics.flatMap((name) => this.#devices.get(name) ?? []);
      return [{ choice, ...routersOf(choice, nic?.mac) }];
    });
    this.#misnamed = new Map(
      routers.flatMap(({ choice, problem }) => (problem === undefined ? [] : [[choice.provider, problem] as const])),
    );
    this.#monitor.watch(routers.flatMap(({ sessions }) => sessions));
  }

  #failed(why: string): void {
    this.#options.log(`uplinks: ${why}`);
    const problems = new Map(this.#plan.problems);
    for (const { provider } of this.#choices)
      if (!this.#plan.ready.has(provider) && !problems.has(provider)) problems.set(provider, `MoveFailed: ${why}`);
    this.#plan = { problems, ready: this.#plan.ready };
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.look(), RETRY);
  }

  #tell(): void {
    const text = JSON.stringify(this.uplinks());
    if (text === this.#told) return;
    this.#told = text;
    this.#options.onUplinks();
  }

  #key(): string {
    const { bridges, ...mappings } = switchState(this.#options.local);
    // of bridges of others, such as the integration bridge with all of its ports, only that they are there
    const shown = [...bridges.values()].map((bridge) =>
      bridge.provider === undefined ? bridge.name : { ...bridge, ports: [...bridge.ports] },
    );
    return JSON.stringify([shown, mappings, this.#options.node()?.metadata.labels]);
  }
}
