import { DatabaseSync, type StatementSync } from 'node:sqlite';

export interface StoredRow {
  readonly resourceId: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly json: string;
}

/** One row to write; without `json` the row is deleted. */
export interface RowChange {
  readonly resourceId: string;
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly json?: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS objects (
    resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (resource, namespace, name)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS revision (id INTEGER PRIMARY KEY CHECK (id = 0), value INTEGER NOT NULL);
  INSERT OR IGNORE INTO revision VALUES (0, 1);
`;

/**
 * The SQLite file: WAL with synchronous=FULL, so that COMMIT returns after the log is on disk
 * (https://www.sqlite.org/pragma.html#pragma_synchronous). One transaction per call of `commit`, however many rows.
 */
export class Storage {
  readonly #database: DatabaseSync;
  readonly #upsert: StatementSync;
  readonly #delete: StatementSync;
  readonly #setRevision: StatementSync;
  #transactions = 0;

  /** Opens or makes the file; `:memory:` keeps nothing. @throws Error when it is no database or cannot be written */
  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA locking_mode = EXCLUSIVE;');
    this.#database.exec(SCHEMA);
    this.#upsert = this.#database.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)');
    this.#delete = this.#database.prepare('DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?');
    this.#setRevision = this.#database.prepare('UPDATE revision SET value = ? WHERE id = 0');
  }

  /** Transactions since the file was opened. */
  get transactions(): number {
    return this.#transactions;
  }

  /** The highest revision ever given. */
  revision(): number {
    return Number(this.#database.prepare('SELECT value FROM revision').get()?.value);
  }

  *rows(): Iterable<StoredRow> {
    const select = this.#database.prepare('SELECT resource, namespace, name, revision, json FROM objects');
    for (const row of select.iterate())
      yield {
        resourceId: String(row.resource),
        namespace: String(row.namespace),
        name: String(row.name),
        revision: Number(row.revision),
        json: String(row.json),
      };
  }

  /** Writes all changes and the new revision, or none of them. @throws Error as SQLite gives it (disk full, I/O) */
  commit(changes: readonly RowChange[], revision: number): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const { resourceId, namespace, name, revision: at, json } of changes) {
        if (json === undefined) this.#delete.run(resourceId, namespace, name);
        else this.#upsert.run(resourceId, namespace, name, at, json);
      }
      this.#setRevision.run(revision);
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#transactions++;
  }

  close(): void {
    this.#database.close();
  }
}
