import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runStamped, type StepError } from './stamped-steps.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-steps-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function stepsThat(fail: string | undefined, did: string[]) {
  return ['one', 'two', 'three'].map((name) => ({
    name,
    does: `do ${name}`,
    run: () => {
      did.push(name);
      return name === fail ? Promise.reject(new Error('odd')) : Promise.resolve();
    },
  }));
}

async function attempt(fail: string | undefined) {
  const did: string[] = [];
  const told: string[] = [];
  const error = await runStamped(join(directory, 'done'), stepsThat(fail, did), (what) => told.push(what)).then(
    () => undefined,
    (thrown: unknown) => thrown as StepError,
  );
  return { did, told, error };
}

test('goes on at the step that failed, and does nothing when all are finished', async () => {
  const first = await attempt('two');
  expect(first.did).toEqual(['one', 'two']);
  expect(first.error).toMatchObject({ step: { name: 'two' }, isFirst: false, message: 'do two: odd' });
  const second = await attempt(undefined);
  expect(second).toEqual({ did: ['two', 'three'], told: ['do two (2 of 3)', 'do three (3 of 3)'], error: undefined });
  expect((await attempt(undefined)).did).toEqual([]);
});

test('says when there is nothing to go on with', async () => {
  expect((await attempt('one')).error).toMatchObject({ isFirst: true });
});
