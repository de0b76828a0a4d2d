/** A lab of four VPCs and their machines, two of which forward: who reaches whom, asked with real packets in both families. */
import { expect, vi } from 'vitest';
import type { VpcSpec } from '../../src/kinds/vpc.ts';
import { machine, network, subnet, vpc } from './objects.ts';
import { TestLab } from './test-lab.ts';

/** what is beyond the next hops: each of them has these addresses, and tells its name there */
export const BEYOND = { v4: '192.0.2.1', v6: '2001:db8::1' } as const;

const TELL_NAME = `
import socket, sys
server = socket.socket(socket.AF_INET6)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(('::', 80))
server.listen(64)
while True:
    peer, _ = server.accept()
    peer.sendall(sys.argv[1].encode())
    peer.close()
`;

const ASK_NAMES = `
import collections, socket, sys
heard = collections.Counter()
for _ in range(int(sys.argv[2])):
    try:
        with socket.create_connection((sys.argv[1], 80), 2) as peer:
            heard[peer.recv(100).decode()] += 1
    except OSError as error:
        heard['nobody'] += 1
print(' '.join(f'{name}={count}' for name, count in sorted(heard.items())))
`;

export const SUBNETS = {
  'red-a': ['red', '10.1.1.0/24,fd00:1:1::/64'],
  'red-b': ['red', '10.1.2.0/24,fd00:1:2::/64'],
  'blue-a': ['blue', '10.2.1.0/24,fd00:2:1::/64'],
  'blue-b': ['blue', '10.2.2.0/24,fd00:2:2::/64'],
  'violet-a': ['violet', '10.3.1.0/24,fd00:3:1::/64'],
  'twin-a': ['twin', '10.1.1.0/24,fd00:1:1::/64'],
} as const;

/** machine -> its subnet and its last address byte */
const MACHINES = {
  a: ['red-a', 10],
  b: ['red-b', 10],
  hop1: ['red-b', 21],
  hop2: ['red-b', 22],
  c: ['blue-a', 10],
  d: ['blue-b', 10],
  v: ['violet-a', 10],
  t: ['twin-a', 11],
} as const;

export type Machine = keyof typeof MACHINES;

export function addresses(name: Machine): { readonly v4: string; readonly v6: string } {
  const [network4 = '', network6 = ''] = SUBNETS[MACHINES[name][0]][1].split(',');
  const last = MACHINES[name][1];
  return { v4: network4.replace('.0/24', `.${last}`), v6: network6.replace('::/64', `::${last}`) };
}

export const HOP1 = addresses('hop1');
export const HOP2 = addresses('hop2');

interface Way {
  readonly from: Machine;
  readonly to: string;
}

export const pair = (from: Machine, to: Machine): readonly Way[] =>
  Object.values(addresses(to)).map((address) => ({ from, to: address }));
export const beyond = (from: Machine): readonly Way[] => Object.values(BEYOND).map((to) => ({ from, to }));

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export class RoutingLab {
  readonly lab: TestLab;

  private constructor(lab: TestLab) {
    this.lab = lab;
  }

  static async make(prefix: string): Promise<RoutingLab> {
    const at = new RoutingLab(await TestLab.make(prefix));
    try {
      await at.#start();
      return at;
    } catch (error) {
      await at.remove();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { lab } = this;
    await lab.up();
    const names = Object.keys(MACHINES) as Machine[];
    await lab.declare(
      ...['red', 'blue', 'violet', 'twin'].map((name) => vpc(name, { namespaces: ['default'] })),
      ...Object.entries(SUBNETS).map(([name, [owner, cidr]]) => subnet(name, owner, cidr)),
      ...Object.keys(SUBNETS).map((name) => network(name, name)),
      ...names.map(machineOf),
    );
    await Promise.all(names.map((name) => lab.running(`default/${name}`)));
    await Promise.all([this.forwards('hop1'), this.forwards('hop2')]);
    await this.all(pair('a', 'b'), 'reached');
  }

  async remove(): Promise<void> {
    await this.lab.remove();
  }

  /** gives a next hop the addresses beyond it, and lets it tell its name there */
  async forwards(name: 'hop1' | 'hop2'): Promise<void> {
    const guest = `default/${name}`;
    for (const address of [`${BEYOND.v4}/32`, `${BEYOND.v6}/128`])
      expect((await this.lab.guest(guest, 'ip', 'addr', 'add', address, 'dev', 'lo')).code).toBe(0);
    await this.lab.guest(guest, 'sh', '-c', `python3 -c "$0" "$1" >/dev/null 2>&1 </dev/null &`, TELL_NAME, name);
  }

  /** Who is to be reached must answer soon; who is not must stay silent however often it is asked. */
  async all(ways: readonly Way[], wanted: 'reached' | 'not reached'): Promise<void> {
    await vi.waitFor(
      async () => {
        const seen = await Promise.all(ways.map((way) => this.#answers(way, 1)));
        expect(ways.map(({ from, to }, index) => `${from} ${to} ${seen[index] ? 'reached' : 'not reached'}`)).toEqual(
          ways.map(({ from, to }) => `${from} ${to} ${wanted}`),
        );
      },
      { timeout: 20_000, interval: 200 },
    );
    if (wanted === 'not reached')
      expect(await Promise.all(ways.map((way) => this.#answers(way, 3)))).toEqual(ways.map(() => false));
  }

  async #answers({ from, to }: Way, times: number): Promise<boolean> {
    return (
      (await this.lab.guest(`default/${from}`, 'ping', '-n', '-c', `${times}`, '-i', '0.2', '-W', '1', to)).code === 0
    );
  }

  async declareVpc(name: string, spec: VpcSpec): Promise<void> {
    await this.lab.declare(vpc(name, { namespaces: ['default'], ...spec }));
  }

  /** Waits until a condition of the object says so, as `<type>=<status> <reason> <message>`. */
  async says(object: readonly string[], text: RegExp): Promise<void> {
    await vi.waitFor(
      async () => {
        const { stdout } = await this.lab.kubectl('get', ...object, '-o', 'jsonpath={.status.conditions}');
        const conditions = JSON.parse(stdout || '[]') as readonly Condition[];
        expect(conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason} ${message}`)).toEqual(
          expect.arrayContaining([expect.stringMatching(text)]),
        );
      },
      { timeout: 10_000, interval: 200 },
    );
  }

  /** Asks an address for its name over TCP: how often each one answered. */
  async names(from: Machine, address: string, times: number): Promise<Readonly<Record<string, number>>> {
    const { stdout } = await this.lab.guest(`default/${from}`, 'python3', '-c', ASK_NAMES, address, `${times}`);
    return Object.fromEntries(
      stdout
        .trim()
        .split(' ')
        .map((part) => part.split('='))
        .map(([name = '', count]) => [name, Number(count)]),
    );
  }
}

function machineOf(name: Machine) {
  const { metadata, ...rest } = machine(name, MACHINES[name][0]);
  const { v4, v6 } = addresses(name);
  const prefix = `${MACHINES[name][0]}.default.ovn.kubernetes.io`;
  const annotations = {
    ...metadata.annotations,
    [`${prefix}/ip_address`]: `${v4},${v6}`,
    ...(name.startsWith('hop') ? { [`${prefix}/port_security`]: 'false' } : {}),
  };
  return { ...rest, metadata: { ...metadata, annotations } };
}
