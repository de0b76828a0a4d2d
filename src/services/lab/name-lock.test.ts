import { expect, test } from 'vitest';
import { LabError } from './errors.ts';
import { lockSupervisor, whileEngineLocked, whileLocked } from './name-lock.ts';

const NAME = `lock-${process.pid}`;

test('commands on one lab run one after the other, those on another beside them', async () => {
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const a = whileLocked(NAME, async () => {
    order.push('first begins');
    await first.promise;
    order.push('first ends');
  });
  await expect.poll(() => order).toEqual(['first begins']);
  const b = whileLocked(NAME, () => Promise.resolve(order.push('second')));
  await whileLocked(`${NAME}x`, () => Promise.resolve(order.push('other')));
  first.resolve();
  await Promise.all([a, b]);
  expect(order).toEqual(['first begins', 'other', 'first ends', 'second']);
});

test('a lock is free again after its holder failed', async () => {
  await expect(whileLocked(NAME, () => Promise.reject(new Error('odd')))).rejects.toThrow('odd');
  expect(await whileLocked(NAME, () => Promise.resolve(1))).toBe(1);
});

test('a second supervisor of one lab is refused', async () => {
  await lockSupervisor(NAME);
  await expect(lockSupervisor(NAME)).rejects.toBeInstanceOf(LabError);
});

test('an engine is made once: who comes later is told, and waits', async () => {
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const make = (who: string) =>
    whileEngineLocked(
      `/${NAME}/${'long'.repeat(50)}`,
      () => order.push(`${who} waits`),
      async () => {
        order.push(`${who} begins`);
        await first.promise;
        order.push(`${who} ends`);
      },
    );
  const a = make('a');
  await expect.poll(() => order).toEqual(['a begins']);
  const b = make('b');
  await expect.poll(() => order).toContain('b waits');
  first.resolve();
  await Promise.all([a, b]);
  expect(order).toEqual(['a begins', 'b waits', 'a ends', 'b begins', 'b ends']);
});
