/** What translation costs: the same nodes and the same gateway, with SNAT and without. */
import type { GatewayLab } from '../test/support/gateway-lab.ts';
import { OUTSIDE } from '../test/support/gateway-lab.ts';
import { type HandMadeGateway, PLAIN } from './hand-made-gateway.ts';
import { percentile } from './percentile.ts';
import type { BenchResult } from './result.ts';

export async function measureNat(
  lab: GatewayLab,
  hand: HandMadeGateway,
  quick: boolean,
  log: (line: string) => void,
): Promise<BenchResult[]> {
  log('gateway: throughput and latency with NAT and without, in turn');
  await lab.at.run('internet', 'iperf3', '-s', '-D');
  const seconds = quick ? '2' : '5';
  const ends = {
    nat: (...command: readonly string[]) => lab.at.run('snat', ...command),
    plain: (...command: readonly string[]) => hand.run(...command),
  };
  const bits = { nat: [] as number[], plain: [] as number[] };
  const delay = { nat: [] as number[], plain: [] as number[] };
  for (let round = 0; round < (quick ? 1 : 3); round++)
    for (const way of ['nat', 'plain'] as const) {
      const bound = way === 'plain' ? ['-B', PLAIN] : [];
      const { stdout } = await ends[way]('iperf3', '-c', OUTSIDE, '-t', seconds, '-J', ...bound);
      const { end } = JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } };
      bits[way].push(end.sum_received.bits_per_second / 1e6);
      const pinged = await ends[way](
        'ping',
        '-c',
        '200',
        '-i',
        '0.01',
        ...(way === 'plain' ? ['-I', PLAIN] : []),
        OUTSIDE,
      );
      delay[way].push(...[...pinged.stdout.matchAll(/time=([\d.]+)/g)].map((match) => Number(match[1])));
    }
  const [rate, rateWithout] = [percentile(bits.nat, 50), percentile(bits.plain, 50)];
  const [late, lateWithout] = [percentile(delay.nat, 50), percentile(delay.plain, 50)];
  const referenceName = 'the same path without NAT';
  return [
    {
      name: 'gateway nat throughput',
      value: rate,
      unit: 'Mbit/s',
      reference: rateWithout,
      referenceName,
      ratio: rate / rateWithout,
    },
    {
      name: 'gateway nat round trip p50',
      value: late,
      unit: 'ms',
      reference: lateWithout,
      referenceName,
      ratio: lateWithout / late,
    },
  ];
}
