import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { engineRoot } from '../src/lib/ovsdb/testing/ovsdb-server.ts';
import { engineSchema, generateTypes, OVN_DATABASES } from './ovsdb-types.ts';

test.each(OVN_DATABASES)('$file is what its schema generates, twice', ({ file, schema, prefix }) => {
  const committed = readFileSync(new URL(`../src/core/ovn/generated/${file}`, import.meta.url), 'utf8');
  expect(generateTypes(engineSchema(engineRoot(), schema), prefix)).toBe(committed);
  expect(generateTypes(engineSchema(engineRoot(), schema), prefix)).toBe(committed);
});

test('the generated files import nothing', () => {
  for (const { file } of OVN_DATABASES) {
    const text = readFileSync(new URL(`../src/core/ovn/generated/${file}`, import.meta.url), 'utf8');
    expect(text).not.toMatch(/^import /m);
  }
});
