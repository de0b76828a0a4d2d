/** What one edit of routing costs: as many rules and operations in a world of 1,000 subnets and 10,000 interfaces as in one of four. */
import { describe, expect, test } from 'vitest';
import type { Operation } from '../../lib/ovsdb/operations.ts';
import type { StaticRoute, VpcSpec } from '../../kinds/vpc.ts';
import type { VpcPeeringSpec } from '../../kinds/vpc-peering.ts';
import { noDirt } from '../compile/desired.ts';
import { Compiler } from '../compile/engine.ts';
import { RULES } from '../compile/rules.ts';
import { routedWorld, type Shape, subnetChange } from '../compile/testing/scale.ts';
import type { Change } from '../compile/world.ts';
import { ObservedRows } from './observed.ts';
import { everything, plan } from './plan.ts';
import { ModelDatabase } from './testing/database.ts';

interface Cost {
  /** how often which rule ran */
  readonly rules: Readonly<Record<string, number>>;
  /** of the transaction, as `insert Logical_Router_Policy` */
  readonly operations: readonly string[];
  /** values that sets gain and lose, in all operations together */
  readonly values: number;
}

/** A compiler and a database that is as it says. */
class Installation {
  readonly compiler = new Compiler(RULES);
  readonly #database = new ModelDatabase();
  readonly #observed = new ObservedRows();

  constructor(world: readonly Change[]) {
    this.compiler.apply(world);
    this.#write(plan(everything(this.compiler.rows, this.#observed), this.compiler.rows, this.#observed).operations);
  }

  #write(operations: readonly Operation[]): void {
    this.#observed.apply(this.#database.transact(operations), noDirt());
  }

  edit(change: Change): Cost {
    const before = { ...this.compiler.counters.rulesRun };
    const { dirty } = this.compiler.apply([change]);
    const { operations } = plan(dirty, this.compiler.rows, this.#observed);
    this.#write(operations);
    const ran = Object.entries(this.compiler.counters.rulesRun).map(
      ([rule, now]) => [rule, now - before[rule]!] as const,
    );
    return {
      rules: Object.fromEntries(ran.filter(([, times]) => times > 0)),
      operations: operations
        .map((operation) => `${operation.op} ${'table' in operation ? operation.table : ''}`)
        .toSorted(),
      values: operations
        .flatMap((operation) => (operation.op === 'mutate' ? operation.mutations : []))
        .reduce((sum, [, , values]) => sum + (values as readonly unknown[]).length, 0),
    };
  }

  vpc(spec: VpcSpec): Cost {
    const { metadata } = this.compiler.world.get('Vpc', 'vpc0')!;
    const object = { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata, spec: { namespaces: ['load'], ...spec } };
    return this.edit({ kind: 'Vpc', key: 'vpc0', object });
  }

  peering(spec: VpcPeeringSpec | undefined): Cost {
    const metadata = { name: 'p', namespace: 'load' };
    const object = { apiVersion: 'network.harvesterhci.io/v1beta1', kind: 'VpcPeering', metadata, spec: spec! };
    return this.edit({ kind: 'VpcPeering', key: 'load/p', object: spec && object });
  }
}

const route = (cidr: string, more: Partial<StaticRoute> = {}): StaticRoute => ({
  cidr,
  nextHopIP: cidr.includes(':') ? 'fd00::9' : '10.0.0.9',
  ...more,
});

const ADD_ROUTE = ['insert Logical_Router_Static_Route', 'mutate Logical_Router'];
const ADD_POLICY = ['insert Logical_Router_Policy', 'mutate Logical_Router'];
const one = { Vpc: 1 };

const SHAPES: readonly Shape[] = [
  { vpcs: 2, subnets: 2, nics: 20 },
  { vpcs: 100, subnets: 10, nics: 10_000 },
  { vpcs: 2, subnets: 1000, nics: 10_000 },
];

describe.each(SHAPES)('one edit beside $vpcs VPCs of $subnets subnets, $nics interfaces', (shape) => {
  const at = new Installation(routedWorld(shape));

  test.each([
    ['policyDst', route('172.16.0.0/16')],
    ['policyDst, IPv6', route('fd01::/48')],
    ['policyDst of a route table', route('172.16.0.0/16', { routeTable: 'other' })],
    ['policyDst, another next hop', route('172.17.0.0/16', { nextHopIP: '10.0.0.8' })],
  ])('a static route, %s', (_, added) => {
    const staticRoutes = [route('172.17.0.0/16'), route('172.18.0.0/16')];
    at.vpc({ staticRoutes });
    expect(at.vpc({ staticRoutes: [...staticRoutes, added] })).toEqual({
      rules: one,
      operations: ADD_ROUTE,
      values: 1,
    });
    expect(at.vpc({ staticRoutes })).toEqual({ rules: one, operations: ['mutate Logical_Router'], values: 1 });
  });

  test.each([
    ['policySrc', '192.168.0.0/24', '192.168.9.0/24', '172.16.0.0/16', 32],
    ['policySrc, IPv6', 'fd08:0:0:1::/64', 'fd08:0:0:9::/64', 'fd01::/48', 128],
  ])('a static route, %s: one policy, and of sets no more than a prefix divides', (_, beside, added, other, width) => {
    const bySource = (cidr: string) => route(cidr, { policy: 'policySrc' });
    const staticRoutes = [bySource(beside)];
    at.vpc({ staticRoutes });
    const more = at.vpc({ staticRoutes: [...staticRoutes, bySource(added)] });
    // the set of what no source route claims
    expect(more).toEqual({
      rules: one,
      operations: ['mutate Address_Set', ...ADD_POLICY].toSorted(),
      values: more.values,
    });
    // the set of what no route leads to
    const routed = at.vpc({ staticRoutes: [...staticRoutes, bySource(added), route(other)] });
    const operations = ['mutate Address_Set', ...ADD_ROUTE].toSorted();
    expect(routed).toEqual({ rules: one, operations, values: routed.values });
    const less = at.vpc({ staticRoutes: [...staticRoutes, route(other)] });
    expect(less).toEqual({
      rules: one,
      operations: ['mutate Address_Set', 'mutate Logical_Router'],
      values: less.values,
    });
    for (const { values } of [more, routed, less]) expect(values).toBeLessThanOrEqual(2 * width + 1);
  });

  test('a policy route', () => {
    const policyRoutes = [
      { priority: 10, match: 'ip4.src == 10.0.0.0/24', action: 'drop' },
      { priority: 11, match: 'tcp.dst == 22', action: 'reroute', nextHopIP: '10.0.0.9' },
    ] as const;
    const added = { priority: 12, match: 'ip4 && udp', action: 'allow' } as const;
    const nextHopIP = '10.0.0.9,10.0.0.8';
    const others = { priority: 12, match: 'ip4 && udp', action: 'reroute', nextHopIP } as const;
    at.vpc({ policyRoutes });
    expect(at.vpc({ policyRoutes: [...policyRoutes, added] })).toEqual({
      rules: one,
      operations: ADD_POLICY,
      values: 1,
    });
    const update = ['update Logical_Router_Policy'];
    expect(at.vpc({ policyRoutes: [...policyRoutes, others] })).toEqual({ rules: one, operations: update, values: 0 });
    expect(at.vpc({ policyRoutes })).toEqual({ rules: one, operations: ['mutate Logical_Router'], values: 1 });
  });

  test('a rule of who may talk, and a prefix that may', () => {
    const acl = { direction: 'to-lport', priority: 2000, match: 'tcp.dst == 22', action: 'drop' } as const;
    const closed = { private: true, allowSubnets: ['172.16.0.0/16'] };
    at.edit(subnetChange(1, 1, shape.subnets + 1, closed));
    expect(at.edit(subnetChange(1, 1, shape.subnets + 1, { ...closed, acls: [acl] }))).toEqual({
      rules: { Subnet: 1 },
      operations: ['insert ACL', 'insert ACL', 'mutate Logical_Switch'],
      values: 2,
    });
    const allowed = { ...closed, acls: [acl], allowSubnets: ['172.16.0.0/16', '172.18.0.0/16'] };
    expect(at.edit(subnetChange(1, 1, shape.subnets + 1, allowed))).toEqual({
      rules: { Subnet: 1 },
      operations: ['mutate Address_Set'],
      values: 1,
    });
    at.edit(subnetChange(1, 1, shape.subnets + 1));
  });

  test('a subnet that chooses another route table, and one that comes', () => {
    at.vpc({ staticRoutes: [route('172.16.0.0/16', { routeTable: 'other' })] });
    const own = { Vpc: 1, Subnet: 1 };
    expect(at.edit(subnetChange(0, 1, 1, { routeTable: 'other' }))).toEqual({
      rules: own,
      operations: ['update Logical_Router_Port'],
      values: 0,
    });
    at.edit(subnetChange(0, 1, 1));
    expect(at.edit(subnetChange(0, 5000, 5000))).toEqual({
      rules: own,
      operations: [
        'insert Logical_Router_Port',
        'insert Logical_Switch',
        'insert Logical_Switch_Port',
        'mutate Logical_Router',
      ],
      values: 1,
    });
    at.edit({ kind: 'Subnet', key: 'net0-5000', object: undefined });
  });

  test('a VpcPeering of one subnet of each side, one of them more, and none', () => {
    at.vpc({});
    const sides = { localVpc: 'vpc0', remoteVpc: 'vpc1', remoteSubnets: ['net1-0'] };
    const both = { Vpc: 2, VpcPeering: 1 };
    const first = at.peering({ ...sides, localSubnets: ['net0-0'] });
    expect(first.rules).toEqual(both);
    // two ends, the routes of two families to each side, and four filters at each end with their sets; options of both routers
    expect(
      Object.entries(Object.groupBy(first.operations, (operation) => operation)).map(
        ([name, all]) => `${all!.length} ${name}`,
      ),
    ).toEqual([
      '8 insert Address_Set',
      '8 insert Logical_Router_Policy',
      '2 insert Logical_Router_Port',
      '4 insert Logical_Router_Static_Route',
      '6 mutate Logical_Router',
      '2 update Logical_Router',
    ]);
    const more = at.peering({ ...sides, localSubnets: ['net0-0', 'net0-1'] });
    expect(more.rules).toEqual(both);
    expect(more.operations).toEqual([
      'insert Logical_Router_Static_Route',
      'insert Logical_Router_Static_Route',
      ...Array.from({ length: 6 }, () => 'mutate Address_Set'),
      'mutate Logical_Router',
    ]);
    expect(more.values).toBeLessThanOrEqual(6 * (2 * 128 + 1));
    const gone = at.peering(undefined);
    expect([gone.rules, gone.operations.length]).toEqual([{ Vpc: 2 }, 16]);
  });
});

test('in a VPC of 1,000 subnets that answer DHCP, a route or a subnet more is nothing that their guests are told', () => {
  const at = new Installation(routedWorld({ vpcs: 1, subnets: 1000, nics: 1000 }, { enableDHCP: true }));
  expect(at.vpc({ staticRoutes: [route('172.16.0.0/16')] })).toEqual({ rules: one, operations: ADD_ROUTE, values: 1 });
  expect(at.vpc({ staticRoutes: [route('172.16.0.0/16'), route('fd01::/48')] }).rules).toEqual(one);
  expect(at.edit(subnetChange(0, 5000, 5000, { enableDHCP: true })).rules).toEqual({ Vpc: 1, Subnet: 1 });
});
