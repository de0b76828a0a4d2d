/** What the controller asks of the Southbound database: where ports that move are (for the compiler), and whether they end where they belong. */
import type { Compiler } from '../../core/compile/engine.ts';
import type { Change } from '../../core/compile/world.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Caches } from './caches.ts';
import type { EventRecorder } from './events.ts';
import { PortBindings, type SouthboundSession } from './port-bindings.ts';
import { PORT_NOT_MOVED, PortWatch } from './port-watch.ts';

export interface SouthboundPortsOptions {
  readonly session: SouthboundSession;
  readonly compiler: Compiler;
  readonly caches: Caches;
  readonly events: EventRecorder;
  take(changes: readonly Change[]): void;
  log(sentence: string): void;
}

export class SouthboundPorts {
  readonly #options: SouthboundPortsOptions;
  readonly #bindings: PortBindings;
  readonly #watch: PortWatch;

  constructor(options: SouthboundPortsOptions) {
    const { session, compiler, caches } = options;
    this.#options = options;
    this.#bindings = new PortBindings({
      session,
      world: compiler.world,
      machineOf: (port) => machineOf(caches.of('IP').get(port)),
      onChange: (machines, ports) => {
        this.follow([], machines);
        // all of a machine's ports are pinned anew when the last of them was let go
        this.#watch.look(new Set([...ports, ...this.#portsOf(machines)]));
      },
    });
    this.#watch = new PortWatch({
      session,
      wanted: (port) => this.#wanted(port),
      onNotMoved: (...it) => this.#complain(...it),
      log: (sentence) => options.log(sentence),
    });
  }

  /** @returns what is seen of ports that are on more than one node now */
  async start(): Promise<readonly Change[]> {
    await this.#bindings.start();
    return this.#bindings.changes(this.#bindings.machines());
  }

  /** What was pinned on two nodes when nobody looked is to go, too. */
  live(): void {
    this.#bindings.settle(this.#bindings.machines());
    this.#watch.look(this.#bindings.ports());
  }

  /** Machines are seen elsewhere: their ports follow in one step, and are looked at until they have. */
  follow(placements: readonly Change[], machines: ReadonlySet<string>): void {
    const changes = [...placements, ...this.#bindings.changes(machines)];
    const before = placements.filter(({ kind, key }) => kind === 'Placement' && this.#placement(key));
    if (changes.length > 0) this.#options.take(changes);
    this.#bindings.settle(machines);
    this.#watch.look(this.#portsOf(before.map(({ key }) => key)));
  }

  stop(): void {
    this.#bindings.stop();
    this.#watch.stop();
  }

  #portsOf(machines: Iterable<string>): readonly string[] {
    const { caches } = this.#options;
    return [...machines].flatMap((key) => caches.ipsOf(`VirtualMachine/${key}`).map(({ metadata }) => metadata.name));
  }

  #placement(machine: string) {
    return this.#options.compiler.world.get('Placement', machine);
  }

  /** a machine that runs nowhere has its ports nowhere */
  #wanted(port: string): string | undefined {
    const machine = machineOf(this.#options.caches.of('IP').get(port));
    if (machine !== undefined && !this.#placement(machine)) return undefined;
    const options = this.#options.compiler.rows.columns(`Logical_Switch_Port/${port}`)?.['options'];
    return (options as Readonly<Record<string, string>> | undefined)?.['requested-chassis'];
  }

  #complain(port: string, message: string): void {
    const { caches, events } = this.#options;
    this.#options.log(message);
    const ip = caches.of('IP').get(port);
    const vm = caches.of('VirtualMachine').get(machineOf(ip) ?? '');
    for (const object of [vm, ip]) if (object) events.record(object, 'Warning', PORT_NOT_MOVED, message);
  }
}

function machineOf(ip: IpObject | undefined): string | undefined {
  const { podType, namespace, podName } = ip?.spec ?? {};
  return podType === 'VirtualMachine' ? `${namespace}/${podName}` : undefined;
}
