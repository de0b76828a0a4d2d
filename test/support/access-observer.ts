/** Watches who may talk in one subnet, as a reader of the Northbound database sees it: only states that were declared, one transaction for each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Compiler } from '../../src/core/compile/engine.ts';
import { RULES } from '../../src/core/compile/rules.ts';
import { SETTINGS_KEY } from '../../src/core/compile/world.ts';
import type { NorthboundTables } from '../../src/core/ovn/generated/nb.ts';
import type { SubnetSpec } from '../../src/kinds/subnet.ts';
import { OvsdbSession } from '../../src/lib/ovsdb/session.ts';

type Columns = Readonly<Record<string, unknown>>;

export class AccessObserver implements AsyncDisposable {
  /** states that nobody declared */
  readonly strange: string[] = [];
  /** how often the state changed */
  transactions = 0;
  readonly #session: OvsdbSession<NorthboundTables>;
  readonly #subnet: string;
  #declared = '';
  #before = '';
  #now = '';

  private constructor(remote: string, subnet: string) {
    this.#subnet = subnet;
    this.#session = new OvsdbSession<NorthboundTables>({
      remote,
      database: 'OVN_Northbound',
      monitor: {
        Logical_Switch: ['name', 'acls'],
        ACL: ['direction', 'tier', 'priority', 'match', 'action', 'log', 'external_ids'],
        Address_Set: ['name', 'addresses'],
      },
    });
  }

  static async start(remote: string, subnet: string): Promise<AccessObserver> {
    const observer = new AccessObserver(remote, subnet);
    await observer.#session.ready();
    observer.#now = observer.#declared = observer.#before = observer.#state();
    observer.#session.onUpdate(() => observer.#look());
    return observer;
  }

  /** What the subnet says from now on; what it said before may still be seen for a while. */
  declare(spec: SubnetSpec, annotations: Readonly<Record<string, string>>): void {
    this.#before = this.#now;
    this.#declared = declaredState(this.#subnet, spec, annotations);
  }

  /** Resolves when the last declared state is in the database. */
  async seen(): Promise<void> {
    for (const end = performance.now() + 10_000; this.#now !== this.#declared; await sleep(2))
      if (performance.now() > end) throw new Error(`the database says\n${this.#now}\nand not\n${this.#declared}`);
  }

  #look(): void {
    const state = this.#state();
    if (state === this.#now) return;
    this.#now = state;
    this.transactions += 1;
    if (state !== this.#declared && state !== this.#before) this.strange.push(state);
  }

  #state(): string {
    const { cache } = this.#session;
    const here = [...cache.table('Logical_Switch').rows.values()].find(({ name }) => name === this.#subnet);
    const acls = (here?.acls ?? []).map((uuid) => cache.table('ACL').get(uuid) as unknown as Columns);
    const sets = [...cache.table('Address_Set').rows.values()].filter(({ name }) =>
      name.endsWith(`._.${this.#subnet}`),
    );
    return printed(acls, sets as unknown as Columns[]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }
}

function printed(acls: readonly Columns[], sets: readonly Columns[]): string {
  const lines = acls.map((acl) =>
    ['direction', 'tier', 'priority', 'match', 'action', 'log'].map((column) => String(acl[column])).join(' '),
  );
  const members = sets.map(({ name, addresses }) => `${String(name)} ${(addresses as string[]).toSorted().join(' ')}`);
  return [...lines, ...members].toSorted().join('\n');
}

function declaredState(name: string, spec: SubnetSpec, annotations: Readonly<Record<string, string>>): string {
  const compiler = new Compiler(RULES);
  const head = { apiVersion: 'kubeovn.io/v1' } as const;
  compiler.apply([
    { kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: 1442 } },
    { kind: 'Vpc', key: 'red', object: { ...head, kind: 'Vpc', metadata: { name: 'red' } } },
    {
      kind: 'Subnet',
      key: name,
      object: {
        ...head,
        kind: 'Subnet',
        metadata: { name, annotations },
        spec: { vpc: 'red', cidrBlock: '10.0.1.0/24,fd00:1::/64', gateway: '10.0.1.1,fd00:1::1', ...spec },
      },
    },
  ]);
  const rows = (table: string) =>
    [...compiler.rows.ids()].filter((id) => id.startsWith(`${table}/`)).map((id) => compiler.rows.columns(id)!);
  return printed(rows('ACL'), rows('Address_Set'));
}
