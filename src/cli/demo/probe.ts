/** Makes one check with real packets, from inside the guest. */
import type { Check, Probe } from './checks.ts';

export interface GuestResult {
  readonly code: number;
  readonly stdout: string;
}

/** runs a command inside a guest, `namespace/name` */
export type InGuest = (guest: string, command: readonly string[]) => Promise<GuestResult>;

export interface Result {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly what: string;
  readonly expect: 'reach' | 'blocked';
  readonly got: 'reach' | 'blocked';
  readonly ok: boolean;
  readonly why: string;
}

/** IPv4 and ICMP headers */
const ICMP_OVERHEAD = 28;
/** seconds that a silent target is waited for */
const PATIENCE = 1;
/** rounds that a target which must answer has: right after a start, flows may still be on their way to the other node */
const ROUNDS = 5;

/** @param address of the target, in the family of the check */
export async function probe(
  { from, to, probe: how, expect, why }: Check,
  address: string,
  inGuest: InGuest,
): Promise<Result> {
  const once = () =>
    how.what === 'tcp/8080' ? overTcp(from, to, address, inGuest) : byPing(from, address, how, inGuest);
  let reached = await once();
  for (let round = 1; round < ROUNDS && !reached && expect === 'reach'; round += 1) reached = await once();
  const got = reached ? 'reach' : 'blocked';
  return { from, to, address, what: how.what, expect, got, ok: got === expect, why };
}

/** A packet may be lost while a neighbour's address is asked for: one answer of three is an answer. */
async function byPing(from: string, address: string, how: Probe, inGuest: InGuest): Promise<boolean> {
  const flags = ['-n', '-c', '3', '-i', '0.2', '-W', String(PATIENCE)];
  if ('bytes' in how) flags.push('-M', 'do', '-s', String(how.bytes - ICMP_OVERHEAD));
  if (!('source' in how)) return (await inGuest(from, ['ping', ...flags, address])).code === 0;
  await inGuest(from, ['ip', 'addr', 'add', `${how.source}/32`, 'dev', 'eth0']);
  try {
    return (await inGuest(from, ['ping', ...flags, '-I', how.source, address])).code === 0;
  } finally {
    await inGuest(from, ['ip', 'addr', 'del', `${how.source}/32`, 'dev', 'eth0']);
  }
}

/** The target answers one connection with its name; the server ends by itself. */
async function overTcp(from: string, to: string, address: string, inGuest: InGuest): Promise<boolean> {
  const server = inGuest(to, ['timeout', '4', 'busybox', 'nc', '-l', '-p', '8080', '-e', '/bin/echo', to]);
  let answer = '';
  for (let attempt = 0; attempt < 10 && answer === ''; attempt += 1) {
    answer = (await inGuest(from, ['busybox', 'nc', '-w', String(PATIENCE), address, '8080'])).stdout.trim();
    if (answer === '') await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await server;
  return answer === to;
}
