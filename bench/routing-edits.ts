/** One edit at a time through the API, and in turn with it the same operations by hand, on rows of nobody's in the same database. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NorthboundTables } from '../src/core/ovn/generated/nb.ts';
import type { KubeClient } from '../src/lib/kube/client.ts';
import { type Operation, operations } from '../src/lib/ovsdb/operations.ts';
import { R } from '../test/support/objects.ts';
import { percentile } from './percentile.ts';
import type { BenchResult } from './result.ts';
import type { RoutingObserver } from './routing-observer.ts';

const nb = operations<NorthboundTables>();

/** Which VPC or subnet edit number `index` is about. */
export interface Targets {
  vpc(index: number): string;
  subnet(index: number): string;
  /** a next hop in that VPC */
  nextHop(index: number): string;
}

export interface EditKind {
  readonly name: string;
  /** @param prefix what the edit adds, and is recognised by */
  edit(index: number, prefix: string): Promise<unknown>;
  byHand(prefix: string): readonly Operation[];
}

/** What the subnets that are edited say before. */
const CLOSED = {
  private: true,
  allowSubnets: ['10.0.0.0/8'],
  acls: [{ direction: 'to-lport', priority: 1500, match: 'udp.dst == 53', action: 'allow-related' }],
} as const;

export async function closeSubnets(client: KubeClient, targets: Targets, count: number): Promise<void> {
  const names = new Set(Array.from({ length: count }, (_, index) => targets.subnet(index)));
  for (const name of names) await client.patch(R.subnets, { name }, { spec: CLOSED });
}

/** Rows of nobody's that the edits by hand are about. */
export interface Hand {
  readonly router: string;
  readonly switch: string;
  readonly set: string;
}

export async function makeHand({ session }: RoutingObserver): Promise<Hand> {
  const { results } = await session.transact([
    nb.insert('Logical_Router', { name: 'hand' }),
    nb.insert('Logical_Switch', { name: 'hand' }),
    nb.insert('Address_Set', { name: 'hand', addresses: ['10.0.0.0/8'] }),
  ]);
  const [router, home, set] = results.map(({ uuid }) => uuid!);
  return { router: router!, switch: home!, set: set! };
}

const it = (uuid: string) => [['_uuid', '==', uuid]] as const;

export function editKinds(client: KubeClient, targets: Targets, hand: Hand): readonly EditKind[] {
  const ids = { vendor: 'hand' };
  /** VPC -> what its list holds so far */
  const routes = new Map<string, object[]>();
  const policies = new Map<string, object[]>();
  const grown = (lists: Map<string, object[]>, name: string, more: object): readonly object[] => {
    const list = lists.get(name) ?? [];
    lists.set(name, list);
    list.push(more);
    return list;
  };
  return [
    {
      name: 'static route',
      edit(index, cidr) {
        const name = targets.vpc(index);
        const staticRoutes = grown(routes, name, { cidr, nextHopIP: targets.nextHop(index) });
        return client.patch(R.vpcs, { name }, { spec: { staticRoutes } });
      },
      byHand: (prefix) => [
        nb.insert(
          'Logical_Router_Static_Route',
          { ip_prefix: prefix, nexthop: '10.0.0.9', policy: 'dst-ip', external_ids: ids },
          'route',
        ),
        nb.mutate('Logical_Router', it(hand.router), [['static_routes', 'insert', ['route']]]),
      ],
    },
    {
      name: 'policy route',
      edit(index, prefix) {
        const name = targets.vpc(index);
        const policy = { priority: 100, match: `ip4.src == ${prefix}`, action: 'drop' };
        return client.patch(R.vpcs, { name }, { spec: { policyRoutes: grown(policies, name, policy) } });
      },
      byHand: (prefix) => [
        nb.insert(
          'Logical_Router_Policy',
          { priority: 100, match: `ip4.src == ${prefix}`, action: 'drop', external_ids: ids },
          'policy',
        ),
        nb.mutate('Logical_Router', it(hand.router), [['policies', 'insert', ['policy']]]),
      ],
    },
    {
      name: 'acl',
      edit(index, prefix) {
        const acl = { direction: 'to-lport', priority: 2000, match: `ip4.src == ${prefix}`, action: 'drop' };
        return client.patch(R.subnets, { name: targets.subnet(index) }, { spec: { acls: [...CLOSED.acls, acl] } });
      },
      byHand(prefix) {
        const acl = { priority: 2000, match: `ip4.src == ${prefix}`, action: 'drop', external_ids: ids } as const;
        return [
          nb.insert('ACL', { ...acl, direction: 'to-lport', tier: 2 }, 'there'),
          nb.insert('ACL', { ...acl, direction: 'from-lport', tier: 1 }, 'back'),
          nb.mutate('Logical_Switch', it(hand.switch), [['acls', 'insert', ['there', 'back']]]),
        ];
      },
    },
    {
      name: 'allowSubnets',
      edit: (index, prefix) =>
        client.patch(
          R.subnets,
          { name: targets.subnet(index) },
          { spec: { allowSubnets: [...CLOSED.allowSubnets, prefix] } },
        ),
      byHand: (prefix) => [nb.mutate('Address_Set', it(hand.set), [['addresses', 'insert', [prefix]]])],
    },
  ];
}

/** milliseconds between two edits: what follows from one (statuses) is over when the next begins */
const PAUSE = 40;

export async function measureEdits(
  label: string,
  kind: EditKind,
  count: number,
  observer: RoutingObserver,
  counters: () => Promise<{ readonly transactions: number; readonly operations: number }>,
): Promise<BenchResult[]> {
  const [weft, hand]: [number[], number[]] = [[], []];
  /** until the API server answered */
  const accepted: number[] = [];
  const before = await counters();
  for (let index = 0; index < count; index += 1) {
    const timed = async (prefix: string, edit: () => Promise<unknown>) => {
      const seen = observer.says(prefix);
      const started = performance.now();
      const answer = edit().then(() => performance.now());
      const ended = await seen;
      const answered = await answer;
      await sleep(PAUSE);
      return { committed: ended - started, answered: answered - started };
    };
    const prefix = `172.${16 + (index >> 8)}.${index & 255}.0/24`;
    const { committed, answered } = await timed(prefix, () => kind.edit(index, prefix));
    weft.push(committed);
    accepted.push(answered);
    const other = `192.168.${index}.0/24`;
    hand.push((await timed(other, () => observer.session.transact(kind.byHand(other)))).committed);
  }
  const after = await counters();
  const name = `routing${label} ${kind.name}`;
  return [
    ...[50, 99].map((rank): BenchResult => {
      const [value, reference] = [percentile(weft, rank), percentile(hand, rank)];
      const referenceName = 'the same operations by hand, without a Kubernetes API';
      return { name: `${name} p${rank}`, value, unit: 'ms', reference, referenceName, ratio: reference / value };
    }),
    {
      name: `${name} accepted p50`,
      value: percentile(accepted, 50),
      unit: 'ms',
      reference: 0,
      referenceName: 'until the API server answered',
      ratio: 1,
    },
    perEdit(`${name} transactions`, (after.transactions - before.transactions) / count, 1),
    perEdit(`${name} operations`, (after.operations - before.operations) / count, kind.byHand('').length),
  ];
}

function perEdit(name: string, value: number, reference: number): BenchResult {
  return { name, value, unit: 'per edit', reference, referenceName: 'by hand', ratio: reference / value };
}
