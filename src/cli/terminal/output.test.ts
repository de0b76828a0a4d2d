import { expect, test } from 'vitest';
import { table } from './output.ts';

test('columns are as wide as their widest cell; no line ends in blanks', () => {
  const text = table([
    ['BOX', 'PROCESS', 'PID'],
    ['central', 'x', '7'],
    ['a', 'longer-name', ''],
  ]);
  expect(text.split('\n')).toEqual(['BOX      PROCESS      PID', 'central  x            7', 'a        longer-name']);
});
