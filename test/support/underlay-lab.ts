/** Machines on networks that choose their underlays, in a lab of three nodes; and what packets between nodes look like. */
import { expect, vi } from 'vitest';
import type { Condition } from '../../src/kinds/object.ts';
import type { NodeUnderlayStatus } from '../../src/kinds/node-underlay.ts';
import { network, subnet, vpc } from './objects.ts';
import { TestLab } from './test-lab.ts';

export const SOON = { timeout: 30_000, interval: 200 };

/** one packet between nodes */
export interface Outer {
  readonly device: string;
  readonly encapsulation: string;
  /** `192.168.1.11 > 192.168.1.12` */
  readonly ends: string;
  readonly inner: string;
}

/** an echo of ping's own size, so that others may ping beside it: `12:24:19.597943 eth3  Out IP 192.168.2.11.55645 > 192.168.2.12.6081: Geneve, ... : IP 10.1.0.2 > 10.1.0.3: ICMP echo request, ...` */
const LINE =
  /^\S+ (eth\d) +\S+ +IP ([\d.]+)\.\d+ > ([\d.]+)\.\d+: (Geneve|VXLAN), .*?: (IP6? .*ICMP6?,? echo .* length 64)$/;

/** a machine on one network, on one node */
export const placed = (name: string, networks: string, node: string) => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name, namespace: 'default', annotations: { 'k8s.v1.cni.cncf.io/networks': networks } },
  spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': node } } } },
});

export const labelled = (name: string, clusterNetwork: string) => {
  const object = network(name, name);
  return {
    ...object,
    metadata: { ...object.metadata, labels: { 'network.harvesterhci.io/clusternetwork': clusterNetwork } },
  };
};

export class UnderlayLab {
  readonly lab: TestLab;
  /** machine -> its first address */
  readonly addresses: ReadonlyMap<string, string>;

  private constructor(lab: TestLab, addresses: ReadonlyMap<string, string>) {
    this.lab = lab;
    this.addresses = addresses;
  }

  /** Machines 1 and 2 of each network, on node1 and node2: blue chooses nothing, red by its subnet, green by its attachment's label. */
  static async make(prefix: string, ...options: readonly string[]): Promise<UnderlayLab> {
    const lab = await TestLab.make(prefix);
    try {
      await lab.up('--nodes', '3', ...options);
      await lab.declare(
        vpc('colours'),
        subnet('blue', 'colours', '10.2.0.0/24', { enableDHCP: true }),
        subnet('red', 'colours', '10.1.0.0/24,fd00:1::/64', {
          enableDHCP: true,
          enableIPv6RA: true,
          nodeNetwork: 'data3',
        }),
        subnet('green', 'colours', '10.3.0.0/24', { enableDHCP: true }),
        network('blue', 'blue'),
        network('red', 'red'),
        labelled('green', 'data3'),
        ...['blue', 'red', 'green'].flatMap((name) => [1, 2].map((i) => placed(`${name}${i}`, name, `node${i}`))),
      );
      const addresses = new Map<string, string>();
      for (const name of ['blue', 'red', 'green'])
        for (const i of [1, 2]) addresses.set(`${name}${i}`, await lab.running(`default/${name}${i}`));
      for (const name of ['blue', 'red', 'green']) await lab.reaches(`default/${name}1`, addresses.get(`${name}2`)!);
      return new UnderlayLab(lab, addresses);
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  /** Pings from one machine to another, and what went between nodes for it, as `box` sees it. */
  async outer(from: string, to: string, box = 'node1'): Promise<readonly Outer[]> {
    const address = this.addresses.get(to) ?? to;
    let answer = '';
    const text = await this.lab.capture(box, 'any', 'udp port 6081 or udp port 4789', async () => {
      answer = (await this.lab.guest(`default/${from}`, 'ping', '-c', '4', '-i', '0.2', '-W', '1', address)).stdout;
    });
    expect(answer).toContain('4 packets transmitted, 4 received');
    // what is inside of VXLAN is on a line of its own
    const lines = text.replaceAll(/(: VXLAN, [^\n]*)\n/g, '$1: ').split('\n');
    return lines.flatMap((line): Outer[] => {
      const [, device = '', source, target, encapsulation = '', inner = ''] = LINE.exec(line) ?? [];
      return device === '' ? [] : [{ device, encapsulation, ends: `${source} > ${target}`, inner }];
    });
  }

  /** The distinct `device encapsulation ends` of pings between two machines. */
  async way(from: string, to: string, box = 'node1'): Promise<readonly string[]> {
    const packets = await this.outer(from, to, box);
    expect(packets).toHaveLength(8);
    return [
      ...new Set(packets.map(({ device, encapsulation, ends }) => `${device} ${encapsulation} ${ends}`)),
    ].toSorted();
  }

  async waysBecome(from: string, to: string, ways: readonly string[]): Promise<void> {
    await vi.waitFor(async () => expect(await this.way(from, to)).toEqual(ways), { timeout: 40_000, interval: 200 });
  }

  /** the condition of a cluster-wide object */
  async condition(kind: string, name: string, type = 'Ready'): Promise<Condition | undefined> {
    const { stdout } = await this.lab.kubectl('get', kind, name, '-o', 'jsonpath={.status.conditions}');
    return (JSON.parse(stdout || '[]') as Condition[]).find((condition) => condition.type === type);
  }

  async report(node: string): Promise<NodeUnderlayStatus> {
    const { stdout } = await this.lab.kubectl('get', 'nodeunderlay', node, '-o', 'jsonpath={.status}');
    return JSON.parse(stdout) as NodeUnderlayStatus;
  }

  async patch(kind: string, name: string, patch: object): Promise<void> {
    const { code, stderr } = await this.lab.kubectl('patch', kind, name, '--type=merge', '-p', JSON.stringify(patch));
    if (code !== 0) throw new Error(stderr);
  }

  async fabric(...command: readonly string[]): Promise<void> {
    const { code, stderr } = await this.lab.exec('fabric', ...command);
    if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  }
}
