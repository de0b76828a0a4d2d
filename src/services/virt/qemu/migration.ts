/**
 * Live migration of a QEMU to another one. Pre-copy; when the guest dirties memory faster than it is sent, post-copy, if both kernels let QEMU
 * handle page faults. The target announces the guest by RARP on every NIC as soon as it runs there.
 * https://www.qemu.org/docs/master/devel/migration/main.html
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Qmp, QmpError } from './qmp.ts';

/** milliseconds: ten announcements within half a second, the first at once */
const ANNOUNCE = { 'announce-initial': 10, 'announce-max': 100, 'announce-rounds': 8, 'announce-step': 10 };
/** milliseconds between looks, when no event says that there is something to see: each one holds QEMU up */
const LOOK = 100;
/**
 * milliseconds that a guest has the processors to itself after it has arrived: its code must be translated anew, and whoever waits for its first
 * answers waits longer the more is done beside it. Nothing that follows is urgent: OVN has opened the port by the RARP.
 */
const SETTLE = 250;
/** milliseconds for a source that failed or was called off to run again */
const RECOVERY = 10_000;
const RECOVERY_LOOK = 5;

export interface SendSettings {
  /** milliseconds of pre-copy after which it is given up for post-copy */
  readonly convergence: number;
  /** bytes a second of pre-copy */
  readonly bandwidth: number;
}

const SETTINGS: SendSettings = { convergence: 5000, bandwidth: 1_048_576_000 };
/** milliseconds that the guest may stand still */
const DOWNTIME = 50;

/** where a target listens, as it travels to the source */
export interface Address {
  readonly uri: string;
  readonly postcopy: boolean;
}

interface MigrationInfo {
  readonly status?: string;
  readonly 'error-desc'?: string;
  readonly 'socket-address'?: readonly { readonly type: string; readonly host?: string; readonly port?: string }[];
}

/** @throws Error for what is no address */
export function parseAddress(text: string): Address {
  const { uri, postcopy } = JSON.parse(text) as Partial<Address>;
  // it comes from the API: QEMU would also take exec: and file:
  if (typeof uri !== 'string' || !/^tcp:[0-9a-fA-F.:[\]]+:\d+$/.test(uri))
    throw new Error(`${JSON.stringify(text)} is not where a machine can be sent`);
  return { uri, postcopy: postcopy === true };
}

/** Target: listens on the node's address, by a port that is free. */
export async function listen(qmp: Qmp, host: string): Promise<Address> {
  const postcopy = await prepare(qmp, true);
  const at = host.includes(':') ? `[${host}]` : host;
  await qmp.execute('migrate-incoming', { uri: `tcp:${at}:0` });
  const { 'socket-address': sockets = [] } = await qmp.execute<MigrationInfo>('query-migrate');
  const port = sockets.find(({ type }) => type === 'inet')?.port;
  if (port === undefined) throw new Error('QEMU does not say on which port it listens');
  return { uri: `tcp:${at}:${port}`, postcopy };
}

/** Source: resolves when the guest has left, and has settled where it is. @throws Error when it has not, and runs on */
export async function sendTo(
  qmp: Qmp,
  { uri, postcopy }: Address,
  signal?: AbortSignal,
  settings: Partial<SendSettings> = {},
): Promise<void> {
  const { convergence, bandwidth } = { ...SETTINGS, ...settings };
  if (!isActive((await qmp.execute<MigrationInfo>('query-migrate')).status)) {
    if (await hasGone(qmp)) return;
    signal?.throwIfAborted();
    await prepare(qmp, postcopy);
    const limits = { 'downtime-limit': DOWNTIME, 'max-bandwidth': bandwidth, 'max-postcopy-bandwidth': 0 };
    await qmp.execute('migrate-set-parameters', limits);
    await qmp.execute('migrate', { uri });
  }
  const why = await follow(qmp, postcopy ? convergence : Infinity, signal);
  if (why === undefined) return sleep(SETTLE);
  await untilItRuns(qmp);
  throw new Error(`the guest could not be sent: ${why}`);
}

/** Source: whether the guest has left. (`query-migrate` may speak of how the guest came here.) */
export async function hasGone(qmp: Qmp): Promise<boolean> {
  return (await qmp.execute<{ readonly status: string }>('query-status')).status === 'postmigrate';
}

/** Target: resolves when the guest runs here, and has settled. @throws Error when QEMU ends before */
export async function untilArrived(qmp: Qmp, signal?: AbortSignal): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    const seen = qmp.events;
    const { status } = await qmp.execute<{ readonly status: string }>('query-status');
    if (status === 'paused') await qmp.execute('cont');
    if (status === 'running' || status === 'paused') return sleep(SETTLE);
    await qmp.eventAfter(seen, LOOK, signal);
  }
}

/** @returns whether post-copy can be had */
async function prepare(qmp: Qmp, wantsPostcopy: boolean): Promise<boolean> {
  const capabilities = (postcopy: boolean) => ({
    capabilities: [
      { capability: 'events', state: true },
      { capability: 'mapped-ram', state: false },
      { capability: 'postcopy-ram', state: postcopy },
    ],
  });
  const postcopy =
    wantsPostcopy &&
    (await qmp.execute('migrate-set-capabilities', capabilities(true)).then(
      () => true,
      (error: unknown) => {
        if (error instanceof QmpError) return false;
        throw error;
      },
    ));
  if (!postcopy) await qmp.execute('migrate-set-capabilities', capabilities(false));
  await qmp.execute('migrate-set-parameters', ANNOUNCE);
  return postcopy;
}

function isActive(status: string | undefined): boolean {
  return status !== undefined && !['none', 'completed', 'failed', 'cancelled'].includes(status);
}

/** @param patience milliseconds until post-copy @returns why it failed */
async function follow(qmp: Qmp, patience: number, signal?: AbortSignal): Promise<string | undefined> {
  const start = performance.now();
  let cancelled = false;
  let inPostcopy = false;
  for (;;) {
    const seen = qmp.events;
    const { status, 'error-desc': why } = await qmp.execute<MigrationInfo>('query-migrate');
    if (status === 'completed') return undefined;
    if (status === 'cancelled') return 'it was called off';
    if (status === 'failed') return why ?? 'QEMU does not say why';
    // half of the guest is there: it can run nowhere without the other half
    if (status === 'postcopy-paused') return 'the connection broke in the middle of post-copy';
    if (signal?.aborted && !cancelled && !inPostcopy) {
      cancelled = true;
      await qmp.execute('migrate_cancel');
    }
    if (!inPostcopy && !cancelled && status === 'active' && performance.now() - start > patience) {
      inPostcopy = true;
      await qmp.execute('migrate-start-postcopy');
    }
    await qmp.eventAfter(seen, LOOK);
  }
}

async function untilItRuns(qmp: Qmp): Promise<void> {
  for (const end = performance.now() + RECOVERY; performance.now() < end; await sleep(RECOVERY_LOOK)) {
    const { status } = await qmp.execute<{ readonly status: string }>('query-status');
    if (status === 'running') return;
    if (status === 'paused' || status === 'postmigrate') await qmp.execute('cont').catch(() => undefined);
  }
}
