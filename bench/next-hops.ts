/** A lab of its own: two next hops outside, watched by BFD, of which one is lost: how long the connections that passed it wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../test/support/control-plane.ts';
import { GatewayLab, OUTSIDE } from '../test/support/gateway-lab.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const HOPS = { vlan100: '172.20.100.1', vlan200: '172.20.200.1' };
/** milliseconds between two packets of BFD, and how many without an answer are a loss */
const INTERVAL = 150;
const DETECTION = 3 * INTERVAL;
const PORT = 9;
const SECONDS = 7;
const FLOWS = 16;

/** arguments: address, port, seconds, flows; sends one datagram of each flow every 10 ms; prints `<seconds since 1970> <flow>` for each answer */
const ASK = `
import select, socket, sys, time
address, port, seconds, flows = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(flows)]
for s in socks: s.connect((address, port))
end = time.time() + seconds
send = time.time()
while (now := time.time()) < end:
    if now >= send:
        for s in socks:
            try: s.send(b'x')
            except OSError: pass
        send += 0.01
    for s in select.select(socks, [], [], max(0, send - time.time()))[0]:
        try: s.recv(100)
        except OSError: continue
        print('%.4f %d' % (time.time(), socks.index(s)))
`;

export async function benchNextHops({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  process.env['WEFT_ENGINE_ROOT'] = engineRoot;
  const lab = await GatewayLab.make('nhb');
  const { at } = lab;
  try {
    await connect(lab);
    const rounds: Round[] = [];
    for (let round = 0; round < (quick ? 1 : 10); round++) {
      rounds.push(await lose(lab));
      log(`gateway next hops: ${JSON.stringify(rounds.at(-1))}`);
    }
    const p90 = percentile(
      rounds.map(({ gap }) => gap),
      90,
    );
    return [
      {
        name: 'gateway next hop lost gap p90',
        value: p90,
        unit: 'ms',
        reference: DETECTION,
        referenceName: 'that BFD needs to notice, 150 ms x 3',
        ratio: DETECTION / p90,
      },
      plain(
        'gateway next hop lost within 500 ms',
        rounds.filter(({ gap }) => gap <= 500).length,
        'rounds',
        `of ${rounds.length}`,
      ),
      plain(
        'gateway next hop back gap p90',
        percentile(
          rounds.map(({ back }) => back),
          90,
        ),
        'ms',
        'of all flows',
      ),
    ];
  } finally {
    await at.lab.remove();
  }
}

interface Round {
  /** flows that waited for more than 100 ms when the next hop was lost */
  readonly moved: number;
  /** longest gaps of one flow, milliseconds: when it was lost, and when it came back */
  readonly gap: number;
  readonly back: number;
}

/** Both next hops are in use, and their sessions are up. */
async function connect({ at }: GatewayLab): Promise<void> {
  await at.declare('Subnet', 'physical', {
    vlan: 'vlan200',
    cidrBlock: '172.20.200.0/24',
    gateway: HOPS.vlan200,
    excludeIps: ['172.20.200.1..172.20.200.19'],
  });
  await at.declare('Vpc', 'red', {
    enableExternal: true,
    extraExternalSubnets: ['external', 'physical'],
    enableBfd: true,
    staticRoutes: Object.values(HOPS).map((nextHopIP) => ({ cidr: '0.0.0.0/0', nextHopIP })),
  });
  for (const [device, subnet] of [
    ['vlan100', 'external'],
    ['vlan200', 'physical'],
  ] as const) {
    const { v4 } = await at.addressesOf(`red-${subnet}`);
    const peer = `peer ${v4} local-address ${HOPS[device]} interface ${device}`;
    const commands = [
      'configure terminal',
      'bfd',
      peer,
      `transmit-interval ${INTERVAL}`,
      `receive-interval ${INTERVAL}`,
    ];
    await at.run('tor', 'vtysh', ...commands.flatMap((command) => ['-c', command]));
  }
  await sessions(at, 'up up');
  await at.tellsUdp('internet', PORT);
}

async function lose({ at }: GatewayLab): Promise<Round> {
  await sessions(at, 'up up');
  await sleep(2000);
  const running = at.run('snat', 'python3', '-c', ASK, OUTSIDE, `${PORT}`, `${SECONDS}`, `${FLOWS}`);
  await sleep(1500);
  const lost = Date.now();
  await at.run('tor', 'ip', 'link', 'set', 'vlan200', 'down');
  await sleep(2000);
  const back = Date.now();
  await at.run('tor', 'ip', 'link', 'set', 'vlan200', 'up');
  const answers = (await running).stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number) as [number, number]);
  const flows = Map.groupBy(answers, ([, flow]) => flow);
  if (flows.size < FLOWS) throw new Error(`only ${flows.size} of ${FLOWS} flows had an answer`);
  const gaps = [...flows.values()].map((of) =>
    longest(
      of.map(([time]) => time * 1000),
      lost,
      back,
    ),
  );
  const later = [...flows.values()].map((of) =>
    longest(
      of.map(([time]) => time * 1000),
      back,
      back + 3000,
    ),
  );
  return { moved: gaps.filter((gap) => gap > 100).length, gap: Math.max(...gaps), back: Math.max(...later) };
}

/** between answers of which the first is in this time, milliseconds since 1970 */
function longest(times: readonly number[], begin: number, end: number): number {
  const gaps = times.slice(1).map((time, index) => [times[index]!, time - times[index]!] as const);
  return Math.max(0, ...gaps.filter(([since]) => since >= begin - 50 && since < end).map(([, gap]) => gap));
}

async function sessions(at: GatewayLab['at'], states: string): Promise<void> {
  await eventually(async () => {
    const find = ['--bare', '--columns=status', 'find', 'BFD', 'external_ids:weft-owner="Vpc/red"'];
    const now = (await at.lab.nbctl(...find)).split(/\s+/).filter(Boolean).toSorted().join(' ');
    if (now !== states) throw new Error(`BFD is ${now}`);
  }, 40);
}

function plain(name: string, value: number, unit: string, referenceName: string): BenchResult {
  return { name, value, unit, reference: 0, referenceName, ratio: 1 };
}
