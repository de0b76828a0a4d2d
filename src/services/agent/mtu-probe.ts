/** The largest packet that passes between two tunnel addresses: ICMP echo that must not be fragmented (RFC 1191), since links drop what is too large without a word. */
import { run } from '../../lib/proc/run.ts';

/** bytes of IP and ICMP headers around what ping sends */
const headers = (address: string) => (address.includes(':') ? 48 : 28);
/** every link must carry that (RFC 8200, RFC 791) */
const least = (address: string) => (address.includes(':') ? 1280 : 576);
/** seconds, and between two echoes: as many as fit must all be lost before a size counts as too large */
const DEADLINE = '1';
const BETWEEN = '0.2';

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
  // `probe`: what the kernel remembers of the path does not answer for it
  const packet = ['-M', 'probe', '-s', size, '-I', from];
  const command = ['ping', '-n', '-q', '-c', '1', '-w', DEADLINE, '-i', BETWEEN, ...packet, to];
  return run(command, { deadline: 5 }).then(
    () => true,
    () => false,
  );
}
