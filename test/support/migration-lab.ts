/** Machine a, which migrates, and machine b beside it, in a lab of three nodes; and what tests ask of them. */
import { expect, vi } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import {
  type Migration,
  type VirtualMachineInstance,
  virtualMachineInstanceMigrationKind,
} from '../../src/kinds/virtual-machine.ts';
import { KubeClient } from '../../src/lib/kube/client.ts';
import { readKubeconfig } from '../../src/lib/kube/kubeconfig.ts';
import { machine, network, R, subnet, vpc } from './objects.ts';
import { TestLab } from './test-lab.ts';

export const PORTS = ['a.default.n1.default.ovn', 'a.default.n2.default.ovn'] as const;
const NODES = ['node1', 'node2', 'node3'] as const;
export const SOON = { timeout: 30_000, interval: 50 };
export const LATE = { timeout: 90_000, interval: 200 };
export const MIGRATIONS = virtualMachineInstanceMigrationKind;

type LauncherPod = KubeObject<{ readonly nodeName: string }, { readonly phase: string; readonly podIP?: string }>;

interface LabEvent extends KubeObject {
  readonly involvedObject: { readonly kind: string; readonly name: string };
  readonly reason: string;
  readonly message: string;
}

/** What `weft vm migrate -o json` prints. */
export interface MigrateReport {
  readonly from: string;
  readonly to: string;
  readonly migration: string;
  readonly ports: readonly { readonly name: string; readonly chassis: string; readonly up: boolean }[];
}

export class MigrationLab {
  readonly lab: TestLab;
  readonly client: KubeClient;
  /** of machine a: IPv4 on its first NIC, IPv4 and IPv6 on its second */
  readonly addresses: readonly string[];

  private constructor(lab: TestLab, client: KubeClient, addresses: readonly string[]) {
    this.lab = lab;
    this.client = client;
    this.addresses = addresses;
  }

  static async make(prefix: string): Promise<MigrationLab> {
    const lab = await TestLab.make(prefix);
    try {
      await lab.up('--nodes', '3');
      const client = new KubeClient(readKubeconfig(lab.kubeconfig), { connections: 16 });
      await lab.declare(
        vpc('red'),
        subnet('net1', 'red', '10.0.0.0/16'),
        subnet('net2', 'red', '10.1.0.0/16,fd00:1::/64'),
        network('n1', 'net1'),
        network('n2', 'net2'),
        machine('a', 'n1,n2'),
        machine('b', 'n1,n2'),
      );
      await Promise.all(['default/a', 'default/b'].map((name) => lab.running(name)));
      const { status } = await client.get<VirtualMachineInstance>(R.vmis, 'default', 'a');
      const addresses = status!.interfaces!.flatMap(({ ipAddresses = [] }) => ipAddresses);
      expect(addresses).toHaveLength(3);
      for (const address of addresses) await lab.reaches('default/b', address);
      return new MigrationLab(lab, client, addresses);
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await this.client.close();
    await this.lab.remove();
  }

  instance(name = 'a'): Promise<VirtualMachineInstance> {
    return this.client.get<VirtualMachineInstance>(R.vmis, 'default', name);
  }

  async nodeOf(name = 'a'): Promise<string> {
    return (await this.instance(name)).status?.nodeName ?? '';
  }

  otherNode(...nodes: readonly string[]): string {
    return NODES.find((node) => !nodes.includes(node))!;
  }

  /** launchers of a machine */
  async pods(vm = 'a'): Promise<readonly LauncherPod[]> {
    const { items } = await this.client.list<LauncherPod>(R.pods);
    return items.filter(({ metadata }) => metadata.labels?.['kubevirt.io/domain'] === vm);
  }

  /** `weft vm migrate a` */
  async migrate(...more: readonly string[]): Promise<MigrateReport> {
    return JSON.parse(await this.lab.ok('vm', 'migrate', 'a', '-o', 'json', ...more)) as MigrateReport;
  }

  /** makes the object only */
  wish(name: string, vm = 'a', node?: string): Promise<Migration> {
    return this.client.create<Migration>(MIGRATIONS, {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachineInstanceMigration',
      metadata: { name, namespace: 'default' },
      spec: { vmiName: vm, ...(node ? { addedNodeSelector: { 'kubernetes.io/hostname': node } } : {}) },
    });
  }

  async phaseOf(name: string): Promise<string | undefined> {
    return (await this.client.get<Migration>(MIGRATIONS, 'default', name)).status?.phase;
  }

  /** messages of a machine's events with this reason */
  async eventsOf(vm: string, reason: string): Promise<readonly string[]> {
    const { items } = await this.client.list<LabEvent>(R.events);
    return items
      .filter(
        ({ involvedObject: { kind, name }, reason: why }) => kind === 'VirtualMachine' && name === vm && why === reason,
      )
      .map(({ message }) => message);
  }

  /** options of a port in the Northbound database, `key=value` */
  async optionsOf(port: string): Promise<readonly string[]> {
    const text = await this.lab.nbctl('get', 'Logical_Switch_Port', port, 'options');
    return text.replaceAll(/[{}"]/g, '').split(', ').toSorted();
  }

  /** what OVN has bound: the node, those besides it, and whether the port works */
  async bindingOf(port: string): Promise<readonly string[]> {
    const find = ['find', 'Port_Binding', `logical_port=${port}`];
    const columns = '--columns=chassis,additional_chassis,up';
    return (await this.lab.exec('central', 'ovn-sbctl', '--bare', columns, ...find)).stdout.split('\n');
  }

  /** one node has machine a: objects, Northbound and Southbound say so, it answers, and nothing of a migration is left */
  async expectAtRest(node: string): Promise<void> {
    await vi.waitFor(async () => {
      expect(await this.nodeOf()).toBe(node);
      for (const port of PORTS) {
        expect(await this.optionsOf(port)).toEqual([`requested-chassis=${node}`]);
        const [chassis, more, up] = await this.bindingOf(port);
        const name = (await this.lab.exec('central', 'ovn-sbctl', '--bare', 'get', 'Chassis', chassis!, 'name')).stdout;
        expect([name.replaceAll('"', ''), more, up]).toEqual([node, '', 'true']);
        expect((await this.client.get<IpObject>(R.ips, undefined, port)).spec?.nodeName).toBe(node);
      }
      const running = (await this.pods()).filter(
        ({ status, metadata }) => status?.phase === 'Running' && !metadata.deletionTimestamp,
      );
      expect(running.map(({ spec }) => spec?.nodeName)).toEqual([node]);
    }, SOON);
    for (const address of this.addresses) await this.lab.reaches('default/b', address, 3000);
  }

  /** Pings from machine b every 10 ms while `action` runs. @returns answers that are missing, and those that came twice */
  async pinging(
    address: string,
    count: number,
    action: () => Promise<unknown> = async () => undefined,
  ): Promise<{ readonly lost: number; readonly twice: readonly number[] }> {
    const ping = this.lab.guest('default/b', 'ping', '-i', '0.01', '-c', String(count), '-W', '1', address);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await action();
    const { stdout } = await ping;
    const received = Number(/(\d+) received/.exec(stdout)?.[1]);
    const twice = [...stdout.matchAll(/icmp_seq=(\d+) .*\(DUP!\)/g)].map(([, sequence]) => Number(sequence));
    return { lost: count - received, twice };
  }
}
