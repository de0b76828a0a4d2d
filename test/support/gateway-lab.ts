/** A VPC with an external subnet, machines beside its gateway, and what leads in and out of it. */
import { expect } from 'vitest';
import { leaderOf } from '../../src/core/external/gateways.ts';
import { eventually } from './control-plane.ts';
import { InternetLab } from './internet-lab.ts';
import { subnet, vpc } from './objects.ts';

export const OUTSIDE = '203.0.113.10';
const NODES = ['node1', 'node2', 'node3'];
const PORT = 'cr-red-external';
/** seconds */
const SOON = 40;

/** arguments: port; sends back whatever comes, on any number of connections */
const ECHO = `
import socket, sys, threading
def serve(c):
    try:
        while data := c.recv(100): c.sendall(data)
    except OSError: pass
s = socket.create_server(('', int(sys.argv[1])))
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
`;

/** arguments: address, port, file; says something every 20 ms and counts the answers, until it is ended or 30 s nobody answers */
const TALK = `
import os, socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
s.settimeout(30)
count = 0
try:
    while True:
        s.sendall(b'x')
        if s.recv(1) != b'x': raise OSError('closed')
        count += 1
        open(sys.argv[3] + '.new', 'w').write(str(count))
        os.rename(sys.argv[3] + '.new', sys.argv[3])
        time.sleep(0.02)
except OSError as error:
    open(sys.argv[3], 'w').write('dead: %s' % error)
`;

/** machines: one leaves by SNAT, one has a distributed floating IP, one a centralized one */
export type Way = 'snat' | 'distributed' | 'centralized';

export class GatewayLab {
  readonly at: InternetLab;
  /** the node that carries the gateway while all is well */
  readonly gateway: string;
  readonly floating: Readonly<Record<'distributed' | 'centralized', string>>;

  private constructor(at: InternetLab, gateway: string, floating: GatewayLab['floating']) {
    this.at = at;
    this.gateway = gateway;
    this.floating = floating;
  }

  static async make(prefix: string): Promise<GatewayLab> {
    const at = await InternetLab.make(prefix);
    await at.lab.declare(
      vpc('red', { enableExternal: true }),
      subnet('red-a', 'red', '10.1.1.0/24', { natOutgoing: true }),
    );
    const gateway = leaderOf('red/external', NODES)!;
    // until all nodes are known, and all tunnels are up, it may be at others
    await eventually(async () => expect(await carrier(at)).toBe(gateway), SOON);
    const [one = '', two = ''] = NODES.filter((node) => node !== gateway);
    await at.machines({ snat: ['red-a', one], distributed: ['red-a', one], centralized: ['red-a', two] });
    const floating = { distributed: '', centralized: '' };
    for (const type of ['distributed', 'centralized'] as const) {
      floating[type] = (await at.eip(type)).v4;
      await at.declare('OvnFip', type, { ovnEip: type, ipName: `${type}.default.red-a.default.ovn`, type });
      await at.says('ofip', type, /^True/);
    }
    const lab = new GatewayLab(at, gateway, floating);
    await lab.works();
    return lab;
  }

  /** the node that carries the gateway now, as OVN says; empty: none */
  carrier(): Promise<string> {
    return carrier(this.at);
  }

  async carriedBy(node: string | readonly string[]): Promise<string> {
    return eventually(async () => {
      const now = await this.carrier();
      expect([node].flat()).toContain(now);
      return now;
    }, SOON);
  }

  get others(): readonly string[] {
    return NODES.filter((node) => node !== this.gateway);
  }

  /** new traffic passes every way */
  async works(): Promise<void> {
    const { distributed, centralized } = this.floating;
    await Promise.all([
      this.at.answers('snat', OUTSIDE, /^internet 172\.20\.100\./),
      this.at.answers('internet', distributed, /^distributed /),
      this.at.answers('internet', centralized, /^centralized /),
    ]);
  }

  /** Starts a connection that goes on until the lab ends, one for each way. */
  async connect(way: Way): Promise<Connection> {
    const [from, to, address] =
      way === 'snat' ? [way, 'internet', OUTSIDE] : (['internet', way, this.floating[way]] as const);
    await this.#start(to, ECHO, '7');
    const file = `/run/talk-${way}-${this.#talks++}`;
    await eventually(async () => {
      await this.#start(from, TALK, address, '7', file);
      await eventually(() => this.#count(from, file), 3);
    }, SOON);
    return { count: () => this.#count(from, file) };
  }

  #talks = 0;

  async #start(where: string, program: string, ...args: readonly string[]): Promise<void> {
    await this.at.run(where, 'sh', '-c', 'python3 -c "$0" "$@" >/dev/null 2>&1 </dev/null &', program, ...args);
  }

  async #count(where: string, file: string): Promise<number> {
    const { stdout } = await this.at.run(where, 'cat', file);
    expect(stdout).toMatch(/^\d+$/);
    return Number(stdout);
  }
}

export interface Connection {
  /** answers so far; fails when the connection is dead */
  count(): Promise<number>;
}

async function carrier(at: InternetLab): Promise<string> {
  const find = ['--bare', '--columns=chassis', 'find', 'Port_Binding', `logical_port=${PORT}`];
  const chassis = (await at.run('central', 'ovn-sbctl', ...find)).stdout.trim();
  if (chassis === '') return '';
  return (await at.run('central', 'ovn-sbctl', '--bare', '--columns=name', 'list', 'Chassis', chassis)).stdout.trim();
}
