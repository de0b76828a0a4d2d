/** One lab of a test file, and what tests ask of it. Everything goes through the front doors: weft, kubectl, OVN's own tools. */
import { execa } from 'execa';
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, vi } from 'vitest';
import { Compiler } from '../../src/core/compile/engine.ts';
import { RULES } from '../../src/core/compile/rules.ts';
import { noDirt } from '../../src/core/compile/desired.ts';
import { SETTINGS_KEY } from '../../src/core/compile/world.ts';
import type { NorthboundTables } from '../../src/core/ovn/generated/nb.ts';
import { tunnelMtu } from '../../src/core/ovn/encap.ts';
import { followedColumns } from '../../src/core/ovn/tables.ts';
import { ObservedRows } from '../../src/core/plan/observed.ts';
import { everything, plan } from '../../src/core/plan/plan.ts';
import type { NodeUnderlay } from '../../src/kinds/node-underlay.ts';
import { keyOf, type KubeObject } from '../../src/kinds/object.ts';
import { KubeClient } from '../../src/lib/kube/client.ts';
import { readKubeconfig } from '../../src/lib/kube/kubeconfig.ts';
import type { MonitorOptions } from '../../src/lib/ovsdb/monitor.ts';
import { OvsdbSession } from '../../src/lib/ovsdb/session.ts';
import { underlayChanges, worldChange } from '../../src/services/controller/feed.ts';
import type { LabStatus } from '../../src/services/lab/status.ts';
import { eventually } from './control-plane.ts';
import { R } from './objects.ts';
import { type Outcome, WeftHome } from './weft.ts';

const PROPOSAL = resolve(import.meta.dirname, '../../examples/proposal');

/** comes back when tcpdump listens, and leaves it behind for 30 seconds at most; arguments: files, device, filter */
const START_CAPTURE = `
  timeout 30 tcpdump -n -l -i "$2" "$3" >"$1.out" 2>"$1.err" </dev/null &
  echo $! >"$1.pid"
  while ! grep -q 'listening on' "$1.err"; do
    kill -0 "$(cat "$1.pid")" || { cat "$1.err" >&2; exit 1; }
    sleep 0.05
  done`;
/** what is on its way is still seen */
const STOP_CAPTURE = 'sleep 0.3; kill "$(cat "$1.pid")"; sleep 0.1';

/** what rows follow from, but for machines that are chosen by labels */
const IN_SYNC = [
  ['Node', R.nodes],
  ['ProviderNetwork', R.providerNetworks],
  ['Vlan', R.vlans],
  ['Vpc', R.vpcs],
  ['VpcPeering', R.vpcPeerings],
  ['Subnet', R.subnets],
  ['IP', R.ips],
  ['IPPool', R.ipPools],
  ['Vip', R.vips],
  ['OvnEip', R.ovnEips],
  ['OvnFip', R.ovnFips],
  ['OvnSnatRule', R.ovnSnatRules],
  ['OvnDnatRule', R.ovnDnatRules],
  ['VpcNatGateway', R.vpcNatGateways],
  ['IptablesEIP', R.iptablesEips],
  ['IptablesFIPRule', R.iptablesFipRules],
  ['IptablesSnatRule', R.iptablesSnatRules],
  ['IptablesDnatRule', R.iptablesDnatRules],
] as const;

export class TestLab {
  readonly home: WeftHome;
  /** a name that no other run on this machine has */
  readonly name: string;
  readonly proposal: readonly string[];

  private constructor(home: WeftHome, name: string, proposal: readonly string[]) {
    this.home = home;
    this.name = name;
    this.proposal = proposal;
  }

  static async make(prefix: string): Promise<TestLab> {
    const files = (await readdir(PROPOSAL)).filter((file) => file.endsWith('.yaml')).toSorted();
    return new TestLab(
      await WeftHome.make(),
      `${prefix}${process.pid}`,
      files.map((file) => resolve(PROPOSAL, file)),
    );
  }

  get kubeconfig(): string {
    return `${this.home.directory}/labs/${this.name}/kubeconfig`;
  }

  weft(...args: readonly string[]): Promise<Outcome> {
    return this.home.weft(args, { env: { WEFT_LAB: this.name } });
  }

  ok(...args: readonly string[]): Promise<string> {
    return this.home.ok(args, { env: { WEFT_LAB: this.name } });
  }

  up(...options: readonly string[]): Promise<void> {
    return this.home.start(this.name, ...options);
  }

  remove(): Promise<void> {
    return this.home.remove();
  }

  exec(box: string, ...command: readonly string[]): Promise<Outcome> {
    return this.weft('lab', 'exec', box, '--', ...command);
  }

  /** a command inside a guest, `namespace/name` */
  guest(guest: string, ...command: readonly string[]): Promise<Outcome> {
    const [namespace = '', name = ''] = guest.split('/');
    return this.weft('vm', 'exec', '-n', namespace, name, '--', ...command);
  }

  async kubectl(...args: readonly string[]): Promise<Outcome> {
    return this.#kubectl(args, '');
  }

  applyObject(object: unknown): Promise<Outcome> {
    return this.#kubectl(['apply', '-f', '-'], JSON.stringify(object));
  }

  /** applies an object that must be accepted */
  async declare(...objects: readonly unknown[]): Promise<void> {
    const { code, stderr } = await this.applyObject({ apiVersion: 'v1', kind: 'List', items: objects });
    if (code !== 0) throw new Error(stderr);
  }

  async nbctl(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.exec('central', 'ovn-nbctl', ...args);
    if (code !== 0) throw new Error(`ovn-nbctl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  async status(): Promise<LabStatus> {
    return JSON.parse((await this.weft('lab', 'status', '-o', 'json')).stdout) as LabStatus;
  }

  /** transactions that the controller of now has sent */
  async transactions(): Promise<number> {
    const { processes } = await this.status();
    const { metrics } = processes.find(({ name }) => name === 'controller') as unknown as { metrics: string };
    const text = await (await fetch(metrics)).text();
    return Number(/^weft_nb_transactions_total (\d+)/m.exec(text)?.[1]);
  }

  async pidOf(box: string, name: string): Promise<number> {
    const found = (await this.status()).processes.find((process) => process.box === box && process.name === name);
    if (!found) throw new Error(`no process ${name} in ${box}`);
    // 0 would be whoever asks, and all its kin (kill(2))
    if (found.pid === 0) throw new Error(`${name} in ${box} does not run: it is ${found.state}`);
    return found.pid;
  }

  /** the first IPv4 address of a guest */
  async address(guest: string): Promise<string> {
    const [namespace = '', name = ''] = guest.split('/');
    return (
      await this.kubectl('get', 'vmi', '-n', namespace, name, '-o', 'jsonpath={.status.interfaces[0].ipAddress}')
    ).stdout.trim();
  }

  /** Waits until a machine runs; returns its first address. */
  async running(guest: string, timeout = 30_000): Promise<string> {
    return eventually(async () => {
      const address = await this.address(guest);
      expect(address).not.toBe('');
      return address;
    }, timeout / 1000);
  }

  /** One ping, tried again until it is answered. */
  async reaches(from: string, address: string, timeout = 30_000): Promise<void> {
    await vi.waitFor(async () => expect((await this.guest(from, 'ping', '-c', '1', '-W', '1', address)).code).toBe(0), {
      timeout,
      interval: 100,
    });
  }

  /** What tcpdump prints of a device in a box while `action` runs. */
  async capture(box: string, device: string, filter: string, action: () => Promise<unknown>): Promise<string> {
    const file = `/run/capture-${randomUUID()}`;
    const started = await this.exec(box, 'sh', '-c', START_CAPTURE, 'sh', file, device, filter);
    if (started.code !== 0) throw new Error(`tcpdump -i ${device} in ${box}: ${started.stderr}`);
    try {
      await action();
    } finally {
      await this.exec(box, 'sh', '-c', STOP_CAPTURE, 'sh', file);
    }
    const { stdout } = await this.exec(box, 'cat', `${file}.out`);
    await this.exec(box, 'rm', `${file}.out`, `${file}.err`, `${file}.pid`);
    return stdout;
  }

  /** processes that hold the guests' namespaces */
  async guestPids(): Promise<number[]> {
    const { processes } = await this.status();
    const nodes = [...new Set(processes.map(({ box }) => box))].filter((box) => box.startsWith('node'));
    const texts = await Promise.all(
      nodes.map((node) => this.exec(node, 'sh', '-c', 'cat /run/weft/guests/*.json 2>/dev/null || true')),
    );
    return texts.flatMap(({ stdout }) => [...stdout.matchAll(/"pid":\s*(\d+)/g)].map((match) => Number(match[1])));
  }

  /** Compiles what the API says from nothing, and compares it with the Northbound database as its own reader sees it. */
  async expectInSync(): Promise<void> {
    const client = new KubeClient(readKubeconfig(this.kubeconfig));
    const { ovn } = await this.status();
    const monitor = followedColumns();
    const session = new OvsdbSession<NorthboundTables>({
      remote: ovn.nb,
      database: 'OVN_Northbound',
      monitor: monitor as MonitorOptions<NorthboundTables>,
    });
    const observed = new ObservedRows();
    session.onUpdate((updates) => observed.apply(Object.entries(updates) as never, noDirt()));
    try {
      await session.ready();
      await vi.waitFor(
        async () => {
          const compiler = new Compiler(RULES);
          compiler.apply([
            { kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: tunnelMtu(['geneve'], 1500, false) } },
          ]);
          for (const [kind, resource] of IN_SYNC) {
            const { items } = await client.list<KubeObject>(resource);
            compiler.apply(items.map((object) => worldChange(kind, keyOf(object.metadata), object)));
          }
          const reports = (await client.list<NodeUnderlay>(R.nodeUnderlays)).items;
          compiler.apply(
            reports.flatMap((report) => underlayChanges({ key: report.metadata.name, old: undefined, new: report })),
          );
          expect(plan(everything(compiler.rows, observed), compiler.rows, observed).operations).toEqual([]);
          expect(await this.#portsByNbctl()).toEqual(portsOf(compiler));
        },
        { timeout: 15_000, interval: 200 },
      );
    } finally {
      await session.close();
      await client.close();
    }
  }

  /** ports as OVN's own tool lists them: a reader that shares nothing with Weft */
  async #portsByNbctl(): Promise<string[]> {
    const text = await this.nbctl(
      '--format=json',
      '--columns=name,addresses,port_security',
      'list',
      'Logical_Switch_Port',
    );
    const { data } = JSON.parse(text) as { data: readonly (readonly [string, unknown, unknown])[] };
    const set = (value: unknown): unknown[] =>
      Array.isArray(value) && value[0] === 'set' ? (value[1] as unknown[]) : [value];
    return data
      .map(([name, addresses, security]) => `${name} ${set(addresses).join()} ${set(security).join()}`)
      .toSorted();
  }

  async #kubectl(args: readonly string[], input: string): Promise<Outcome> {
    const env = { KUBECONFIG: this.kubeconfig, HOME: this.home.directory };
    const { exitCode, stdout, stderr } = await execa('kubectl', args, { reject: false, timeout: 100_000, input, env });
    return { code: exitCode ?? -1, stdout, stderr };
  }
}

function portsOf({ rows }: Compiler): string[] {
  const list = (value: unknown) => ((value ?? []) as readonly string[]).join();
  return [...rows.ids()]
    .filter((id) => id.startsWith('Logical_Switch_Port/'))
    .map((id) => ({ id, port: rows.columns(id) }))
    .filter(({ port }) => port !== undefined)
    .map(
      ({ id, port }) => `${id.slice(id.indexOf('/') + 1)} ${list(port!['addresses'])} ${list(port!['port_security'])}`,
    )
    .toSorted();
}
