/** The largest packet that passes between two tunnel addresses: ICMP echo that must not be fragmented (RFC 1191), since links drop what is too large without a word. */
import { run } from '../../lib/proc/run.ts';

/** bytes of IP and ICMP headers around what ping sends */
const headers = (address: string) => (address.includes(':') ? 48 : 28);
/** every link must carry that (RFC 8200, RFC 791) */
const least = (address: string) => (address.includes(':') ? 1280 : 576);
/** echoes that must all be lost before a size counts as too large */
const TRIES = 3;

/** Bytes; undefined when not even the smallest packet passes. */
export async function passingMtu(from: string, to: string, expected: number): Promise<number | undefined> {
  if (await passes(from, to, expected)) return expected;
  if (!(await passes(from, to, least(to)))) return undefined;
  let [passing, lost] = [least(to), expected];
  while (lost - passing > 1) {
    const middle = (passing + lost) >> 1;
    if (await passes(from, to, middle)) passing = middle;
    else lost = middle;
  }
  return passing;
}

async function passes(from: string, to: string, bytes: number): Promise<boolean> {
  const size = String(bytes - headers(to));
  const command = ['ping', '-n', '-q', '-M', 'do', '-c', '1', '-W', '1', '-s', size, '-I', from, to];
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const answered = await run(command, { deadline: 5 }).then(
      () => true,
      () => false,
    );
    if (answered) return true;
  }
  return false;
}
