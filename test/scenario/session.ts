/** Runs one scenario: the pure core from the door to the rows, with a model of the database behind it. */
import { parseAllDocuments } from 'yaml';
import { admit } from '../../src/core/admit/admit.ts';
import { noDirt } from '../../src/core/compile/desired.ts';
import { Compiler } from '../../src/core/compile/engine.ts';
import { RULES } from '../../src/core/compile/rules.ts';
import { type KindName, SETTINGS_KEY } from '../../src/core/compile/world.ts';
import { type ObservedColumns, OWNER } from '../../src/core/ovn/tables.ts';
import { ObservedRows } from '../../src/core/plan/observed.ts';
import { plan } from '../../src/core/plan/plan.ts';
import { underlayChanges } from '../../src/services/controller/feed.ts';
import { ModelDatabase } from '../../src/core/plan/testing/database.ts';
import { keyOf, type KubeObject } from '../../src/kinds/object.ts';
import type { NodeUnderlay } from '../../src/kinds/node-underlay.ts';
import { renderFieldError } from '../../src/lib/schema/field-error.ts';

export interface Outcome {
  readonly rows: readonly string[];
  readonly issues: readonly string[];
  readonly refused: readonly string[];
  readonly warnings: readonly string[];
}

type Rows = Map<string, Record<string, string>>;

export class Session {
  readonly #compiler = new Compiler(RULES);
  readonly #database = new ModelDatabase();
  readonly #observed = new ObservedRows();
  /** what nodes said last */
  readonly #reports = new Map<string, NodeUnderlay | undefined>();
  #rows: Rows = new Map();

  constructor() {
    this.#compiler.apply([{ kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: 1442 } }]);
  }

  apply(yaml: string): Outcome {
    const refused: string[] = [];
    const warnings: string[] = [];
    for (const document of parseAllDocuments(yaml)) {
      const object = document.toJS() as KubeObject;
      const key = keyOf(object.metadata);
      const kind = object.kind as KindName;
      const verdict = admit(
        object,
        this.#compiler.world.get(kind, key) as KubeObject | undefined,
        this.#compiler.world,
      );
      warnings.push(...verdict.warnings.map((text) => `${kind}/${key} ${text}`));
      refused.push(...verdict.errors.map((error) => `${kind}/${key} ${renderFieldError(error)}`));
      if (verdict.errors.length === 0) this.#change(kind, key, verdict.object);
    }
    return { ...this.#after(), refused, warnings };
  }

  delete(names: readonly string[]): Outcome {
    for (const name of names) {
      const slash = name.indexOf('/');
      this.#change(name.slice(0, slash) as KindName, name.slice(slash + 1), undefined);
    }
    return { ...this.#after(), refused: [], warnings: [] };
  }

  #change(kind: KindName, key: string, object: unknown): void {
    const changes =
      kind === 'NodeUnderlay'
        ? underlayChanges({ key, old: this.#reports.get(key), new: object as NodeUnderlay | undefined })
        : [{ kind, key, object } as never];
    if (kind === 'NodeUnderlay') this.#reports.set(key, object as NodeUnderlay | undefined);
    const { dirty } = this.#compiler.apply(changes);
    this.#observed.apply(
      this.#database.transact(plan(dirty, this.#compiler.rows, this.#observed).operations),
      noDirt(),
    );
  }

  #after(): Pick<Outcome, 'rows' | 'issues'> {
    const before = this.#rows;
    this.#rows = this.#print();
    const kinds: KindName[] = [
      'ProviderNetwork',
      'Vlan',
      'Vpc',
      'VpcPeering',
      'Subnet',
      'IP',
      'OvnEip',
      'OvnFip',
      'OvnSnatRule',
      'OvnDnatRule',
      'VpcNatGateway',
      'IptablesEIP',
      'IptablesFIPRule',
      'IptablesSnatRule',
      'IptablesDnatRule',
      'Vip',
      'SwitchLBRule',
    ];
    const issues = kinds.flatMap((kind) =>
      [...this.#compiler.world.all(kind)].flatMap(([key]) =>
        this.#compiler
          .issues(kind, key)
          .map(
            ({ severity, reason, message }) =>
              `${kind}/${key} ${severity ? `(${severity}) ` : ''}${reason}: ${message}`,
          ),
      ),
    );
    return { rows: difference(before, this.#rows), issues: issues.toSorted() };
  }

  #print(): Rows {
    const names = new Map(
      [...this.#observed.ids()].map((id) => [this.#observed.get(id)!.uuid, id.slice(id.indexOf('/') + 1)]),
    );
    return new Map(
      [...this.#observed.ids()].toSorted().map((id) => [id, printed(this.#observed.get(id)!.columns, names)]),
    );
  }
}

/** columns that say something, UUIDs as names, Weft's own marks left out */
function printed(columns: ObservedColumns, names: ReadonlyMap<string, string>): Record<string, string> {
  const texts = Object.entries(columns)
    .filter(([column]) => column !== 'name')
    .map(([column, value]) => [column, text(value, names)] as const);
  return Object.fromEntries(texts.filter(([, value]) => value !== '' && value !== '[]' && value !== '{}'));
}

function text(value: ObservedColumns[string], names: ReadonlyMap<string, string>): string {
  if (Array.isArray(value))
    return `[${value
      .map((item) => names.get(String(item)) ?? String(item))
      .toSorted()
      .join(' | ')}]`;
  if (value === undefined) return '';
  if (typeof value !== 'object' || value === null) return names.get(String(value)) ?? String(value);
  const pairs = Object.entries(value).filter(([key]) => key !== OWNER && key !== 'weft-key');
  return `{${pairs
    .map(([key, item]) => `${key}=${item}`)
    .toSorted()
    .join(', ')}}`;
}

function difference(before: Rows, after: Rows): string[] {
  const lines: string[] = [];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(id), after.get(id)];
    if (!old)
      lines.push(
        `+ ${id} ${Object.entries(now!)
          .map(([column, value]) => `${column}=${value}`)
          .join(' ')}`.trimEnd(),
      );
    else if (!now) lines.push(`- ${id}`);
    else
      for (const column of new Set([...Object.keys(old), ...Object.keys(now)])) {
        if (old[column] !== now[column])
          lines.push(`~ ${id} ${column}: ${old[column] ?? 'nothing'} -> ${now[column] ?? 'nothing'}`);
      }
  }
  return lines.toSorted((a, b) => (a.slice(2) < b.slice(2) ? -1 : 1));
}
