/** What the fabric does with frames, and tor with routes: ports of the switch, wires that are cut or silent, nodes that tor knows. */
import { run } from '../../lib/proc/run.ts';
import type { BoxSet } from './box-set.ts';
import { guardRules, silenceArguments, switchArguments, torRules } from './fabric-switch.ts';
import { setLink, setMaster } from './network.ts';
import { FABRIC, fabricPort, type Families, nodeIndex, SWITCH, TOR, wiresOf } from './topology.ts';
import { torCommands } from './tor-config.ts';

/** `carrier`: the node sees that the wire is cut; `silent`: frames vanish and the carrier stays */
export type Cut = 'carrier' | 'silent';

/** seconds until the switch has done what its database says */
const DEADLINE = 30;

export interface FabricOptions {
  readonly lab: string;
  readonly families: Families;
  readonly boxes: BoxSet;
  /** the switch carries open checksums on; else its hosts must not send any */
  readonly tso: boolean;
}

export class Fabric {
  readonly #options: FabricOptions;
  /** fabric's ends of wires */
  readonly #silent = new Set<string>();

  constructor(options: FabricOptions) {
    this.#options = options;
  }

  /** fabric's ends of wires that carry nothing though they look well */
  get silentLinks(): readonly string[] {
    return [...this.#silent];
  }

  /** Plugs boxes into the switch (and makes it, when the fabric is among them). Its daemons must be starting. */
  async plug(boxes: readonly string[]): Promise<void> {
    const nodes = boxes.filter((box) => nodeIndex(box) !== undefined);
    await Promise.all([
      this.#switch(switchArguments(boxes, this.#options.families)),
      this.#filter(FABRIC, guardRules(nodes, this.#options.families)),
      ...(boxes.includes(TOR) ? [this.#filter(TOR, torRules(this.#options.families))] : []),
      ...boxes.filter((box) => !nodes.includes(box)).flatMap((box) => this.#plainFrames(box)),
    ]);
  }

  /** tor, which runs, gets a neighbour. */
  async introduce(node: string): Promise<void> {
    const commands = torCommands(node).flatMap((command) => ['-c', command]);
    await run(this.#options.boxes.command(TOR, ['vtysh', ...commands]), { deadline: DEADLINE });
  }

  async cut(node: string, device: string, how: Cut): Promise<void> {
    if (how === 'silent') await this.#silence(node, device, true);
    else await setLink(this.#options.lab, node, device, false);
  }

  /** Undoes a cut; all of them unless it says which. */
  async heal(node: string, device: string, how?: Cut): Promise<void> {
    if (how !== 'carrier' && this.#silent.has(fabricPort({ box: node, device })))
      await this.#silence(node, device, false);
    if (how !== 'silent') await setLink(this.#options.lab, node, device, true);
  }

  async #silence(node: string, device: string, silent: boolean): Promise<void> {
    const { lab, families } = this.#options;
    const port = fabricPort({ box: node, device });
    const wire = wiresOf(node, families).find((candidate) => candidate.device === device);
    if (wire?.bridge === SWITCH) await this.#switch(silenceArguments(port, silent));
    else await setMaster(lab, port, silent ? undefined : wire?.bridge);
    if (silent) this.#silent.add(port);
    else this.#silent.delete(port);
  }

  /**
   * Hosts outside send what a wire carries. A segment that is yet to be cut would pass the switch, and be larger than `gateway_mtu` to the userspace datapath of the
   * node that takes it into a VPC.
   */
  #plainFrames(box: string): readonly Promise<unknown>[] {
    const { families, boxes, tso } = this.#options;
    const feature = tso ? 'tso' : 'tx';
    return wiresOf(box, families)
      .filter(({ bridge }) => bridge === SWITCH)
      .map(({ device }) => run(boxes.command(box, ['ethtool', '-K', device, feature, 'off']), { deadline: DEADLINE }));
  }

  async #filter(box: string, rules: string): Promise<void> {
    await run(this.#options.boxes.command(box, ['nft', '-f', '-']), { input: rules, deadline: DEADLINE });
  }

  async #switch(args: readonly string[]): Promise<void> {
    const command = ['ovs-vsctl', `--timeout=${DEADLINE}`, '--', ...args];
    await run(this.#options.boxes.command(FABRIC, command), { deadline: DEADLINE });
  }
}
