/** Five guests in four subnets of two VPCs, and the rules of one of these subnets. */
import { expect, vi } from 'vitest';
import type { Subnet, SubnetSpec } from '../../src/kinds/subnet.ts';
import type { VirtualMachineInstance } from '../../src/kinds/virtual-machine.ts';
import { KubeClient } from '../../src/lib/kube/client.ts';
import { readKubeconfig } from '../../src/lib/kube/kubeconfig.ts';
import { machineOn, network, R, subnet, vpc } from './objects.ts';
import { TestLab } from './test-lab.ts';
import { type Answer, probe, type Protocol, serve, type Target } from './traffic.ts';

/**
 *   vpc red:  inner 10.1/24, fd00:1::/64: a on node1, b on node2     the subnet with the rules
 *             outer 10.2/24, fd00:2::/64: c on node2
 *             third 10.3/24, fd00:3::/64: d on node1
 *   vpc blue: far   10.4/24, fd00:4::/64: p on node2                 a peer of red
 */
const GUESTS = { a: 'inner', b: 'inner', c: 'outer', d: 'third', p: 'far' } as const;
export type Guest = keyof typeof GUESTS;
const PORTS = [22, 80] as const;
const EVERYTHING = [['tcp', 22], ['udp', 80], ['ping']] as const;

export type Acl = NonNullable<SubnetSpec['acls']>[number];

export class IsolationLab {
  readonly lab: TestLab;
  readonly client: KubeClient;
  /** IPv4 and IPv6 address of each guest */
  readonly at = {} as Record<Guest, readonly [string, string]>;

  private constructor(lab: TestLab) {
    this.lab = lab;
    this.client = new KubeClient(readKubeconfig(lab.kubeconfig));
  }

  static async make(prefix: string): Promise<IsolationLab> {
    const lab = await TestLab.make(prefix);
    try {
      await lab.up('--nodes', '2');
      await lab.declare(...networks());
      const isolation = new IsolationLab(lab);
      await isolation.#learn();
      return isolation;
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await this.client.close();
    await this.lab.remove();
  }

  async #learn(): Promise<void> {
    for (const name of Object.keys(GUESTS) as Guest[]) {
      await this.lab.running(`default/${name}`);
      const { status } = await this.client.get<VirtualMachineInstance>(R.vmis, 'default', name);
      this.at[name] = status!.interfaces![0]!.ipAddresses as unknown as readonly [string, string];
      await this.serve(name);
    }
    for (const [from, to] of [
      ['a', 'b'],
      ['c', 'a'],
      ['d', 'a'],
      ['p', 'a'],
    ] as const)
      for (const address of this.at[to]) await this.lab.reaches(`default/${from}`, address);
  }

  /** Starts what answers in a guest, anew after the guest has. */
  serve(guest: Guest): Promise<void> {
    return serve(this.lab, `default/${guest}`, ...PORTS);
  }

  /** The rules of subnet inner, in force on all nodes. */
  async rules(spec: Partial<SubnetSpec>): Promise<void> {
    const none = { private: null, allowSubnets: null, acls: null, allowEWTraffic: null };
    await this.client.patch(R.subnets, { name: 'inner' }, { spec: { ...none, ...spec } });
    await vi.waitFor(
      async () => {
        const { metadata, status } = await this.client.get<Subnet>(R.subnets, undefined, 'inner');
        const ready = status?.conditions?.find(({ type }) => type === 'Ready');
        expect([ready?.status, ready?.observedGeneration]).toEqual(['True', metadata.generation]);
      },
      { timeout: 10_000, interval: 20 },
    );
    await this.lab.nbctl('--wait=hv', 'sync');
  }

  /** what `from` gets from `to`, by both families and each protocol, as `IPv4 tcp 22: open` */
  async between(
    from: Guest,
    to: Guest,
    asks: readonly (readonly [Protocol, number?])[] = EVERYTHING,
  ): Promise<string[]> {
    const targets = this.at[to].flatMap((address) =>
      asks.map(([protocol, port]): Target => [protocol, address, port ?? 0]),
    );
    const answers = await probe(this.lab, `default/${from}`, targets);
    return answers.map((answer, index) => {
      const [protocol, address, port] = targets[index]!;
      return `${address.includes(':') ? 'IPv6' : 'IPv4'} ${protocol}${port ? ` ${port}` : ''}: ${answer}`;
    });
  }

  /** `{ ab: ... }`: what a gets from b */
  async expectBetween(expected: Readonly<Record<string, readonly string[]>>): Promise<void> {
    const pairs = Object.keys(expected);
    const found = await Promise.all(pairs.map((pair) => this.between(pair[0] as Guest, pair[1] as Guest)));
    expect(Object.fromEntries(pairs.map((pair, index) => [pair, found[index]]))).toEqual(expected);
  }

  async expectGateway(guest: Guest): Promise<void> {
    const answers = await probe(this.lab, `default/${guest}`, [
      ['ping', '10.0.1.1'],
      ['ping', 'fd00:1::1'],
    ]);
    expect(answers).toEqual(['open', 'open']);
  }
}

/** every line that `between` gives */
export const all = (answer: Answer, families: readonly string[] = ['IPv4', 'IPv6']) =>
  families.flatMap((family) => [
    `${family} tcp 22: ${answer}`,
    `${family} udp 80: ${answer}`,
    `${family} ping: ${answer}`,
  ]);

export const acl = (direction: 'from-lport' | 'to-lport', priority: number, match: string, action: string) =>
  ({ direction, priority, match, action }) as Acl;

/** the same rule in both directions */
export const ways = (match: string, action: string, priority = 1500) => [
  acl('from-lport', priority, match, action),
  acl('to-lport', priority, match, action),
];

function networks(): object[] {
  const link = (remoteVpc: string, own: string) => [{ remoteVpc, localConnectIP: own }];
  const routes = (end: string, sixth: string, ...cidrs: readonly string[]) =>
    cidrs.map((cidr) => ({ cidr, nextHopIP: cidr.includes(':') ? sixth : end, policy: 'policyDst' as const }));
  return [
    vpc('red', {
      vpcPeerings: link('blue', '169.254.0.1/30,fd00:ff::1/64'),
      staticRoutes: routes('169.254.0.2', 'fd00:ff::2', '10.0.4.0/24', 'fd00:4::/64'),
    }),
    vpc('blue', {
      vpcPeerings: link('red', '169.254.0.2/30,fd00:ff::2/64'),
      staticRoutes: routes('169.254.0.1', 'fd00:ff::1', '10.0.0.0/22', 'fd00::/30'),
    }),
    subnet('inner', 'red', '10.0.1.0/24,fd00:1::/64', { enableDHCP: true }),
    subnet('outer', 'red', '10.0.2.0/24,fd00:2::/64'),
    subnet('third', 'red', '10.0.3.0/24,fd00:3::/64'),
    subnet('far', 'blue', '10.0.4.0/24,fd00:4::/64'),
    ...['inner', 'outer', 'third', 'far'].map((name) => network(name, name)),
    ...Object.entries(GUESTS).map(([name, net]) => machineOn(name, net, 'ad'.includes(name) ? 'node1' : 'node2')),
  ];
}
