/** The node's devices as the kernel tells, read again after every change of one that matters. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Link } from '../../core/underlay/tunnel-networks.ts';
import { run } from '../../lib/proc/run.ts';
import { messageOf } from '../../lib/error/message.ts';

interface LinkInfo {
  readonly ifname: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen: number; readonly scope: string }[];
}

export interface LinksOptions {
  readonly onChange: () => void;
  /** at once, for every word of the kernel about a device; whether it has its carrier, where the kernel says so */
  readonly onEvent?: ((device: string, carrier: boolean | undefined) => void) | undefined;
  readonly log: (sentence: string) => void;
}

/** milliseconds in which changes that come together are read once */
const SETTLE = 30;
/** milliseconds until a monitor that ended is started again */
const RESTART = 1000;
/** ends of guests' interfaces: many, and none of them carries tunnels */
const GUEST_DEVICE = /^weft[0-9a-f]{11}$/;

export class Links {
  readonly #options: LinksOptions;
  #links: ReadonlyMap<string, Link> = new Map();
  #monitor: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  get current(): ReadonlyMap<string, Link> {
    return this.#links;
  }

  async start(): Promise<void> {
    this.#watch();
    await this.read();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#monitor?.kill();
  }

  async read(): Promise<void> {
    const { stdout } = await run(['ip', '-j', 'addr', 'show'], { deadline: 10 });
    this.#links = linksOf(JSON.parse(stdout) as readonly LinkInfo[]);
  }

  #watch(): void {
    if (this.#stopped) return;
    const child = spawn('ip', ['-o', 'monitor', 'link', 'address'], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#monitor = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const device = relevantDevice(line);
      if (device === undefined) return;
      this.#options.onEvent?.(device, carrierOf(line));
      this.#soon(SETTLE);
    });
    child.once('error', (error) => this.#options.log(`watching devices: ${error.message}`));
    // what happened meanwhile was not told
    child.once('close', () => this.#soon(RESTART, () => this.#watch()));
  }

  #soon(delay: number, first: () => void = () => undefined): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      first();
      this.read().then(
        () => this.#options.onChange(),
        (error: unknown) => {
          this.#options.log(`devices: ${messageOf(error)}`);
          this.#soon(RESTART);
        },
      );
    }, delay);
  }
}

/** of `3: br-eth2    inet 192.168.1.11/24 ...`, `Deleted 7: eth5@if3: <...>` */
function relevantDevice(line: string): string | undefined {
  const device = /^(?:\[[^\]]*\])?(?:Deleted )?\d+: ([^:@\s]+)/.exec(line)?.[1];
  return device !== undefined && !GUEST_DEVICE.test(device) ? device : undefined;
}

/** of `[LINK]5: eth1@if9: <NO-CARRIER,BROADCAST,MULTICAST,UP,M-DOWN> mtu ...`; a device that is gone has none */
function carrierOf(line: string): boolean | undefined {
  const flags = /^(?:\[[^\]]*\])?(Deleted )?\d+: \S+ <([A-Z0-9_,-]*)> mtu /.exec(line);
  return flags ? flags[1] === undefined && hasCarrier(flags[2]!.split(',')) : undefined;
}

export function hasCarrier(flags: readonly string[]): boolean {
  return flags.includes('UP') && flags.includes('LOWER_UP') && !flags.includes('NO-CARRIER');
}

function linksOf(infos: readonly LinkInfo[]): ReadonlyMap<string, Link> {
  return new Map(
    infos
      .filter(({ ifname }) => ifname !== undefined && !GUEST_DEVICE.test(ifname))
      .map(({ ifname, mtu, flags, addr_info: addresses }) => [
        ifname,
        {
          name: ifname,
          mtu,
          up: flags.includes('UP'),
          arp: !flags.includes('NOARP'),
          running: hasCarrier(flags),
          addresses: addresses.flatMap(({ local, prefixlen, scope }) =>
            scope === 'global' && local !== undefined ? [`${local}/${prefixlen}`] : [],
          ),
        },
      ]),
  );
}
