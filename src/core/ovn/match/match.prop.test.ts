import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateMatch } from './evaluate.ts';
import type { Match } from './match.ts';
import { negate } from './match.ts';
import { parseMatch } from './parse.ts';
import { printMatch } from './print.ts';
import { matchText, mutatedText, packet } from './testing/generated.ts';

const parsed = (text: string): Match | undefined => {
  const result = parseMatch(text);
  return 'expression' in result ? result.expression : undefined;
};

test('the printed form of a match reads as the same match', () => {
  let read = 0;
  fc.assert(
    fc.property(matchText, (text) => {
      const match = parsed(text);
      if (!match) return;
      read += 1;
      const printed = printMatch(match);
      expect(parseMatch(printed)).toEqual({ expression: match });
      expect(printMatch(parsed(printed)!)).toBe(printed);
    }),
    { numRuns: 3000 },
  );
  expect(read).toBeGreaterThan(500);
});

test('whatever the text, the answer is a match or a problem with a column inside of it', () => {
  const hostile = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), mutatedText);
  fc.assert(
    fc.property(hostile, (text) => {
      const result = parseMatch(text);
      if ('expression' in result) return;
      expect(result.problem.column).toBeGreaterThanOrEqual(1);
      expect(result.problem.column).toBeLessThanOrEqual(text.length + 1);
      expect(result.problem.message).not.toBe('');
    }),
    { numRuns: 5000 },
  );
});

test('a match and its negation agree wherever no prerequisite is in the way', () => {
  const free = fc
    .constantFrom('eth.src', 'eth.dst', 'reg0', 'ct_state')
    .chain((name) =>
      fc.tuple(fc.constant(name), fc.constantFrom('==', '!=', '<', '>='), fc.nat(300)).map((words) => words.join(' ')),
    );
  const texts = fc.array(free, { minLength: 2, maxLength: 4 }).map((list) => list.join(' || '));
  fc.assert(
    fc.property(texts, packet, (text, frame) => {
      const match = parsed(text)!;
      expect(evaluateMatch(negate(match), frame)).toBe(!evaluateMatch(match, frame));
    }),
  );
});
