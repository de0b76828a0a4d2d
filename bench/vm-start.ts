/** Many machines started at once, and a ping every 10 ms while the agent of its node and the controller are killed. */
import type { VirtualMachineInstance } from '../src/kinds/virtual-machine.ts';
import { KubeClient } from '../src/lib/kube/client.ts';
import { Informer, type ObjectChange } from '../src/lib/kube/informer.ts';
import { readKubeconfig } from '../src/lib/kube/kubeconfig.ts';
import { machine, network, R, subnet, vpc } from '../test/support/objects.ts';
import { TestLab } from '../test/support/test-lab.ts';
import { pings } from './gaps.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const MACHINES = 200;
/** seconds of pings around the deaths */
const WATCHED = 12;
/** seconds after which a start counts as none */
const PATIENCE = 300;

export async function benchVmStart({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  process.env['WEFT_ENGINE_ROOT'] = engineRoot;
  const lab = await TestLab.make('start');
  try {
    await lab.up('--nodes', '3');
    await lab.declare(vpc('red'), subnet('net1', 'red', '10.0.0.0/16'), network('n1', 'net1'));
    await lab.declare(machine('near', 'n1'), machine('watched', 'n1'));
    await running(lab, 'near');
    const address = await running(lab, 'watched');
    await answered(lab, address);
    const lost = await lostAtDeaths(lab, address);
    log(`vm start: ${lost} pings lost while agents and controller were killed`);
    const seconds = await started(lab, quick ? 20 : MACHINES, log);
    return [
      ...[50, 99].map((rank) => reported(`vm start running p${rank}`, percentile(seconds.running, rank), 's')),
      reported('vm start all answer', seconds.all, 's'),
      reported('vm start unanswered', seconds.unanswered, 'machines'),
      reported('vm start pings lost at restarts', lost, 'pings'),
    ];
  } finally {
    await lab.remove();
  }
}

async function running(lab: TestLab, name: string): Promise<string> {
  for (;;) {
    const address = await lab.address(`default/${name}`);
    if (address !== '') return address;
  }
}

async function answered(lab: TestLab, address: string): Promise<void> {
  while ((await lab.guest('default/near', 'ping', '-c', '1', '-W', '1', address)).code !== 0);
}

function reported(name: string, value: number, unit: string): BenchResult {
  return { name, value, unit, reference: 0, referenceName: 'reported', ratio: 1 };
}

async function lostAtDeaths(lab: TestLab, address: string): Promise<number> {
  const watching = lab.guest('default/near', ...pings(address, WATCHED));
  const { processes } = await lab.status();
  for (const { name, pid } of processes)
    if (name === 'agent' || name === 'controller') {
      process.kill(pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  const { stdout } = await watching;
  const [, sent = '0', received = '0'] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  if (sent === '0') throw new Error(`ping has no summary: ${stdout.slice(-200)}`);
  return Number(sent) - Number(received);
}

interface Seconds {
  /** of each machine, from the apply to its running */
  readonly running: readonly number[];
  /** until each has answered a ping */
  readonly all: number;
  readonly unanswered: number;
}

async function started(lab: TestLab, count: number, log: (line: string) => void): Promise<Seconds> {
  const client = new KubeClient(readKubeconfig(lab.kubeconfig));
  const running = new Map<string, { readonly at: number; readonly address: string }>();
  const names = new Set(Array.from({ length: count }, (_, index) => `many-${index}`));
  const arrived = Promise.withResolvers<void>();
  const informer = new Informer<VirtualMachineInstance>(client, R.vmis, {
    onError: () => undefined,
    onChanges: (changes) => {
      for (const { new: instance } of changes as readonly ObjectChange<VirtualMachineInstance>[]) {
        if (!instance || instance.status?.phase !== 'Running' || !names.has(instance.metadata.name)) continue;
        const { name } = instance.metadata;
        const address = instance.status.interfaces?.[0]?.ipAddress;
        if (address === undefined) continue;
        if (!running.has(name)) running.set(name, { at: performance.now(), address });
      }
      if (running.size === count) arrived.resolve();
    },
  });
  await informer.start();
  const from = performance.now();
  try {
    await lab.declare(...[...names].map((name) => machine(name, 'n1')));
    const timer = setTimeout(() => arrived.resolve(), PATIENCE * 1000);
    await arrived.promise;
    clearTimeout(timer);
    const seconds = [...running.values()].map(({ at }) => (at - from) / 1000);
    log(`vm start: ${running.size} of ${count} run after ${Math.max(0, ...seconds).toFixed(1)} s`);
    const addresses = [...running.values()].map(({ address }) => address);
    const script = 'for a in "$@"; do (ping -c 1 -W 1 $a || ping -c 3 -W 2 $a) >/dev/null 2>&1 || echo "$a"; done';
    const { stdout } = await lab.guest('default/near', 'sh', '-c', script, 'sweep', ...addresses);
    const silent = stdout.split('\n').filter((line) => line !== '');
    return {
      running: seconds,
      all: (performance.now() - from) / 1000,
      unanswered: silent.length + count - running.size,
    };
  } finally {
    await informer.stop();
    await client.close();
  }
}
