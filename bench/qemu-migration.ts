/**
 * A QEMU guest moves, while another machine pings it every 10 ms and talks to it by TCP. The reference is the same move made by hand
 * (`hand-made-guest.ts`) in the same lab, in turns with it.
 */
import { KubeClient } from '../src/lib/kube/client.ts';
import { readKubeconfig } from '../src/lib/kube/kubeconfig.ts';
import { machine, network, R, subnet, vpc } from '../test/support/objects.ts';
import { WeftHome } from '../test/support/weft.ts';
import { longestGap, pings } from './gaps.ts';
import { HandMadeGuest } from './hand-made-guest.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const NAME = `qmove${process.pid}`;
const WORDS = Array.from({ length: 100 }, (_, index) => String(index));

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
    await inGuest('moved', 'sh', '-c', 'busybox nc -ll -p 7777 -e cat >/dev/null 2>&1 </dev/null &');
    const sum = await inGuest('moved', 'sh', '-c', 'head -c 3000000 /dev/urandom >/root/f; md5sum /root/f');
    const hand = new HandMadeGuest(home, NAME);
    await hand.start();
    const gaps: number[] = [];
    const byHand: number[] = [];
    let survived = 0;
    let connections = 0;
    const rounds = quick ? 2 : 20;
    for (let round = 1; round <= rounds; round += 1) {
      const said = `for i in ${WORDS.join(' ')}; do echo $i; sleep 0.03; done | nc -N ${address} 7777`;
      const [seen, heard] = [inGuest('probe', ...pings(address, 3)), inGuest('probe', 'sh', '-c', said)];
      await new Promise((resolve) => setTimeout(resolve, 700));
      const { code } = await weft('vm', 'migrate', 'moved');
      gaps.push(longestGap(await seen));
      if ((await heard).trim() === WORDS.join('\n')) connections += 1;
      if (code === 0 && (await inGuest('moved', 'md5sum', '/root/f')) === sum) survived += 1;
      byHand.push(await hand.move());
      log(`vm qemu migration ${round}: ${gaps.at(-1)!.toFixed(0)} ms, by hand ${byHand.at(-1)!.toFixed(0)} ms`);
    }
    await hand.stop();
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
      { name: 'vm qemu migration tcp', value: connections, unit: '', ...reported, ratio: connections / rounds },
    ];
  } finally {
    await home.remove();
  }
}
