/**
 * Configuration of FRR's bfdd(8), which others may have sessions in too: what is ours follows the profile, and nothing else is touched.
 * Also reads what it answers.
 */
import { type RouterSession, sessionKey } from './routers.ts';

const PROFILE = 'weft-uplink';
/** milliseconds, and how many of them without a packet are a failure (RFC 5880, section 6.8.4) */
const INTERVAL = 100;
const MULTIPLIER = 3;

/** what the daemon says of a session: `unknown` says nothing about the way to the router */
export type SessionState = 'up' | 'down' | 'unknown';

export interface SessionReport {
  readonly state: SessionState;
  /** it is down after it has been up */
  readonly lost: boolean;
}

/** The lines of vtysh(1) that lead from a running configuration to these sessions; none when there is nothing to do. */
export function bfdLines(running: string, sessions: readonly RouterSession[]): readonly string[] {
  const has = ourPeers(running);
  const wanted = new Set(sessions.map(peerWords));
  const surplus = [...has].filter((peer) => !wanted.has(peer));
  const missing = [...wanted].filter((peer) => !has.has(peer));
  if (surplus.length + missing.length === 0) return [];
  const profile = [
    `profile ${PROFILE}`,
    `transmit-interval ${INTERVAL}`,
    `receive-interval ${INTERVAL}`,
    `detect-multiplier ${MULTIPLIER}`,
    'exit',
  ];
  return [
    'configure terminal',
    'bfd',
    ...surplus.map((peer) => `no ${peer}`),
    ...(missing.length > 0 ? profile : []),
    ...missing.flatMap((peer) => [peer, `profile ${PROFILE}`, 'no shutdown', 'exit']),
    'end',
  ];
}

function peerWords({ router, device, local }: RouterSession): string {
  return `peer ${router}${local === undefined ? '' : ` local-address ${local}`} interface ${device}`;
}

/** `peer ...` of each session with our profile */
function ourPeers(running: string): ReadonlySet<string> {
  const ours = new Set<string>();
  let peer: string | undefined;
  for (const line of running.split('\n')) {
    const words = line.trim();
    if (line.startsWith(' peer ')) peer = words;
    else if (words === 'exit' || /^\S/.test(line)) peer = undefined;
    else if (peer !== undefined && words === `profile ${PROFILE}`) ours.add(peer);
  }
  return ours;
}

/** Of `show bfd peers json`: session -> its state. What is not understood is left out. */
export function readSessions(text: string): ReadonlyMap<string, SessionReport> {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return new Map();
  }
  if (!Array.isArray(list)) return new Map();
  return new Map(
    list.flatMap((entry: unknown) => {
      const { peer, interface: device, ...rest } = (entry ?? {}) as Readonly<Record<string, unknown>>;
      if (typeof peer !== 'string' || typeof device !== 'string') return [];
      return [[sessionKey({ router: peer, device }), reportOf(rest)] as const];
    }),
  );
}

function reportOf({
  status,
  diagnostic,
  'remote-diagnostic': remote,
}: Readonly<Record<string, unknown>>): SessionReport {
  if (status === 'up') return { state: 'up', lost: false };
  // somebody has taken the session out of service, which says nothing about the way (RFC 5882, section 3.2)
  const isAdministrative = status === 'shutdown' || remote === 'administratively down';
  if (isAdministrative || (status !== 'down' && status !== 'init')) return { state: 'unknown', lost: false };
  return { state: 'down', lost: typeof diagnostic === 'string' && diagnostic !== 'ok' };
}
