import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Answering, holdTime, nextAnswering } from './answering.ts';

/** [milliseconds, what is heard] in turn */
function after(...heard: readonly (readonly [number, boolean | undefined])[]): Answering {
  return heard.reduce<Answering | undefined>((state, [now, there]) => nextAnswering(state, there, now), undefined)!;
}

test('who has never been there says nothing by not being there', () => {
  expect(after([0, false], [50, false], [1000, undefined]).phase).toBe('unheard');
});

test('the first time is believed at once, and so is a loss', () => {
  expect(after([0, false], [50, true]).phase).toBe('up');
  expect(after([0, true], [50, false])).toEqual({ phase: 'down', since: 50, losses: 1 });
});

test('after a loss it must be there for a second, without another loss', () => {
  const lost = [
    [0, true],
    [50, false],
    [100, true],
  ] as const;
  expect(after(...lost, [1050, true]).phase).toBe('waiting');
  expect(after(...lost, [1100, true]).phase).toBe('up');
  expect(after(...lost, [900, false], [1000, true], [2000, true])).toEqual({
    phase: 'waiting',
    since: 1000,
    losses: 2,
  });
  expect(after(...lost, [900, false], [1000, true], [3000, true]).phase).toBe('up');
});

test('what is not known changes nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.boolean(), { nil: undefined })), (heard) => {
      const timed = heard.map((there, index) => [index * 50, there] as const);
      const known = timed.filter(([, there]) => there !== undefined);
      fc.pre(known.length > 0 && timed[0]![1] !== undefined);
      expect(after(...timed)).toEqual(after(...known));
    }),
  );
});

test('the hold time doubles to a minute, and a minute of being there forgives one loss', () => {
  expect([1, 2, 3, 6, 7, 8, 50].map(holdTime)).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000]);
  const flapped: Answering = { phase: 'up', since: 0, losses: 5 };
  expect(nextAnswering(flapped, false, 59_000).losses).toBe(6);
  expect(nextAnswering(flapped, false, 121_000).losses).toBe(4);
  expect(nextAnswering(flapped, false, 86_400_000).losses).toBe(1);
});

test('however it flaps, it is up only after its hold time, and moves ever more rarely', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 100, maxLength: 1200 }), (heard) => {
      let state: Answering | undefined;
      let comebacks = 0;
      for (const [index, there] of heard.entries()) {
        const next = nextAnswering(state, there, index * 50);
        if (state?.phase === 'waiting' && next.phase === 'up') comebacks++;
        state = next;
      }
      // 60 s hold at most 1 + 2 + 4 + 8 + 16 + 32 s of waiting
      expect(comebacks).toBeLessThanOrEqual(6);
    }),
  );
});
