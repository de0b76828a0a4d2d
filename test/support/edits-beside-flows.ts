/** Traffic while rules are edited that are not about it, and such edits of who may talk. */
import type { SubnetSpec } from '../../src/kinds/subnet.ts';
import type { TestLab } from './test-lab.ts';
import { tcpStream, udpFlow } from './traffic.ts';

export interface FlowEnd {
  /** namespace/name */
  readonly guest: string;
  readonly v4: string;
  readonly v6: string;
}

export interface Flows {
  /** datagrams every 2 ms each way between a guest inside and one who may talk to it: sent, and what is missing */
  readonly passed: number;
  readonly lost: number;
  /** datagrams each way between the guest inside and one who may not talk to it: sent, and what came through */
  readonly blocked: number;
  readonly leaked: number;
  /** bytes of a TCP stream to the guest inside, and how many of them did not come, or came wrong */
  readonly streamed: number;
  readonly spoilt: number;
}

export interface RunningFlows {
  readonly seen: Promise<Flows>;
  ended(): boolean;
}

/** For some seconds: flows that pass by IPv4, flows that must not by IPv6, and a stream by IPv6. */
export function startFlows(
  lab: TestLab,
  { inside, allowed, outsider }: { readonly inside: FlowEnd; readonly allowed: FlowEnd; readonly outsider: FlowEnd },
  seconds: number,
): RunningFlows {
  let ended = false;
  const seen = Promise.all([
    udpFlow(lab, allowed.guest, inside.v4, 9001, seconds),
    udpFlow(lab, inside.guest, allowed.v4, 9001, seconds),
    udpFlow(lab, outsider.guest, inside.v6, 9002, seconds),
    udpFlow(lab, inside.guest, outsider.v6, 9002, seconds),
    tcpStream(lab, allowed.guest, { guest: inside.guest, address: inside.v6, port: 9003 }, seconds),
  ]).then(([there, back, blocked, outward, stream]) => ({
    passed: Math.min(there.received, back.received),
    lost: (there.lost ?? 0) + (back.lost ?? 0),
    blocked: Math.min(blocked.sent, outward.sent),
    leaked: blocked.received + outward.received,
    streamed: stream.sent,
    spoilt: stream.sent - stream.received + (stream.wrong ?? 0),
  }));
  void seen.finally(() => (ended = true)).catch(() => undefined);
  return { seen, ended: () => ended };
}

type Acl = NonNullable<SubnetSpec['acls']>[number];

export interface AccessEdit {
  readonly spec: { readonly allowSubnets: readonly string[]; readonly acls: readonly Acl[] };
  readonly annotations: Readonly<Record<string, string>>;
}

/** Edits of a subnet's rules one after the other: rules that come at either end, and go; prefixes that may talk; logging on and off. */
export function* accessEdits(allowed: readonly string[], count: number): Generator<AccessEdit> {
  const acl = (direction: 'from-lport' | 'to-lport', priority: number, match: string, action: string) =>
    ({ direction, priority, match, action }) as Acl;
  let allowSubnets = allowed;
  const acls: Acl[] = [];
  for (let edit = 0; edit < count; edit += 1) {
    if (edit % 4 === 0)
      acls.push(acl(edit % 8 ? 'to-lport' : 'from-lport', 2000 + edit, `tcp.dst == ${20_000 + edit}`, 'drop'));
    else if (edit % 4 === 1) allowSubnets = [...allowed, `172.16.${edit}.0/24`];
    else if (edit % 4 === 2) acls.unshift(acl('to-lport', 3000, `ip4.src == 192.0.2.${edit}`, 'allow-related'));
    else acls.splice(edit % acls.length, 1);
    const annotations = { 'ovn.kubernetes.io/enable_log': edit % 10 < 5 ? 'true' : 'false' };
    yield { spec: { allowSubnets, acls: [...acls] }, annotations };
  }
}
