import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { EXIT_CODES, LabError } from './errors.ts';

test('the README lists every code with its exit code', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `([a-z-]+)` *\| (\d) *\| .+ *\|$/gm)].map(([, code, exit]) => [
    code,
    Number(exit),
  ]);
  expect(rows).toEqual(Object.entries(EXIT_CODES));
});

test('an error is one sentence with what, why and what to do', () => {
  const error = new LabError('bad-node', 'there is no node x', 'the lab has node1', 'name that one');
  expect(error.message).toBe('there is no node x: the lab has node1; name that one');
  expect(error.exit).toBe(2);
});
