/**
 * A QEMU guest moves, while another machine pings it every 10 ms and talks to it by TCP. The reference is the same move made by hand under the
 * same traffic (`hand-made-guest.ts`) in the same lab, in turns with it.
 */
import { KubeClient } from '../src/lib/kube/client.ts';
import { readKubeconfig } from '../src/lib/kube/kubeconfig.ts';
import { machine, network, R, subnet, vpc } from '../test/support/objects.ts';
import { WeftHome } from '../test/support/weft.ts';
import { startTraffic, SERVE, SUM } from './guest-traffic.ts';
import { HandMadeGuest } from './hand-made-guest.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const NAME = `qmove${process.pid}`;

export async function benchQemuMigration({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  process.env['WEFT_ENGINE_ROOT'] = engineRoot;
  const home = await WeftHome.make();
  const weft = (...args: readonly string[]) => home.weft(args, { env: { WEFT_LAB: NAME } });
  const inGuest = async (vm: string, ...command: readonly string[]) =>
    (await weft('vm', 'exec', vm, '--', ...command)).stdout;
  try {
    await home.start(NAME);
    const client = new KubeClient(readKubeconfig(`${home.directory}/labs/${NAME}/kubeconfig`));
    await client.create(R.vpcs, vpc('bench-vpc'));
    await client.create(R.subnets, subnet('bench', 'bench-vpc', '10.0.0.0/16'));
    await client.create(R.attachments, network('bench', 'bench'));
    const { metadata, ...rest } = machine('moved', 'bench');
    const annotations = { ...metadata.annotations, 'weft.lab/guest': 'qemu' };
    await client.create(R.vms, machine('probe', 'bench'));
    await client.create(R.vms, { ...rest, metadata: { ...metadata, annotations } });
    for (const vm of ['probe', 'moved']) await weft('vm', 'start', vm, '--deadline', '120');
    const address = (await inGuest('moved', 'sh', '-c', 'ip -4 -o addr show eth0 | sed "s/.*inet //; s,/.*,,"')).trim();
    const sum = await inGuest('moved', 'sh', '-c', SERVE);
    const hand = new HandMadeGuest(home, NAME);
    await hand.start();
    const gaps: number[] = [];
    const byHand: number[] = [];
    let survived = 0;
    let connections = 0;
    let answeredTwice = 0;
    let unseen = 0;
    let byHandTwice = 0;
    let byHandConnections = 0;
    const rounds = quick ? 2 : 20;
    for (let round = 1; round <= rounds; round += 1) {
      const { seen } = await startTraffic(address, (...command) => inGuest('probe', ...command));
      const { code } = await weft('vm', 'migrate', 'moved');
      const moved = performance.now();
      const { gap, doubled, connected, heard, ended } = await seen;
      // what moved when nobody spoke with it any more shows nothing
      if (ended < moved) unseen += 1;
      gaps.push(gap);
      answeredTwice += doubled;
      if (connected) connections += 1;
      else log(`vm qemu migration ${round}: of the connection came back ${JSON.stringify(heard.slice(-40))}`);
      if (code === 0 && (await inGuest('moved', 'sh', '-c', SUM)) === sum) survived += 1;
      const reference = await hand.move();
      byHand.push(reference.gap);
      byHandTwice += reference.doubled;
      if (reference.connected) byHandConnections += 1;
      log(`vm qemu migration ${round}: ${gaps.at(-1)!.toFixed(0)} ms, by hand ${byHand.at(-1)!.toFixed(0)} ms`);
    }
    await hand.stop();
    if (unseen > 0) log(`vm qemu migration: ${unseen} of them took longer than what spoke with the guest`);
    await client.close();
    const [value, reference] = [percentile(gaps, 50), percentile(byHand, 50)];
    const reported = { reference: rounds, referenceName: 'migrations' };
    return [
      {
        name: 'vm qemu migration p50',
        value,
        unit: 'ms',
        reference,
        referenceName: 'by hand',
        ratio: reference / value,
      },
      { name: 'vm qemu migration alive', value: survived, unit: '', ...reported, ratio: survived / rounds },
      {
        name: 'vm qemu migration tcp',
        value: connections,
        unit: '',
        reference: byHandConnections,
        referenceName: 'by hand',
        ratio: connections / byHandConnections,
      },
      {
        name: 'vm qemu migration answered twice',
        value: answeredTwice,
        unit: 'answers',
        reference: byHandTwice,
        referenceName: 'by hand',
        ratio: 1,
      },
    ];
  } finally {
    await home.remove();
  }
}
