// Writes deploy/crds/*.yaml from src/kinds: `node tools/crds.ts`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { apiKinds } from '../src/kinds/api.ts';
import { crdOf } from '../src/kinds/crd.ts';
import type { Kind } from '../src/kinds/kind.ts';

export const crdFolder = new URL('../deploy/crds/', import.meta.url);

export function crdFile(kind: Kind): { readonly name: string; readonly text: string } {
  const head = `# Generated from src/kinds by tools/crds.ts.\n`;
  return {
    name: `${kind.group}_${kind.plural}.yaml`,
    text: head + stringify(JSON.parse(JSON.stringify(crdOf(kind))), { aliasDuplicateObjects: false }),
  };
}

if (import.meta.main) {
  mkdirSync(crdFolder, { recursive: true });
  for (const { name, text } of apiKinds.map(crdFile)) writeFileSync(new URL(name, crdFolder), text);
}
