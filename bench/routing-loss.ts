/**
 * A lab of its own: flows between guests while routes, policies and rules are edited that are not about them. Each edit is in force on all nodes
 * before the next one, so that none hides behind another.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NorthboundTables } from '../src/core/ovn/generated/nb.ts';
import type { VirtualMachineInstance } from '../src/kinds/virtual-machine.ts';
import { KubeClient } from '../src/lib/kube/client.ts';
import { readKubeconfig } from '../src/lib/kube/kubeconfig.ts';
import { operations } from '../src/lib/ovsdb/operations.ts';
import { OvsdbSession } from '../src/lib/ovsdb/session.ts';
import { eventually } from '../test/support/control-plane.ts';
import { AccessObserver } from '../test/support/access-observer.ts';
import { accessEdits, type FlowEnd, type Flows, startFlows } from '../test/support/edits-beside-flows.ts';
import { machineOn, network, R, subnet, vpc } from '../test/support/objects.ts';
import { TestLab } from '../test/support/test-lab.ts';
import { probe } from '../test/support/traffic.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';
import { RoutingObserver } from './routing-observer.ts';

const nb = operations<NorthboundTables>();

/** guest -> subnet and node: a is inside of a private subnet that lets c's in, and not d's */
const GUESTS = { a: ['inner', 'node1'], c: ['outer', 'node2'], d: ['third', 'node1'] } as const;
const ALLOWED = ['10.0.2.0/24', 'fd00:2::/64'];
/** seconds of traffic beside a part of the edits */
const ROUND = 30;

export async function benchRoutingLoss({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  process.env['WEFT_ENGINE_ROOT'] = engineRoot;
  const lab = await TestLab.make('route');
  try {
    await lab.up('--nodes', '2');
    const client = new KubeClient(readKubeconfig(lab.kubeconfig));
    const { nb: northbound } = (await lab.status()).ovn;
    await using sync = await HypervisorSync.start(northbound);
    await using routing = await RoutingObserver.start(northbound);
    try {
      const ends = await declare(lab, client);
      await using access = await AccessObserver.start(northbound, 'inner');
      const edits = editsOf(client, { routing, access }, quick ? 12 : 200);
      const traffic = async (beside: () => Promise<void>): Promise<Round> => {
        const before = await retransmitted(lab, ends.allowed);
        const flows = startFlows(lab, ends, quick ? 8 : ROUND);
        await sleep(2000);
        await beside();
        if (flows.ended()) throw new Error('the flows ended before the edits beside them');
        return { ...(await flows.seen), retransmitted: (await retransmitted(lab, ends.allowed)) - before };
      };
      log('routing loss: the same traffic without edits');
      const without = await traffic(() => Promise.resolve());
      const rounds: Round[] = [];
      const seconds: number[] = [];
      let next = edits.next();
      while (!next.done) {
        rounds.push(
          await traffic(async () => {
            // the last seconds of a round are without edits: what was sent has come by then
            const end = performance.now() + (quick ? 4 : ROUND - 4) * 1000;
            for (; !next.done && performance.now() < end; next = edits.next()) {
              const started = performance.now();
              await next.value();
              await sync.inForce();
              seconds.push((performance.now() - started) / 1000);
            }
          }),
        );
        log(`routing loss: ${seconds.length} edits, ${JSON.stringify(rounds.at(-1))}`);
      }
      return results(rounds, without, seconds);
    } finally {
      await client.close();
    }
  } finally {
    await lab.remove();
  }
}

interface Round extends Flows {
  /** TCP segments that the sender sent again */
  readonly retransmitted: number;
}

/** RetransSegs of a guest, RFC 4022 */
async function retransmitted(lab: TestLab, { guest }: FlowEnd): Promise<number> {
  const { stdout } = await lab.guest(guest, 'cat', '/proc/net/snmp');
  const [names = [], values = []] = [...stdout.matchAll(/^Tcp: (.*)$/gm)].map(([, words]) => words!.split(' '));
  return Number(values[names.indexOf('RetransSegs')]);
}

function results(rounds: readonly Round[], without: Round, seconds: readonly number[]): BenchResult[] {
  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  const lost = sum((round) => round.lost);
  const passed = sum((round) => round.passed);
  const leaked = sum((round) => round.leaked);
  const blocked = sum((round) => round.blocked);
  const spoilt = sum((round) => round.spoilt);
  const megabytes = sum((round) => round.streamed) / 1e6;
  const again = sum((round) => round.retransmitted) / megabytes;
  const againWithout = without.retransmitted / (without.streamed / 1e6);
  const rows: readonly (readonly [string, number, string, number, string])[] = [
    ['edits', seconds.length, 'edits', 0, 'reported'],
    ['in force p50', percentile(seconds, 50) * 1000, 'ms', 0, 'on all nodes'],
    ['lost', lost, 'datagrams', passed, 'received, each way'],
    ['leaked', leaked, 'datagrams', blocked, 'sent, each way'],
    ['tcp spoilt', spoilt, 'bytes', megabytes * 1e6, 'sent'],
    ['tcp retransmitted', again, 'segments/MB', againWithout, 'the same traffic without edits'],
  ];
  return rows.map(([name, value, unit, reference, referenceName]) => ({
    name: `routing loss ${name}`,
    value,
    unit,
    reference,
    referenceName,
    ratio: name === 'tcp retransmitted' ? (againWithout + 1) / (again + 1) : 1,
  }));
}

async function declare(lab: TestLab, client: KubeClient) {
  await lab.declare(
    vpc('red'),
    subnet('inner', 'red', '10.0.1.0/24,fd00:1::/64', { private: true, allowSubnets: ALLOWED }),
    subnet('outer', 'red', '10.0.2.0/24,fd00:2::/64'),
    subnet('third', 'red', '10.0.3.0/24,fd00:3::/64'),
    ...['inner', 'outer', 'third'].map((name) => network(name, name)),
    ...Object.entries(GUESTS).map(([name, [net, node]]) => machineOn(name, net, node)),
  );
  const end = async (name: keyof typeof GUESTS): Promise<FlowEnd> => {
    const [v4 = '', v6 = ''] = await eventually(async () => {
      const { status } = await client.get<VirtualMachineInstance>(R.vmis, 'default', name);
      const found = status?.interfaces?.[0]?.ipAddresses as readonly string[] | undefined;
      if (found?.length !== 2) throw new Error(`${name} has no addresses yet`);
      return found;
    }, 60);
    return { guest: `default/${name}`, v4, v6 };
  };
  const [inside, allowed, outsider] = [await end('a'), await end('c'), await end('d')];
  await eventually(async () => {
    const answers = await probe(lab, allowed.guest, [
      ['ping', inside.v4],
      ['ping', inside.v6],
    ]);
    if (answers.some((answer) => answer !== 'open')) throw new Error(`c gets from a: ${answers.join(', ')}`);
  }, 60);
  return { inside, allowed, outsider };
}

/** Edits in turn of static routes, policy routes, and who may talk; each resolves when the database has it. */
function* editsOf(
  client: KubeClient,
  observers: { readonly routing: RoutingObserver; readonly access: AccessObserver },
  count: number,
): Generator<() => Promise<void>> {
  const staticRoutes: object[] = [];
  const policyRoutes: object[] = [];
  const rules = accessEdits(ALLOWED, count);
  const changed = async (prefix: string, edit: Promise<unknown>) => {
    const seen = observers.routing.says(prefix);
    await edit;
    await seen;
  };
  for (let edit = 0; edit < count; edit += 1) {
    if (edit % 4 === 0) {
      const cidr = `172.20.${edit}.0/24`;
      // every fifth time the older ones go, in the same edit
      if (edit % 20 === 0) staticRoutes.length = 0;
      staticRoutes.push({ cidr, nextHopIP: '10.0.3.9', policy: edit % 8 ? 'policySrc' : 'policyDst' });
      yield () => changed(cidr, client.patch(R.vpcs, { name: 'red' }, { spec: { staticRoutes } }));
    } else if (edit % 4 === 2) {
      const source = `192.0.2.${edit}/32`;
      if (edit % 20 === 2) policyRoutes.length = 0;
      const action = edit % 8 === 2 ? 'drop' : 'allow';
      policyRoutes.push({ priority: 100 + edit, match: `ip4.src == ${source.replace('/32', '')}`, action });
      yield () => changed(source.replace('/32', ''), client.patch(R.vpcs, { name: 'red' }, { spec: { policyRoutes } }));
    } else {
      const { spec, annotations } = rules.next().value!;
      yield async () => {
        observers.access.declare({ private: true, ...spec }, annotations);
        await client.patch(R.subnets, { name: 'inner' }, { metadata: { annotations }, spec });
        await observers.access.seen();
      };
    }
  }
}

/** Asks OVN to say when all nodes have what the Northbound database says (ovn-nb(5), NB_Global). */
class HypervisorSync implements AsyncDisposable {
  readonly #session: OvsdbSession<NorthboundTables>;

  private constructor(remote: string) {
    this.#session = new OvsdbSession<NorthboundTables>({
      remote,
      database: 'OVN_Northbound',
      monitor: { NB_Global: ['nb_cfg', 'hv_cfg'] },
    });
  }

  static async start(remote: string): Promise<HypervisorSync> {
    const sync = new HypervisorSync(remote);
    await sync.#session.ready();
    return sync;
  }

  async inForce(): Promise<void> {
    const global = () => [...this.#session.cache.table('NB_Global').rows.values()][0]!;
    const wanted = global().nb_cfg + 1;
    await this.#session.transact([nb.mutate('NB_Global', [['_uuid', '==', global()._uuid]], [['nb_cfg', '+=', 1]])]);
    await eventually(() => {
      if (global().hv_cfg < wanted) throw new Error(`a node has ${global().hv_cfg} of ${wanted}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }
}
