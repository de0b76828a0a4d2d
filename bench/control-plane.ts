/**
 * The control plane under load: 10,000 launcher pods from nothing, one at a time when idle, restart with all of them in place, memory.
 * The controller is a process of its own, so that its CPU time and memory are its own; API server, creators and the observer of the Northbound
 * database share the bench's process. No OVN behind the database: northd's work is not ours to measure.
 */
import type { NorthboundTables } from '../src/core/ovn/generated/nb.ts';
import { OvsdbSession } from '../src/lib/ovsdb/session.ts';
import { ControlPlane } from '../test/support/control-plane.ts';
import { ControllerProcess } from '../test/support/controller-process.ts';
import { network, R, subnet, vpc } from '../test/support/objects.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const CREATORS = 16;
const SUBNETS = 10;
/** when each port appeared in the Northbound database */
class Observer {
  readonly session: OvsdbSession<NorthboundTables>;
  readonly #waiting = new Map<string, (at: number) => void>();

  constructor(remote: string) {
    this.session = new OvsdbSession<NorthboundTables>({
      remote,
      database: 'OVN_Northbound',
      monitor: { Logical_Switch_Port: ['name'] },
    });
    this.session.onUpdate(({ Logical_Switch_Port: changes = [] }) => {
      const now = performance.now();
      for (const { new: row } of changes) {
        if (!row) continue;
        this.#waiting.get(row.name)?.(now);
        this.#waiting.delete(row.name);
      }
    });
  }

  committed(name: string): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(name, resolve));
  }
}

export async function benchControlPlane({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  const count = quick ? 1000 : 10_000;
  const plane = await ControlPlane.start(engineRoot);
  const observer = new Observer(plane.northbound.remote);
  let controller = await ControllerProcess.start(plane);
  try {
    await plane.client.create(R.vpcs, vpc('load'));
    for (let index = 0; index < SUBNETS; index += 1) {
      await plane.client.create(R.subnets, subnet(`load${index}`, 'load', `10.${index}.0.0/16`));
      await plane.client.create(R.attachments, network(`load${index}`, `load${index}`));
    }
    const one = async (index: number): Promise<number> => {
      const name = `load${index % SUBNETS}`;
      const committed = observer.committed(`vm${index}.default.${name}.default.ovn`);
      const started = performance.now();
      await plane.launch(`vm${index}`, name, `node${(index % 3) + 1}`);
      return (await committed) - started;
    };
    log('vm commit: one at a time, idle');
    const idle: number[] = [];
    for (let index = 0; index < 300; index += 1) idle.push(await one(index));
    const results = [...milliseconds('vm commit', idle.slice(50))];

    log(`load: ${count} launcher pods, ${CREATORS} creators`);
    const load = await underLoad(controller, one, 300, count, log);
    results.push(...load);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    results.push(plain('memory', controller.memory / 1e6, 'MB'));

    log('restart with everything in place, one port deleted meanwhile');
    await controller.stop();
    const victim = `vm7.default.load7.default.ovn`;
    await plane.northbound.run('usr/bin/ovn-nbctl', [`--db=${plane.northbound.remote}`, 'lsp-del', victim]);
    const started = performance.now();
    controller = await ControllerProcess.start(plane);
    results.push(plain('restart', (performance.now() - started) / 1000, 's'));
    results.push(plain('restart transactions', await controller.metric('weft_nb_transactions_total'), 'transactions'));
    return results;
  } finally {
    if (controller.child.exitCode === null) await controller.stop();
    await observer.session.close();
    await plane[Symbol.asyncDispose]();
  }
}

async function underLoad(
  controller: ControllerProcess,
  one: (index: number) => Promise<number>,
  from: number,
  count: number,
  log: (text: string) => void,
): Promise<BenchResult[]> {
  const latencies: number[] = [];
  const cpu: number[] = [controller.cpu];
  const started = performance.now();
  let next = from;
  const creator = async () => {
    while (next < from + count) {
      const index = next++;
      latencies.push(await one(index));
      if (latencies.length % 1000 === 0) {
        cpu.push(controller.cpu);
        log(`  ${latencies.length} ports, ${(((cpu.at(-1)! - cpu.at(-2)!) * 1000) / 1000).toFixed(2)} ms of CPU each`);
      }
    }
  };
  await Promise.all(Array.from({ length: CREATORS }, creator));
  const seconds = (performance.now() - started) / 1000;
  const perNic = ((cpu.at(-1)! - cpu[0]!) * 1000) / count;
  const thousand = (index: number) => (cpu[index + 1]! - cpu[index]!) as number;
  return [
    {
      name: 'load cpu',
      value: perNic,
      unit: 'ms/interface',
      reference: 4,
      referenceName: 'at most, in milliseconds of controller CPU',
      ratio: 4 / perNic,
    },
    {
      name: 'load cpu growth',
      value: thousand(cpu.length - 2) / thousand(0),
      unit: 'last/first thousand',
      reference: 1.3,
      referenceName: 'at most',
      ratio: 1.3 / (thousand(cpu.length - 2) / thousand(0)),
    },
    plain('load rate', count / seconds, 'interfaces/s'),
    ...milliseconds('load', latencies),
  ];
}

function milliseconds(name: string, samples: readonly number[]): BenchResult[] {
  return [50, 99].map((rank) => plain(`${name} p${rank}`, percentile(samples, rank), 'ms'));
}

function plain(name: string, value: number, unit: string): BenchResult {
  return { name, value, unit, reference: 0, referenceName: 'reported', ratio: 1 };
}
