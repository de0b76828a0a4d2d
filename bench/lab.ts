/**
 * A lab of its own: `lab up` with three nodes to the first ping between two machines, and, in the warm lab, a machine's way from its object to the
 * first answered ping. The reference is a lab of the same OVN made by a script, without a Kubernetes API (`anchors`, measured before the design).
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient } from '../src/lib/kube/client.ts';
import { readKubeconfig } from '../src/lib/kube/kubeconfig.ts';
import { CommandError, run } from '../src/lib/proc/run.ts';
import { readGuests } from '../src/services/virt/guest-record.ts';
import { guestEntry } from '../src/services/virt/guests.ts';
import { network, R, subnet, vpc } from '../test/support/objects.ts';
import { WeftHome } from '../test/support/weft.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

/** seconds from nothing to the first ping, three nodes, made by hand */
const BY_HAND = 0.5;
const NAME = `bench${process.pid}`;

export async function benchLab({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  process.env['WEFT_ENGINE_ROOT'] = engineRoot;
  const home = await WeftHome.make();
  try {
    // compiled modules are kept by the first start: a warm engine is one that was used
    await home.start(NAME);
    await home.ok(['lab', 'down', '--name', NAME]);
    log('lab: up with three nodes, to the first ping between two machines');
    const started = performance.now();
    await home.start(NAME);
    const up = seconds(started);
    const lab = new Guests(home, new KubeClient(readKubeconfig(`${home.directory}/labs/${NAME}/kubeconfig`)));
    await lab.declareNetwork();
    await Promise.all([lab.create('a', '10.0.9.1', 'node1'), lab.create('b', '10.0.9.2', 'node2')]);
    // a ping at a machine that does not run yet would measure the second that ARP waits
    await lab.untilRunning('b', 'node2');
    await lab.untilAnswered('a', 'node1', '10.0.9.2');
    const first = seconds(started);
    log('vm ping: from the object to the first answer, warm');
    const samples: number[] = [];
    for (let index = 0; index < (quick ? 3 : 12); index += 1) {
      const address = `10.0.8.${index + 1}`;
      const begun = performance.now();
      const node = `node${(index % 3) + 1}`;
      await lab.create(`p${index}`, address, node);
      await lab.untilAnswered(`p${index}`, node, '10.0.9.1');
      samples.push(seconds(begun));
    }
    await lab.close();
    return [
      {
        name: 'lab',
        value: first,
        unit: 's',
        reference: BY_HAND,
        referenceName: 'the same OVN made by a script, without a Kubernetes API',
        ratio: BY_HAND / first,
      },
      { name: 'lab up', value: up, unit: 's', reference: 0, referenceName: 'reported', ratio: 1 },
      ...[50, 99].map((rank) => ({
        name: `vm ping p${rank}`,
        value: percentile(samples, rank),
        unit: 's',
        reference: 0,
        referenceName: 'reported',
        ratio: 1,
      })),
    ];
  } finally {
    await home.remove();
  }
}

function seconds(since: number): number {
  return (performance.now() - since) / 1000;
}

class Guests {
  readonly #home: WeftHome;
  readonly #client: KubeClient;

  constructor(home: WeftHome, client: KubeClient) {
    this.#home = home;
    this.#client = client;
  }

  async declareNetwork(): Promise<void> {
    await this.#client.create(R.vpcs, vpc('bench-vpc'));
    await this.#client.create(R.subnets, subnet('bench', 'bench-vpc', '10.0.0.0/16'));
    await this.#client.create(R.attachments, network('bench', 'bench'));
  }

  async create(name: string, address: string, node: string): Promise<void> {
    await this.#client.create(R.vms, {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: { name, namespace: 'default' },
      spec: {
        runStrategy: 'Always',
        template: {
          metadata: {
            annotations: {
              'k8s.v1.cni.cncf.io/networks': 'bench',
              'bench.default.ovn.kubernetes.io/ip_address': address,
            },
          },
          spec: { nodeSelector: { 'kubernetes.io/hostname': node } },
        },
      },
    } as never);
  }

  /** Pings from inside a guest, as soon as it is one, until there is an answer. */
  async untilAnswered(guest: string, node: string, address: string): Promise<void> {
    const end = performance.now() + 30_000;
    for (;;) {
      const entry = this.#entry(guest, node);
      try {
        if (entry === undefined) await sleep(10);
        else return void (await run([...entry, 'ping', '-n', '-c', '1', '-W', '1', address], { deadline: 5 }));
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
      }
      if (performance.now() > end) throw new Error(`no answer from ${address} within 30 s`);
    }
  }

  async untilRunning(guest: string, node: string): Promise<void> {
    while (this.#entry(guest, node) === undefined) await sleep(10);
  }

  /** the command that enters a guest; undefined until it is one */
  #entry(guest: string, node: string): readonly string[] | undefined {
    const folder = join(this.#home.directory, 'labs', NAME, 'run', node, 'weft');
    const found = readGuests(folder).find(({ vm, ready }) => vm === guest && ready);
    return found && guestEntry(found);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
