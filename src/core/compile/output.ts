/** What one run of a rule emitted, in a form that can be compared with the run before. */
import { KEY, NB_TABLES, OWNER } from '../ovn/tables.ts';
import { type Atom, type Columns, memberKey, type RowId, type RowRef, rowId } from '../ovn/row.ts';
import type { Claim } from './desired.ts';
import { factDependency } from './reads.ts';
import type { Emit, Issue } from './rule.ts';

interface MemberOutput {
  readonly id: RowId;
  readonly column: string;
  readonly value: Atom | RowRef;
}

interface EntryOutput {
  readonly id: RowId;
  readonly column: string;
  readonly mapKey: string;
  readonly value: Atom;
  readonly precedence: string;
}

export interface Output {
  readonly rows: ReadonlyMap<RowId, Claim>;
  readonly members: ReadonlyMap<string, MemberOutput>;
  readonly entries: ReadonlyMap<string, EntryOutput>;
  readonly facts: ReadonlyMap<string, unknown>;
  readonly issues: readonly Issue[];
}

export const EMPTY_OUTPUT: Output = {
  rows: new Map(),
  members: new Map(),
  entries: new Map(),
  facts: new Map(),
  issues: [],
};

/** An `emit` that writes into an Output. Every row gets the mark of its owner, and its key where its table has no name column. */
export function recordOutput(owner: string, precedence: string): { readonly emit: Emit; readonly output: Output } {
  const rows = new Map<RowId, Claim>();
  const members = new Map<string, MemberOutput>();
  const entries = new Map<string, EntryOutput>();
  const facts = new Map<string, unknown>();
  const issues: Issue[] = [];

  const row = (table: string, key: string, columns: Columns) => {
    const info = NB_TABLES[table];
    if (!info) throw new Error(`rule of ${owner} emits a row of unknown table ${table}`);
    const id = rowId(table, key);
    if (rows.has(id)) throw new Error(`rule of ${owner} emits row ${id} twice`);
    const marks = info.nameColumn ? { [OWNER]: owner } : { [OWNER]: owner, [KEY]: key };
    const ids = columns['external_ids'] as Readonly<Record<string, Atom>> | undefined;
    rows.set(id, {
      owner,
      precedence,
      columns: { ...columns, ...(info.nameColumn ? { name: key } : {}), external_ids: { ...ids, ...marks } },
    });
  };
  const member = (table: string, key: string, column: string, value: Atom | RowRef) => {
    const id = rowId(table, key);
    members.set(`${id}\n${column}\n${memberKey(value)}`, { id, column, value });
  };

  const emit: Emit = {
    row,
    member,
    child(parent, table, key, columns) {
      row(table, key, columns);
      member(parent.table, parent.key, parent.column, { table, key });
    },
    entry(table, key, column, mapKey, value) {
      const id = rowId(table, key);
      entries.set(`${id}\n${column}\n${mapKey}`, { id, column, mapKey, value, precedence });
    },
    fact: (fact, key, value) => void facts.set(factDependency(fact, key), value),
    issue: (issue) => void issues.push(issue),
  };
  return { emit, output: { rows, members, entries, facts, issues } };
}
