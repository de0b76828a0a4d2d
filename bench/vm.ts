/**
 * Live migrations of a namespace guest while another machine pings it every 5 ms. The reference is the same move in the same lab by hand: a port
 * of nobody's, `ovn-nbctl` for its two chassis, `ovs-vsctl` for its devices, and no Kubernetes object, controller or agent.
 *
 * The gap is what the network adds: how long requests went unanswered (5 ms each), and by how much the answer after them was later than usual.
 */
import { networkOf, batchIn } from '../src/services/virt/machine/in-namespace.ts';
import type { MachinePlan, PodSide } from '../src/services/virt/machine/machine.ts';
import { namespaceKind } from '../src/services/virt/machine/namespace-machine.ts';
import { endSandbox, startSandbox } from '../src/services/virt/machine/sandbox.ts';
import type { NamespaceMachine } from '../src/services/virt/machine/wires.ts';
import { network, subnet, vpc } from '../test/support/objects.ts';
import { TestLab } from '../test/support/test-lab.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const MOVES = 50;
/** milliseconds between pings */
const INTERVAL = 5;
/** pings around one move */
const PINGS = 400;
const NODES = ['node1', 'node3'] as const;
const HAND = { port: 'byhand', mac: '02:00:00:00:77:01', address: '10.0.77.1' } as const;

interface Gaps {
  /** milliseconds, in the order of the moves */
  readonly samples: number[];
  twice: number;
}

export async function benchVm({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  process.env['WEFT_ENGINE_ROOT'] = engineRoot;
  const lab = await TestLab.make('bench');
  let hand: ByHand | undefined;
  try {
    await lab.up('--nodes', '3');
    await lab.declare(vpc('red'), subnet('net1', 'red', '10.0.0.0/16'), network('n1', 'net1'));
    await lab.declare(machineOn('a'), machineOn('b', 'node2'));
    await running(lab, 'default/b');
    const address = await running(lab, 'default/a');
    await reached(lab, address);
    hand = await ByHand.make(lab);
    await reached(lab, HAND.address);
    const { stdout: where } = await lab.kubectl('get', 'vmi', 'a', '-o', 'jsonpath={.status.nodeName}');
    const start = where === NODES[0] ? 1 : 0;
    const moves = quick ? 5 : MOVES;
    const [weft, reference]: [Gaps, Gaps] = [
      { samples: [], twice: 0 },
      { samples: [], twice: 0 },
    ];
    const seconds: number[] = [];
    for (let move = 0; move < moves; move += 1) {
      // one after the other, so that both meet the same foreign load
      await measured(lab, address, weft, async () => {
        const to = NODES[(move + start) % 2]!;
        const { stdout } = await lab.weft('vm', 'migrate', 'a', '--to', to, '-o', 'json');
        seconds.push((JSON.parse(stdout) as { seconds: number }).seconds);
      });
      await measured(lab, HAND.address, reference, () => hand!.move());
      if ((move + 1) % 10 === 0) log(`vm migrate: ${move + 1} moves`);
    }
    return [
      ...[50, 99].map((rank) =>
        beside(`vm migrate gap p${rank}`, percentile(weft.samples, rank), percentile(reference.samples, rank), 'ms'),
      ),
      beside('vm migrate gap first', weft.samples[0]!, reference.samples[0]!, 'ms'),
      beside('vm migrate answered twice', weft.twice, reference.twice, 'answers'),
      ...[50, 99].map((rank) => ({
        name: `vm migrate time p${rank}`,
        value: percentile(seconds, rank),
        unit: 's',
        reference: 0,
        referenceName: 'reported',
        ratio: 1,
      })),
    ];
  } finally {
    await hand?.remove();
    await lab.remove();
  }
}

function beside(name: string, value: number, reference: number, unit: string): BenchResult {
  // a gap below one interval is none
  const [own, other] = [Math.max(value, 1), Math.max(reference, 1)];
  return { name, value, unit, reference, referenceName: 'the same move by hand', ratio: other / own };
}

/** @param node where it has to be; it can move when this is left out */
function machineOn(name: string, node?: string): unknown {
  const annotations = { 'k8s.v1.cni.cncf.io/networks': 'n1' };
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name, namespace: 'default' },
    spec: {
      runStrategy: 'Always',
      template: {
        metadata: { annotations },
        spec: node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } },
      },
    },
  };
}

/** @returns its address, when it has one */
async function running(lab: TestLab, guest: string): Promise<string> {
  for (;;) {
    const address = await lab.address(guest);
    if (address !== '') return address;
  }
}

async function reached(lab: TestLab, address: string): Promise<void> {
  for (let tries = 1; (await lab.guest('default/b', 'ping', '-c', '1', '-W', '1', address)).code !== 0; tries += 1)
    if (tries === 30) throw new Error(`no answer from ${address}`);
}

async function measured(lab: TestLab, address: string, gaps: Gaps, move: () => Promise<unknown>): Promise<void> {
  const every = String(INTERVAL / 1000);
  const ping = lab.guest('default/b', 'ping', '-i', every, '-c', String(PINGS), '-W', '1', address);
  await new Promise((resolve) => setTimeout(resolve, 500));
  await move();
  const { stdout } = await ping;
  gaps.samples.push(longestGap(stdout));
  gaps.twice += Number(/\+(\d+) duplicates/.exec(stdout)?.[1] ?? 0);
}

/** @returns milliseconds */
function longestGap(text: string): number {
  const answers = [...text.matchAll(/icmp_seq=(\d+) ttl=\d+ time=([\d.]+) ms$/gm)].map(([, seq, time]) => ({
    seq: Number(seq),
    time: Number(time),
  }));
  const usual = percentile(
    answers.map(({ time }) => time),
    50,
  );
  const gaps = answers.slice(1).flatMap(({ seq, time }, index) => {
    const missing = seq - answers[index]!.seq - 1;
    return missing > 0 ? [missing * INTERVAL + Math.max(0, time - usual)] : [];
  });
  return Math.max(0, ...gaps);
}

/** A machine that nobody but this bench knows of, with a pod's worth of devices on two nodes. */
class ByHand {
  readonly #lab: TestLab;
  readonly #pods: readonly PodSide[];
  #machine: NamespaceMachine;
  #at = 0;

  private constructor(lab: TestLab, pods: readonly PodSide[], machine: NamespaceMachine) {
    this.#lab = lab;
    this.#pods = pods;
    this.#machine = machine;
  }

  static async make(lab: TestLab): Promise<ByHand> {
    const { port, mac, address } = HAND;
    const addresses = `${mac} ${address}`;
    await lab.nbctl('lsp-add', 'net1', port, '--', 'lsp-set-addresses', port, addresses);
    await lab.nbctl('--wait=hv', 'lsp-set-options', port, `requested-chassis=${NODES[0]}`);
    const pods: PodSide[] = [];
    for (const [index, node] of NODES.entries()) {
      const pause = await startSandbox(port, async () => undefined);
      pods.push({ sandbox: String(index).repeat(64), pause });
      await batchIn(`/run/netns/weft-${lab.name}-${node}`, 'ip', [
        `link add hand0 mtu 9216 type veth peer name eth0 address ${mac} mtu 1400 netns ${networkOf(pause)}`,
        `link set hand0 up`,
      ]);
      await lab.exec(
        node,
        'ovs-vsctl',
        'add-port',
        'br-int',
        'hand0',
        '--',
        'set',
        'Interface',
        'hand0',
        `external_ids:iface-id=${port}`,
      );
    }
    const machine = await namespaceKind.start(planFor(pods[0]!), async () => undefined);
    return new ByHand(lab, pods, machine as NamespaceMachine);
  }

  async move(): Promise<void> {
    const [from, to] = [this.#at, 1 - this.#at];
    const chassis = `requested-chassis=${NODES[from]},${NODES[to]}`;
    await this.#lab.nbctl('--wait=hv', 'lsp-set-options', HAND.port, chassis, 'activation-strategy=rarp');
    const offer = namespaceKind.offer(this.#machine);
    const { machine, address } = await namespaceKind.receive(planFor(this.#pods[to]!), offer, async () => undefined);
    await namespaceKind.send(this.#machine, address);
    await this.#lab.nbctl('--wait=hv', 'lsp-set-options', HAND.port, `requested-chassis=${NODES[to]}`);
    await namespaceKind.leave(this.#machine);
    this.#machine = machine as NamespaceMachine;
    this.#at = to;
  }

  async remove(): Promise<void> {
    await namespaceKind.stop(this.#machine);
    for (const { pause } of this.#pods) await endSandbox(pause);
  }
}

function planFor(pod: PodSide): MachinePlan {
  return {
    namespace: 'default',
    name: HAND.port,
    hostname: HAND.port,
    pod,
    nics: [
      {
        index: 0,
        device: 'eth0',
        podDevice: 'eth0',
        mac: HAND.mac,
        mtu: 1400,
        addresses: [`${HAND.address}/16`],
        routes: [],
        dhcp: false,
      },
    ],
    annotations: {},
    run: '/nonexistent',
  };
}
