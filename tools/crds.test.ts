import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { apiKinds } from '../src/kinds/api.ts';
import { crdFile, crdFolder } from './crds.ts';

test('deploy/crds is what the kinds say (else: node tools/crds.ts)', () => {
  const files = apiKinds.map(crdFile);
  expect(readdirSync(crdFolder).toSorted()).toEqual(files.map(({ name }) => name).toSorted());
  for (const { name, text } of files) expect(readFileSync(new URL(name, crdFolder), 'utf8')).toBe(text);
});
