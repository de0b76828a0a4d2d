import { expect, test } from 'vitest';
import { WorkQueue } from './work-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a key that comes while it is worked on is worked on once more, never by two at once', async () => {
  const log: string[] = [];
  const gates: (() => void)[] = [];
  const queue = new WorkQueue({
    workers: 4,
    work: async (key) => {
      log.push(`begin ${key}`);
      await new Promise<void>((resolve) => gates.push(resolve));
      log.push(`end ${key}`);
    },
  });
  queue.add('a');
  queue.add('a');
  queue.add('a');
  expect(log).toEqual(['begin a']);
  gates.shift()!();
  await turn();
  expect(log).toEqual(['begin a', 'end a', 'begin a']);
  gates.shift()!();
  await queue.stop();
  expect(log).toEqual(['begin a', 'end a', 'begin a', 'end a']);
});

test('what was there before waits behind what is new', async () => {
  const order: string[] = [];
  let open!: () => void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const queue = new WorkQueue({
    workers: 1,
    work: async (key) => {
      order.push(key);
      await gate;
    },
  });
  for (const key of ['old1', 'old2', 'old3']) queue.addLow(key);
  queue.add('new');
  queue.add('old3');
  open();
  for (let count = 0; count < 10; count += 1) await turn();
  expect(order).toEqual(['old1', 'new', 'old3', 'old2']);
  await queue.stop();
});

test('a failure is told and tried again; after success the delay starts anew', async () => {
  const errors: string[] = [];
  let failures = 2;
  let done!: () => void;
  const finished = new Promise<void>((resolve) => (done = resolve));
  const queue = new WorkQueue({
    workers: 1,
    firstRetry: 1,
    work: (key) => {
      if (failures-- > 0) return Promise.reject(new Error(`no ${key}`));
      done();
      return Promise.resolve();
    },
    onError: (key, error) => errors.push(`${key}: ${(error as Error).message}`),
  });
  queue.add('a');
  await finished;
  expect(errors).toEqual(['a: no a', 'a: no a']);
  await queue.stop();
});

test('stopping takes nothing more and waits for what is under way', async () => {
  let ended = false;
  const queue = new WorkQueue({
    workers: 1,
    work: async () => {
      await turn();
      ended = true;
    },
  });
  queue.add('a');
  queue.add('b');
  await queue.stop();
  expect(ended).toBe(true);
  queue.add('c');
  expect(queue.size).toBe(0);
});
