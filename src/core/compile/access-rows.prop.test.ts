/**
 * The rows of a switch decide as the rules of its subnet say, for the first packet of a connection on each of its three ways. The rules are asked plainly: what
 * enters the switch and what leaves it meets the rule with the highest priority. The rows are asked as OVN asks them: by tiers, at guests' ports only.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cidr, cidrContains, parseInterface } from '../../lib/netaddr/cidr.ts';
import { type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import type { SubnetSpec } from '../../kinds/subnet.ts';
import { certain } from '../access/rules.ts';
import { macFor } from '../ovn/mac.ts';
import { ANYWHERE, type EvaluationContext, evaluateMatch, type Packet } from '../ovn/match/evaluate.ts';
import { parseSetValue } from '../ovn/match/sets.ts';
import { Compiler } from './engine.ts';
import { RULES } from './rules.ts';
import { SETTINGS_KEY } from './world.ts';

type Way = 'guest to guest' | 'guest to router' | 'router to guest';
type Direction = 'from-lport' | 'to-lport';

interface Sent {
  readonly way: Way;
  readonly src: Ip;
  readonly dst: Ip;
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly sport: number;
  readonly dport: number;
}

const ROUTER_MAC = macFor('red-net');
const ROUTER_PORT = 'net-red';
const OWN = ['10.0.1.0/24', 'fd00:1::/64'].map(cidr);
const GATEWAYS = ['10.0.1.1', 'fd00:1::1'].map(parseIp);

function cidr(text: string): Cidr {
  return parseInterface(text).cidr;
}

const among = (ip: Ip, ...texts: readonly string[]) => texts.some((text) => cidrContains(cidr(text), ip));
const own = (ip: Ip) => OWN.some((each) => cidrContains(each, ip));

/** rules with what they mean */
const ACLS: readonly {
  readonly match: string;
  readonly means: (sent: Sent, direction: Direction) => boolean;
}[] = [
  { match: 'ip', means: () => true },
  { match: 'ip4.src == 10.0.2.0/24', means: ({ src }) => among(src, '10.0.2.0/24') },
  {
    match: 'ip6.dst == fd00:2::/64 || ip4.dst == 10.0.3.9',
    means: ({ dst }) => among(dst, 'fd00:2::/64', '10.0.3.9/32'),
  },
  {
    match: 'ip4.src != 10.0.2.0/24 && tcp',
    means: ({ src, protocol }) => src.family === 4 && !among(src, '10.0.2.0/24') && protocol === 'tcp',
  },
  { match: 'tcp.dst == 22', means: ({ protocol, dport }) => protocol === 'tcp' && dport === 22 },
  { match: 'udp.dst < 60', means: ({ protocol, dport }) => protocol === 'udp' && dport < 60 },
  { match: 'inport == "net-red"', means: ({ way }) => way === 'router to guest' },
  { match: 'inport == "one"', means: ({ way }) => way !== 'router to guest' },
  {
    match: 'outport == "net-red" && tcp',
    means: ({ way, protocol }, direction) =>
      direction === 'to-lport' && way === 'guest to router' && protocol === 'tcp',
  },
  { match: 'outport == "two"', means: ({ way }, direction) => direction === 'to-lport' && way !== 'guest to router' },
  { match: 'ip4.src == $nobody', means: () => false },
];

const spec = fc.record({
  private: fc.boolean(),
  allowEWTraffic: fc.boolean(),
  allowSubnets: fc.subarray(['10.0.2.0/24', 'fd00:2::/64', '0.0.0.0/0', '10.0.3.9/32']),
  acls: fc.array(
    fc.record({
      direction: fc.constantFrom('from-lport', 'to-lport'),
      priority: fc.constantFrom(500, 1500, 1800, 2500),
      action: fc.constantFrom('allow', 'allow-related', 'drop', 'reject'),
      match: fc.constantFrom(...ACLS.map(({ match }) => match)),
    }),
    { maxLength: 5 },
  ),
});

const addresses = (texts: readonly string[]) => fc.constantFrom(...texts.map(parseIp));
const sent: fc.Arbitrary<Sent> = fc
  .constantFrom(
    ['10.0.1.5', '10.0.1.6', '10.0.1.1', '10.0.2.9', '10.0.3.9', '224.0.0.9', '255.255.255.255'],
    ['fd00:1::5', 'fd00:1::1', 'fe80::5', 'fd00:2::9', 'fd00:3::9', 'ff02::9', 'ff02::1:2'],
  )
  .chain((texts) =>
    fc.record({
      way: fc.constantFrom<Way>('guest to guest', 'guest to router', 'router to guest'),
      src: addresses(texts),
      dst: addresses(texts),
      protocol: fc.constantFrom('tcp', 'udp', 'icmp'),
      sport: fc.constantFrom(68, 546, 4000),
      dport: fc.constantFrom(22, 53, 67, 547, 80),
    }),
  );

/** what decides is the highest priority; of several with the same one nobody knows which */
function decide(rules: readonly { readonly priority: number; readonly verdict: string }[]): string | undefined {
  const highest = Math.max(...rules.map(({ priority }) => priority));
  const verdicts = new Set(rules.filter(({ priority }) => priority === highest).map(({ verdict }) => verdict));
  fc.pre(verdicts.size <= 1);
  return [...verdicts][0];
}

const verdictOf = (action: string) => (action.startsWith('allow') ? 'pass' : 'stop');

function byRules(said: SubnetSpec, packet: Sent, direction: Direction): boolean {
  const { src, dst } = packet;
  const local = (ip: Ip) => own(ip) || among(ip, 'fe80::/10');
  const inside =
    src.family === 4
      ? own(src) && (own(dst) || among(dst, '224.0.0.0/4', '255.255.255.255/32'))
      : local(src) && (local(dst) || among(dst, 'ff00::/8'));
  const allowed = (ip: Ip) =>
    among(ip, ...(said.allowSubnets as readonly string[]).filter((text) => cidr(text).family === ip.family));
  const rules: { priority: number; verdict: string }[] = [];
  if (said.private && direction === 'to-lport') {
    rules.push({ priority: 1000, verdict: 'stop' });
    if (inside || (own(src) && allowed(dst)) || (allowed(src) && own(dst)))
      rules.push({ priority: 1001, verdict: 'pass' });
  }
  if (said.allowEWTraffic && said.acls!.length > 0 && inside) rules.push({ priority: 1900, verdict: 'pass' });
  for (const acl of said.acls!) {
    const means = ACLS.find(({ match }) => match === acl.match)!.means;
    if (acl.direction === direction && means(packet, direction))
      rules.push({ priority: acl.priority!, verdict: verdictOf(acl.action!) });
  }
  return decide(rules) !== 'stop';
}

function expected(said: SubnetSpec, packet: Sent): boolean {
  const { way, src, dst, protocol, sport, dport } = packet;
  const gateway = (ip: Ip) => GATEWAYS.some(({ value }) => value === ip.value);
  const ports = src.family === 4 ? sport === 68 && dport === 67 : sport === 546 && dport === 547;
  const dhcp = protocol === 'udp' && ports;
  const toAll = dhcp && among(dst, '255.255.255.255/32', 'ff02::1:2/128');
  const toServer = dhcp && dst.family === 4 && gateway(dst);
  if (
    toAll ||
    (way === 'guest to router' && toServer) ||
    (way === 'guest to router' && protocol === 'icmp' && gateway(dst))
  )
    return true;
  if (way === 'router to guest' && protocol === 'icmp' && gateway(src)) return true;
  const toGateway = way === 'guest to guest' && ((protocol === 'icmp' && gateway(dst)) || toServer);
  return (toGateway || byRules(said, packet, 'from-lport')) && byRules(said, packet, 'to-lport');
}

function compiled(said: SubnetSpec): Compiler {
  const compiler = new Compiler(RULES);
  const head = { apiVersion: 'kubeovn.io/v1' } as const;
  compiler.apply([
    { kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: 1442 } },
    { kind: 'Vpc', key: 'red', object: { ...head, kind: 'Vpc', metadata: { name: 'red' } } },
    {
      kind: 'Subnet',
      key: 'net',
      object: {
        ...head,
        kind: 'Subnet',
        metadata: { name: 'net' },
        spec: { vpc: 'red', cidrBlock: '10.0.1.0/24,fd00:1::/64', gateway: '10.0.1.1,fd00:1::1', ...said },
      },
    },
  ]);
  return compiler;
}

type Row = { readonly [K in 'direction' | 'match' | 'action']: string } & {
  readonly tier: number;
  readonly priority: number;
};

function byRows({ rows }: Compiler, packet: Packet, direction: Direction): boolean {
  const context: EvaluationContext = {
    ...ANYWHERE,
    addressSet: (name) =>
      (rows.columns(`Address_Set/${name}`)?.['addresses'] as readonly string[] | undefined)?.map(
        (text) => parseSetValue(text)!,
      ),
  };
  const acls = [...rows.ids()]
    .filter((id) => id.startsWith('ACL/'))
    .map((id) => rows.columns(id) as unknown as Row)
    .filter((acl) => acl.direction === direction && evaluateMatch(certain(acl.match), packet, context));
  for (const tier of [0, 1, 2]) {
    const decided = decide(
      acls
        .filter((acl) => acl.tier === tier)
        .map((acl) => ({
          priority: acl.priority,
          verdict: acl.action === 'pass' ? 'go on' : verdictOf(acl.action),
        })),
    );
    if (decided === 'pass' || decided === 'stop') return decided === 'pass';
  }
  return true;
}

function onWire({ way, src, dst, protocol, sport, dport }: Sent): Packet {
  const ip = `ip${src.family}`;
  const mac = (text: string) => BigInt(`0x${text.replaceAll(':', '')}`);
  const icmp = src.family === 4 ? 1n : 58n;
  const ports = { [`${protocol}.src`]: BigInt(sport), [`${protocol}.dst`]: BigInt(dport) };
  return {
    'eth.src': mac(way === 'router to guest' ? ROUTER_MAC : '02:00:00:00:00:01'),
    'eth.dst': mac(way === 'guest to router' ? ROUTER_MAC : '02:00:00:00:00:02'),
    'eth.type': src.family === 4 ? 0x800n : 0x86ddn,
    [`${ip}.src`]: src.value,
    [`${ip}.dst`]: dst.value,
    'ip.ttl': 64n,
    'ip.proto': { tcp: 6n, udp: 17n, icmp }[protocol],
    ...(protocol === 'icmp' ? { [`icmp${src.family}.type`]: src.family === 4 ? 8n : 128n } : ports),
    inport: way === 'router to guest' ? ROUTER_PORT : 'one',
  };
}

test('rows decide as the rules say', () => {
  const counts = { pass: 0, stop: 0 };
  fc.assert(
    fc.property(spec, fc.array(sent, { minLength: 5, maxLength: 20 }), (said, packets) => {
      const compiler = compiled(said as SubnetSpec);
      for (const each of packets) {
        const packet = onWire(each);
        const outport = each.way === 'guest to router' ? ROUTER_PORT : 'two';
        const passes = byRows(compiler, packet, 'from-lport') && byRows(compiler, { ...packet, outport }, 'to-lport');
        expect([each, passes]).toEqual([each, expected(said as SubnetSpec, each)]);
        counts[passes ? 'pass' : 'stop'] += 1;
      }
    }),
    { numRuns: 600 },
  );
  expect(Math.min(counts.pass, counts.stop)).toBeGreaterThan(500);
});
