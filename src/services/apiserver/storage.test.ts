import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Storage, type RowChange } from './storage.ts';
import { Store } from './store.ts';
import type { KubeObject } from './model/objects.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-storage-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function object(name: string): KubeObject {
  const metadata = { name, namespace: 'n', uid: `uid-${name}`, resourceVersion: '', creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

/** A storage whose next commits fail, as on a full disk. */
class FullDisk extends Storage {
  full = false;

  override commit(changes: readonly RowChange[], revision: number): void {
    if (this.full) throw new Error('database or disk is full');
    super.commit(changes, revision);
  }
}

/** The program of the child: writes as fast as it can and prints each acknowledged revision and name. */
const WRITER = `
import { Storage } from '${import.meta.dirname}/storage.ts';
import { Store } from '${import.meta.dirname}/store.ts';
const store = new Store(new Storage(process.argv[1]));
let n = 0;
async function client(id) {
  for (;;) {
    const name = id + '-' + n++;
    const metadata = { name, namespace: 'n', uid: name, resourceVersion: '', creationTimestamp: '' };
    const stored = store.put('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { x: 'y'.repeat(500) } });
    await store.committed();
    process.stdout.write(stored.revision + ' ' + name + '\\n');
  }
}
for (const id of ['a', 'b', 'c', 'd']) void client(id);
`;

describe('storage', () => {
  it('a process killed in the middle of writes has lost nothing that it acknowledged', async () => {
    const file = join(directory, 'weft.db');
    let known = new Map<string, number>();
    let highest = 0;
    for (let round = 0; round < 2; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', WRITER, file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const acknowledged = new Map<string, number>();
      for await (const line of createInterface({ input: child.stdout })) {
        const [revision = '', name = ''] = line.split(' ');
        acknowledged.set(name, Number(revision));
        if (acknowledged.size === 300) child.kill('SIGKILL');
      }
      if (child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');
      expect(Math.min(...acknowledged.values())).toBeGreaterThan(highest);
      highest = Math.max(...acknowledged.values());
      known = new Map([...known, ...acknowledged]);
      const storage = new Storage(file);
      const rows = new Map([...storage.rows()].map(({ name, revision }) => [name, revision]));
      // names of the second round overwrite those of the first, with higher revisions
      for (const [name, revision] of known) expect(rows.get(name)).toBeGreaterThanOrEqual(revision);
      expect(storage.revision()).toBeGreaterThanOrEqual(highest);
      storage.close();
    }
  });

  it('puts writes that come together into one transaction', async () => {
    const storage = new Storage(':memory:');
    const store = new Store(storage);
    const acknowledgements = Array.from({ length: 100 }, (_, i) => {
      store.put('configmaps', object(`m-${i}`));
      return store.committed();
    });
    await Promise.all(acknowledgements);
    expect(storage.transactions).toBe(1);
    expect(
      store
        .list('configmaps')
        .map(({ revision }) => revision)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 100 }, (_, i) => i + 2));
    store.close();
  });

  it('shows nothing to readers, watchers and listeners before it is committed', async () => {
    const store = new Store(new Storage(':memory:'));
    const order: string[] = [];
    store.onCommit(() => order.push('listener'));
    store.watch('configmaps', () => order.push('watcher'));
    store.put('configmaps', object('a'));
    const written = store.committed().then(() => order.push('writer'));
    const read = store.read(() => order.push('reader'));
    expect(order).toEqual([]);
    await Promise.all([written, read]);
    expect(order.slice(0, 2)).toEqual(['listener', 'watcher']);
    store.close();
  });

  it('takes back what could not be committed, and goes on', async () => {
    const storage = new FullDisk(':memory:');
    const store = new Store(storage);
    const kept = store.put('configmaps', object('kept'));
    await store.committed();
    storage.full = true;
    store.put('configmaps', { ...object('kept'), data: {} });
    store.put('configmaps', object('lost'));
    store.remove(store.get('configmaps', 'n', 'kept')!);
    const read = store.read(() => store.list('configmaps'));
    await expect(store.committed()).rejects.toThrow('disk is full');
    expect(await read).toEqual([kept]);
    expect(store.byUid('uid-kept')).toBe(kept);
    expect(store.byUid('uid-lost')).toBeUndefined();
    storage.full = false;
    expect(store.put('configmaps', object('next')).revision).toBeGreaterThan(kept.revision);
    await store.committed();
    store.close();
  });

  it('refuses a second process on the same file', () => {
    const file = join(directory, 'weft.db');
    const storage = new Storage(file);
    storage.commit([], 5);
    expect(() => new Storage(file)).toThrow(/locked/);
    storage.close();
    const again = new Storage(file);
    expect(again.revision()).toBe(5);
    again.close();
  });
});
