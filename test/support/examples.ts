/** The manifests of a folder of examples, applied as a user would: file by file, in the order of their names, into namespace `default`. */
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { apply } from '../../src/cli/demo/apply.ts';
import { readManifests } from '../../src/cli/manifest/read-manifests.ts';
import { apiKinds } from '../../src/kinds/api.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import { expect } from 'vitest';
import { type ControlPlane, eventually } from './control-plane.ts';
import { R } from './objects.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../examples');

/** kubectl puts what says no namespace into the current one */
const placed = (object: KubeObject): KubeObject =>
  apiKinds.find(({ kind }) => kind === object.kind)?.namespaced
    ? { ...object, metadata: { namespace: 'default', ...object.metadata } }
    : object;

/** @param then what is expected after each file, by its name */
export async function applyExamples(
  plane: ControlPlane,
  folder: string,
  then: Readonly<Record<string, () => Promise<unknown>>> = {},
): Promise<void> {
  const files = (await readdir(join(EXAMPLES, folder))).filter((file) => file.endsWith('.yaml')).toSorted();
  expect(files).toEqual(expect.arrayContaining(Object.keys(then)));
  for (const file of files) {
    for (const object of readManifests(await readFile(join(EXAMPLES, folder, file), 'utf8'), file))
      await apply(plane.client, placed(object));
    await then[file]?.();
  }
}

/** Waits until all VirtualNetworks are in force. @returns their names */
export async function networksInForce(plane: ControlPlane): Promise<readonly string[]> {
  return await eventually(async () => {
    const { items } = await plane.client.list<KubeObject>(R.virtualNetworks);
    for (const { metadata } of items)
      expect([metadata.name, await plane.ready(R.virtualNetworks, metadata.name, metadata.namespace)]).toEqual([
        metadata.name,
        expect.objectContaining({ status: 'True' }),
      ]);
    return items.map(({ metadata }) => metadata.name).toSorted();
  });
}
