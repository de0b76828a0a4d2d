import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asOvsdbError, fromServerError, OVSDB_ERROR_CODES, OvsdbError } from './errors.ts';

test('the README lists every code with its meaning', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `([a-z-]+)` *\| (.+?) *\|$/gm)].map(([, code, meaning]) => [code, meaning]);
  expect(rows).toEqual(Object.entries(OVSDB_ERROR_CODES));
});

test.each<[unknown, Partial<OvsdbError>]>([
  ['not owner', { code: 'not-owner', message: 'It failed: not owner', details: undefined }],
  [
    { error: 'timed out', details: 'why' },
    { code: 'timed-out', message: 'It failed: timed out: why', details: 'why' },
  ],
  [{ error: 'brand new' }, { code: 'other', serverError: 'brand new' }],
  [{ strange: 1 }, { code: 'other', serverError: '{"strange":1}' }],
  [5, { code: 'other', serverError: '5' }],
])('%j becomes an error with a code', (json, expected) => {
  expect(fromServerError(json, 'It')).toMatchObject(expected);
});

test('what was thrown by others keeps its message and is the cause', () => {
  const thrown = new RangeError('odd');
  expect(asOvsdbError(thrown)).toMatchObject({ code: 'protocol', message: 'odd', cause: thrown });
  const own = new OvsdbError('closed', 'x');
  expect(asOvsdbError(own)).toBe(own);
});
