import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guestFile, type GuestRecord, GuestStore, readGuests } from './guest-record.ts';

let run = '';
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'weft-guests-'));
});
afterEach(() => rmSync(run, { recursive: true, force: true }));

const record = (namespace: string, pod: string): GuestRecord => ({
  namespace,
  pod,
  uid: 'u',
  sandbox: 's',
  interfaces: [],
  ready: false,
});

test('names become file names that cannot meet', () => {
  expect(guestFile('a', 'b-c')).toBe('a_b-c.json');
  expect(guestFile('a-b', 'c')).toBe('a-b_c.json');
  const long = 'p'.repeat(253);
  const name = guestFile('n'.repeat(63), long);
  expect(`${name}.part`.length).toBeLessThanOrEqual(255);
  expect(guestFile('n'.repeat(63), `${'p'.repeat(252)}q`)).not.toBe(name);
});

test.each([
  ['..', 'p'],
  ['a/b', 'p'],
  ['a', '../p'],
  ['a', '..'],
  ['a', 'p/q'],
  ['a', 'p_q'],
  ['a', 'p\0'],
  ['', 'p'],
  ['A', 'p'],
])('%s/%s is no name of a pod', (namespace, pod) => {
  expect(() => guestFile(namespace, pod)).toThrow(/is not the name of a pod/);
});

test('records outlive the store, and go when they are removed', async () => {
  const store = new GuestStore(run);
  await store.put(record('a', 'p'));
  await store.put({ ...record('a', 'p'), ready: true });
  await store.put(record('b', 'p'));
  expect(new GuestStore(run).get('a/p')).toEqual({ ...record('a', 'p'), ready: true });
  expect(readGuests(run).map(({ namespace }) => namespace)).toEqual(['a', 'b']);
  await store.remove(record('a', 'p'));
  await store.remove(record('a', 'p'));
  expect(new GuestStore(run).keys()).toEqual(['b/p']);
});
