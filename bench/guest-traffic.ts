/** What goes on with a QEMU guest while it moves, the same for Weft's and for the one made by hand: a ping every 10 ms and a TCP connection. */
import { setTimeout as sleep } from 'node:timers/promises';
import { longestGap, pings } from './gaps.ts';

const PORT = 7777;
const WORDS = Array.from({ length: 180 }, (_, index) => String(index));
/** milliseconds of traffic before the guest is moved, and seconds of it in all */
const BEFORE = 1500;
const DURATION = 6;

/** Runs in the guest: leaves 3 MB in its memory, and answers every connection with what it hears. Says the sum of the memory. */
export const SERVE = `head -c 3000000 /dev/urandom >/root/f; md5sum /root/f; busybox nc -ll -p ${PORT} -e cat >/dev/null 2>&1 </dev/null &`;
export const SUM = 'md5sum /root/f';

export interface Traffic {
  /** the longest time without an answer, milliseconds */
  readonly gap: number;
  /** answers that came twice */
  readonly doubled: number;
  /** the connection lived on, and every word came back */
  readonly connected: boolean;
  /** what came back */
  readonly heard: string;
  /** when the first of both ended, of performance.now() */
  readonly ended: number;
}

/** @param run a command where the guest is spoken to from @returns when the guest may be moved; `seen` resolves when the traffic has ended */
export async function startTraffic(
  address: string,
  run: (...command: readonly string[]) => Promise<string>,
): Promise<{ readonly seen: Promise<Traffic> }> {
  const said = `for i in ${WORDS.join(' ')}; do echo $i; sleep 0.03; done | nc -N ${address} ${PORT}`;
  let ended = Infinity;
  const end = <T>(value: T): T => {
    ended = Math.min(ended, performance.now());
    return value;
  };
  const seen = Promise.all([run(...pings(address, DURATION)).then(end), run('sh', '-c', said).then(end)]);
  await sleep(BEFORE);
  return {
    seen: seen.then(([answers, heard]) => ({
      gap: longestGap(answers),
      doubled: [...answers.matchAll(/ \(DUP!\)/g)].length,
      connected: heard.trim() === WORDS.join('\n'),
      heard,
      ended,
    })),
  };
}
