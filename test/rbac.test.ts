/** The roles in deploy/rbac.yaml allow what the processes do: what they follow, and what they write. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { apiKinds } from '../src/kinds/api.ts';
import { CORE, type Resource } from '../src/lib/kube/resource.ts';
import { RESOURCES } from '../src/services/controller/resources.ts';
import { STATUS_KINDS, STATUS_OF } from '../src/services/controller/status-kinds.ts';

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

const ROOT = resolve(import.meta.dirname, '..');
const roles = parseAllDocuments(readFileSync(resolve(ROOT, 'deploy/rbac.yaml'), 'utf8'))
  .map((document) => document.toJS() as Role)
  .filter(({ kind }) => kind === 'ClusterRole');

function may(role: string, verb: string, { group, plural }: Pick<Resource, 'group' | 'plural'>, part = ''): boolean {
  return roles
    .filter(({ metadata }) => metadata.name === role)
    .flatMap(({ rules }) => rules)
    .some(
      (rule) => rule.apiGroups.includes(group) && rule.resources.includes(plural + part) && rule.verbs.includes(verb),
    );
}

/** resources that the sources of a process hand to an Informer, by the name of the constant */
function followed(folder: string): readonly string[] {
  const directory = resolve(ROOT, folder);
  return readdirSync(directory)
    .filter((file) => file.endsWith('.ts') && !file.includes('.test.'))
    .flatMap((file) =>
      [...readFileSync(resolve(directory, file), 'utf8').matchAll(/new Informer<[^(]*>\(\s*[\w.]+,\s*([\w.]+)/g)].map(
        ([, constant]) => constant!,
      ),
    );
}

test('the agent reads what it follows', () => {
  const constants = followed('src/services/agent');
  expect(constants.length).toBeGreaterThanOrEqual(8);
  const resources = constants.map((constant) => {
    const core = Object.entries(CORE).find(([name]) => constant === `CORE.${name}`)?.[1];
    const kind = apiKinds.find(({ kind: name }) => constant.toLowerCase() === `${name.toLowerCase()}kind`);
    expect(core ?? kind, constant).toBeDefined();
    return (core ?? kind)!;
  });
  for (const resource of resources)
    for (const verb of ['list', 'watch'])
      expect([resource.plural, may('weft-agent', verb, resource)]).toEqual([resource.plural, true]);
});

test('the agent writes its own reports, and nothing that users declare', () => {
  const group = 'network.harvesterhci.io';
  expect(may('weft-agent', 'create', { group, plural: 'nodeunderlays' })).toBe(true);
  for (const plural of ['nodeunderlays', 'hostnetworkconfigs'])
    expect(may('weft-agent', 'patch', { group, plural }, '/status')).toBe(true);
  for (const { group: any, plural } of [...apiKinds, ...Object.values(CORE)])
    for (const verb of ['patch', 'update', 'delete', '*'])
      expect([plural, may('weft-agent', verb, { group: any, plural })]).toEqual([plural, false]);
});

test('the controller reads what it caches, and writes the statuses that it judges', () => {
  const text = readFileSync(resolve(ROOT, 'src/services/controller/caches.ts'), 'utf8');
  const cached = [
    ...new Set([...text.matchAll(/\[RESOURCES\.(\w+)/g)].map(([, name]) => name as keyof typeof RESOURCES)),
  ];
  expect(cached.length).toBeGreaterThanOrEqual(14);
  for (const name of cached)
    for (const verb of ['list', 'watch'])
      expect([name, may('weft-controller', verb, RESOURCES[name])]).toEqual([name, true]);
  for (const kind of STATUS_KINDS)
    expect([kind, may('weft-controller', 'patch', STATUS_OF[kind].resource, '/status')]).toEqual([kind, true]);
  expect(may('weft-controller', 'create', RESOURCES.events)).toBe(true);
  expect(may('weft-controller', 'patch', RESOURCES.nodes)).toBe(true);
});

test('the controller may take its finalizer off what is being deleted', () => {
  for (const resource of [RESOURCES.vpcs, RESOURCES.subnets, RESOURCES.ipPools])
    expect([resource.plural, may('weft-controller', 'patch', resource)]).toEqual([resource.plural, true]);
});
