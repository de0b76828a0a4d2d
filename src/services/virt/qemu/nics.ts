/** NICs of a machine that QEMU is, plugged and unplugged while it runs or waits. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { networkOf } from '../machine/in-namespace.ts';
import type { MachineNic, PodSide } from '../machine/machine.ts';
import { tapOf, wirePod } from '../machine/pod-wire.ts';
import { run } from '../../../lib/proc/run.ts';
import { netdevId, nicDevices, nicId } from './command-line.ts';
import { connectQmp } from './launch.ts';
import { type Qmp, QmpError } from './qmp.ts';

/** milliseconds for a guest to let a device go */
const UNPLUG_DEADLINE = 15_000;
const ASK_AGAIN = 1500;

/**
 * QEMU makes the tap device where it runs, in the node's network namespace; then the device moves to the pod's, and QEMU keeps hold of it. When
 * QEMU lets go of it, or dies, the device is gone.
 */
export async function plugNic(qmp: Qmp, directory: string, pod: PodSide, nic: MachineNic): Promise<void> {
  const tap = nodeTap(directory, nic.index);
  const { netdev, device } = nicDevices(nic, tap);
  await qmp.execute('netdev_add', netdev as Record<string, unknown>);
  const move = ['ip', 'link', 'set', tap, 'netns', networkOf(pod.pause), 'name', tapOf(nic.index)];
  await run(move, { deadline: 10 });
  await wirePod(pod, nic.podDevice, tapOf(nic.index));
  await qmp.execute('device_add', device as Record<string, unknown>);
}

/** Takes a NIC out of a guest that runs; one that is not there is fine. @throws Error when the guest does not let it go */
export async function unplugNic(directory: string, index: number): Promise<void> {
  let gone: (() => void) | undefined;
  const released = new Promise<'gone'>((resolve) => (gone = () => resolve('gone')));
  const qmp = await connectQmp(directory, {
    onEvent: ({ event, data }) => {
      if (event === 'DEVICE_DELETED' && data?.['device'] === nicId(index)) gone?.();
    },
  });
  const late = new AbortController();
  try {
    if (!(await hasNic(qmp, index))) return;
    // a guest that is busy with another change does not hear it, and must be asked again
    const ask = () =>
      qmp.execute('device_del', { id: nicId(index) }).catch((error: unknown) => {
        if (!(error instanceof QmpError)) throw error;
      });
    const asking = async () => {
      for (let tries = UNPLUG_DEADLINE / ASK_AGAIN; tries > 0; tries--) {
        await ask();
        await sleep(ASK_AGAIN, undefined, { signal: late.signal });
      }
      return 'late' as const;
    };
    if ((await Promise.race([released, asking()])) === 'late')
      throw new Error(`the guest did not let NIC ${index} go within ${UNPLUG_DEADLINE / 1000} s`);
    await qmp.execute('netdev_del', { id: netdevId(index) });
  } finally {
    late.abort();
    qmp.close();
  }
}

async function hasNic(qmp: Qmp, index: number): Promise<boolean> {
  const found = await qmp.execute<readonly { readonly name: string }[]>('qom-list', { path: '/machine/peripheral' });
  return found.some(({ name }) => name === nicId(index));
}

/** 15 bytes; another one for each NIC on the node, for the moment before it moves */
function nodeTap(directory: string, index: number): string {
  return `wq${createHash('sha256').update(`${directory}/${index}`).digest('hex').slice(0, 12)}`;
}
