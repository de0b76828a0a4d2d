import { describe, expect, test } from 'vitest';
import { Coalescer } from './coalesce.ts';

/** A flush that records its batches and ends when it is told to. */
function manualFlush() {
  const batches: (readonly number[])[] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const flush = (items: readonly number[]): Promise<void> => {
    batches.push(items);
    return new Promise((resolve, reject) => ends.push({ resolve, reject }));
  };
  return { batches, ends, flush };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Coalescer', () => {
  test('what arrives in one turn leaves in one flush', async () => {
    const { batches, ends, flush } = manualFlush();
    const coalescer = new Coalescer({ flush, maxItems: 10 });
    const submitted = [1, 2, 3].map((item) => coalescer.submit(item));
    await turn();
    expect(batches).toEqual([[1, 2, 3]]);
    ends[0]!.resolve();
    await Promise.all(submitted);
    expect(coalescer.waiting).toBe(0);
  });

  test('what arrives during a flush leaves in the next, at most maxItems at a time, in order', async () => {
    const { batches, ends, flush } = manualFlush();
    const coalescer = new Coalescer({ flush, maxItems: 2 });
    for (let item = 1; item <= 5; item++) void coalescer.submit(item);
    await turn();
    expect(batches).toEqual([[1, 2]]);
    ends[0]!.resolve();
    await turn();
    expect(batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
    ends[1]!.resolve();
    await turn();
    expect(batches).toEqual([[1, 2], [3, 4], [5]]);
  });

  test('maxFlushes of them may be under way', async () => {
    const { batches, ends, flush } = manualFlush();
    const coalescer = new Coalescer({ flush, maxItems: 1, maxFlushes: 2 });
    for (let item = 1; item <= 4; item++) void coalescer.submit(item);
    await turn();
    expect(batches).toEqual([[1], [2]]);
    ends[1]!.resolve();
    await turn();
    expect(batches).toEqual([[1], [2], [3]]);
  });

  test('a window collects over several turns, and a full batch ends it', async () => {
    const { batches, flush } = manualFlush();
    const coalescer = new Coalescer({ flush, maxItems: 3, windowMs: 1_000_000 });
    void coalescer.submit(1);
    await turn();
    void coalescer.submit(2);
    await turn();
    expect(batches).toEqual([]);
    void coalescer.submit(3);
    expect(batches).toEqual([[1, 2, 3]]);
  });

  test('a rejected flush rejects its items, and only those', async () => {
    const { ends, flush } = manualFlush();
    const coalescer = new Coalescer({ flush, maxItems: 2 });
    const outcomes = Promise.allSettled([1, 2, 3].map((item) => coalescer.submit(item)));
    await turn();
    ends[0]!.reject(new Error('refused'));
    await turn();
    ends[1]!.resolve();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  test('a flush that throws at once rejects too', async () => {
    const coalescer = new Coalescer<number>({
      maxItems: 1,
      flush: () => {
        throw new Error('at once');
      },
    });
    await expect(coalescer.submit(1)).rejects.toThrow('at once');
  });

  test('room makes producers wait: no more than maxWaiting items pile up', async () => {
    const flushed: number[] = [];
    const coalescer = new Coalescer<number>({
      maxItems: 2,
      maxWaiting: 4,
      flush: async (items) => {
        await turn();
        flushed.push(...items);
      },
    });
    let most = 0;
    const all: Promise<void>[] = [];
    for (let item = 0; item < 50; item++) {
      await coalescer.room();
      all.push(coalescer.submit(item));
      most = Math.max(most, coalescer.waiting);
    }
    await Promise.all(all);
    expect(most).toBe(4);
    expect(flushed).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test('a limit below one is refused', () => {
    expect(() => new Coalescer({ flush: async () => {}, maxItems: 0 })).toThrow(RangeError);
  });
});
