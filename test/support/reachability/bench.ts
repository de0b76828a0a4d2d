/** A lab with the machines of a model, and three answers to one question: real packets, ovn-trace on the live Southbound, the model. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineRoot } from '../../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { TestLab } from '../test-lab.ts';
import type { Machine, Probe, WorldModel } from './model.ts';
import { machineOf, networkOf, peeringName, peeringsOf, subnetOf, vpcsOf } from './objects.ts';
import { type Side, Tracer } from './trace.ts';

const ANSWER = readFileSync(join(import.meta.dirname, 'answer.py'), 'utf8');
const ASK = readFileSync(join(import.meta.dirname, 'ask.py'), 'utf8');

/** who answered; "" where an answer names nobody */
export type Heard = string | null;

export class ReachabilityBench {
  readonly lab: TestLab;
  readonly #directory: string;
  #tracer: Tracer | undefined;
  #southbound = '';
  #peerings: readonly string[] = [];
  /** machine -> MAC; subnet -> MAC of its router port */
  readonly #macs = new Map<string, string>();

  private constructor(lab: TestLab, directory: string) {
    this.lab = lab;
    this.#directory = directory;
  }

  static async make(prefix: string): Promise<ReachabilityBench> {
    return new ReachabilityBench(await TestLab.make(prefix), await mkdtemp(join(tmpdir(), 'weft-trace-')));
  }

  /** Starts the lab and all machines, on networks without any rules. */
  async start(base: WorldModel): Promise<void> {
    const { lab } = this;
    await lab.up();
    await lab.declare(
      ...vpcsOf(base),
      ...base.subnets.map(subnetOf),
      ...base.subnets.map(networkOf),
      ...base.machines.map(machineOf),
    );
    await Promise.all(base.machines.map(({ name }) => lab.running(`default/${name}`, 90_000)));
    await Promise.all(base.machines.map((machine) => this.#answers(machine)));
    await this.#learnMacs(base);
    this.#southbound = (await lab.status()).ovn.sb;
  }

  async remove(): Promise<void> {
    await this.#tracer?.[Symbol.asyncDispose]();
    await this.lab.remove();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Declares another world over the same machines, and waits until the nodes have it. */
  async become(world: WorldModel): Promise<void> {
    const { lab } = this;
    const kept = world.links.filter(({ shown }) => shown).map(peeringName);
    for (const name of this.#peerings.filter((one) => !kept.includes(one)))
      await lab.kubectl('delete', 'vpcpeerings.network.harvesterhci.io', name);
    await lab.declare(...vpcsOf(world), ...world.subnets.map(subnetOf), ...peeringsOf(world));
    this.#peerings = kept;
    await lab.expectInSync();
    await lab.nbctl('--wait=hv', 'sync');
    await this.#tracer?.[Symbol.asyncDispose]();
    this.#tracer = undefined;
  }

  /** What real packets say; then the Southbound database is read for what ovn-trace says. */
  async ask(probes: readonly Probe[]): Promise<ReadonlyMap<Probe, Heard>> {
    const heard = new Map<Probe, Heard>();
    const bySender = [...Map.groupBy(probes, ({ from }) => from)];
    await Promise.all(
      bySender.map(async ([from, own]) => {
        const questions = JSON.stringify(own.map(({ protocol, to }) => [protocol, to]));
        const { code, stdout, stderr } = await this.lab.guest(`default/${from}`, 'python3', '-c', ASK, questions);
        if (code !== 0) throw new Error(`${from} could not ask: ${stderr}`);
        for (const [index, name] of (JSON.parse(stdout) as Heard[]).entries()) heard.set(own[index]!, name);
      }),
    );
    // only now the routers have learned who their neighbours on links are
    this.#tracer = await Tracer.start(engineRoot(), this.#southbound, this.#directory);
    return heard;
  }

  /** What ovn-trace says: a packet gets there, and its answer gets back. */
  async trace(world: WorldModel, { from, to, family, protocol }: Probe): Promise<boolean> {
    const sender = world.machines.find(({ name }) => name === from)!;
    const packet = { source: sender.address[family], destination: to, family };
    const request = {
      icmp: `icmp${family}.type == ${family === 4 ? 8 : 128}`,
      tcp: 'tcp.dst == 7000',
      udp: 'udp.dst == 7000',
    };
    const answer = {
      icmp: `icmp${family}.type == ${family === 4 ? 0 : 129}`,
      tcp: 'tcp.src == 7000',
      udp: 'udp.src == 7000',
    };
    const there = await this.#outputs(world, sender, { ...packet, what: request[protocol] }, 'request');
    const receiver = world.machines.find(
      (machine) => there.includes(portOf(machine)) && [machine.address[family], machine.beyond?.[family]].includes(to),
    );
    if (!receiver) return false;
    const reversed = { source: to, destination: packet.source, family, what: answer[protocol] };
    return (await this.#outputs(world, receiver, reversed, 'answer')).includes(portOf(sender));
  }

  #outputs(
    world: WorldModel,
    sender: Machine,
    { source, destination, family, what }: { source: string; destination: string; family: 4 | 6; what: string },
    side: Side,
  ): Promise<readonly string[]> {
    const neighbour = world.machines.find(
      ({ subnet, address }) => subnet === sender.subnet && address[family] === destination,
    );
    const flow = [
      `inport == "${portOf(sender)}"`,
      `eth.src == ${this.#macs.get(sender.name)}`,
      `eth.dst == ${this.#macs.get(neighbour?.name ?? sender.subnet)}`,
      `ip${family}.src == ${source}`,
      `ip${family}.dst == ${destination}`,
      'ip.ttl == 64',
      what,
    ].join(' && ');
    return this.#tracer!.outputs(sender.subnet, flow, side);
  }

  async #answers({ name, beyond }: Machine): Promise<void> {
    const guest = `default/${name}`;
    for (const address of beyond ? [`${beyond[4]}/32`, `${beyond[6]}/128`] : [])
      await this.lab.guest(guest, 'ip', 'addr', 'add', address, 'dev', 'lo');
    await this.lab.guest(guest, 'sh', '-c', 'python3 -c "$0" "$1" >/dev/null 2>&1 </dev/null &', ANSWER, name);
  }

  async #learnMacs({ subnets }: WorldModel): Promise<void> {
    const machines = JSON.parse(await this.lab.ok('vm', 'list', '-o', 'json')) as {
      readonly name: string;
      readonly nics: readonly { readonly mac: string }[];
    }[];
    for (const { name, nics } of machines) this.#macs.set(name, nics[0]!.mac);
    for (const { name, vpc } of subnets) {
      const text = await this.lab.nbctl(
        '--bare',
        '--columns=mac',
        'find',
        'Logical_Router_Port',
        `name=${vpc}-${name}`,
      );
      this.#macs.set(name, text.trim());
    }
  }
}

const portOf = ({ name, subnet }: Machine) => `${name}.default.${subnet}.default.ovn`;
