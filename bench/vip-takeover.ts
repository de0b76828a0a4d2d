/** A lab of its own: two machines that share an address by keepalived; one dies or hands it over, beside a ping every 10 ms. */
import { setTimeout as sleep } from 'node:timers/promises';
import { InternetLab } from '../test/support/internet-lab.ts';
import { ADVERTISEMENT, endKeepalived, keepalived } from '../test/support/keepalived.ts';
import { machineOn, network, subnet, vpc } from '../test/support/objects.ts';
import { longestGapBetween, pings } from './gaps.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const SHARED = '10.1.1.150';
const PRIORITY = 100;
/** seconds */
const LASTS = 1.5;
/** milliseconds of RFC 9568, 6.1: Skew_Time, and Active_Down_Interval of the machine that takes over */
const SKEW = ((256 - PRIORITY) / 256) * ADVERTISEMENT;
const DOWN = 3 * ADVERTISEMENT + SKEW;

/** how the first one loses it, and gets it back */
const FAULTS = {
  dies: {
    reference: DOWN,
    strike: (at: InternetLab) => at.run('first', 'ip', 'link', 'set', 'eth0', 'down'),
    heal: (at: InternetLab) => at.run('first', 'ip', 'link', 'set', 'eth0', 'up'),
  },
  'hands it over': {
    reference: SKEW,
    strike: (at: InternetLab) => endKeepalived(at, 'first'),
    heal: (at: InternetLab) => keepalived(at, 'first', PRIORITY + 20, [`${SHARED}/32`]),
  },
} as const;

export async function benchVipTakeover({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  process.env['WEFT_ENGINE_ROOT'] = engineRoot;
  const at = await InternetLab.make('vtb');
  try {
    await prepare(at);
    const results: BenchResult[] = [];
    for (const [name, { reference, strike, heal }] of Object.entries(FAULTS)) {
      const gaps: number[] = [];
      for (let round = 0; round < (quick ? 1 : 10); round++) {
        await at.answers('near', SHARED, /^first /);
        await sleep(1000);
        const running = at.run('near', ...pings(SHARED, LASTS + 1));
        await sleep(500);
        const begin = Date.now() / 1000;
        await strike(at);
        gaps.push(longestGapBetween((await running).stdout, begin, begin + LASTS - 0.2));
        await at.answers('near', SHARED, /^second /);
        log(`gateway vip ${name}: ${gaps.at(-1)} ms`);
        await heal(at);
      }
      const p90 = percentile(gaps, 90);
      results.push({
        name: `gateway vip ${name} gap p90`,
        value: p90,
        unit: 'ms',
        reference,
        referenceName: `VRRP's own timers, ${ADVERTISEMENT} ms`,
        ratio: reference / p90,
      });
    }
    return results;
  } finally {
    await at.lab.remove();
  }
}

async function prepare(at: InternetLab): Promise<void> {
  const sharing = (name: string, node: string) => {
    const made = machineOn(name, 'red-a', node);
    const annotations = { ...made.metadata.annotations, 'ovn.kubernetes.io/aaps': 'front' };
    return { ...made, metadata: { ...made.metadata, annotations } };
  };
  await at.lab.declare(
    vpc('red', {}),
    subnet('red-a', 'red', '10.1.1.0/24'),
    network('red-a', 'red-a'),
    sharing('first', 'node1'),
    sharing('second', 'node2'),
  );
  await at.declare('Vip', 'front', { subnet: 'red-a', namespace: 'default', v4ip: SHARED });
  await at.machines({ near: ['red-a', 'node3'] });
  for (const name of ['first', 'second']) {
    await at.lab.running(`default/${name}`);
    await at.tells(name);
  }
  await keepalived(at, 'first', PRIORITY + 20, [`${SHARED}/32`]);
  await keepalived(at, 'second', PRIORITY, [`${SHARED}/32`]);
}
