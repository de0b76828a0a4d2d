/** The house: which room may import which, what pure rooms may not touch, how long a file may be. `CONTRIBUTING.md` lists it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** from top to bottom: a room imports only itself and rooms above it */
const ROOMS = ['lib', 'kinds', 'core', 'services', 'cni', 'cli', 'bin'];
/** rooms (or shelves of them) whose files run anywhere: no Node, no clock, no randomness, no environment */
const PURE = ['lib/netaddr', 'lib/schema', 'kinds', 'core'];
/** the only ways between shelves of one room that are otherwise apart */
const LIB_MAY = new Map([['kube', ['schema']]]);
const MOST_LINES = 400;
const LEAST_FILES = 200;

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

interface Source {
  /** path below the repository */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name === 'node_modules' || name.startsWith('.')) return [];
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

const STATEMENT =
  /^\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm;

function importsOf(text: string): Import[] {
  return [...text.matchAll(STATEMENT)].map(([, type, from, bare, dynamic]) => ({
    target: from ?? bare ?? dynamic ?? '',
    typeOnly: type !== undefined,
  }));
}

function load(folders: readonly string[]): Source[] {
  return folders
    .flatMap((folder) => filesBelow(join(ROOT, folder)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      return { path: relative(ROOT, path), text, imports: importsOf(text) };
    });
}

const all = load(['src', 'test', 'bench', 'tools']);
const sources = all.filter(({ path }) => path.startsWith('src/'));
const isTest = (path: string) => /\.(test|fixture)\.ts$/.test(path) || path.includes('/testing/');
const product = sources.filter(({ path }) => !isTest(path));
const byPath = new Map(all.map((source) => [source.path, source]));

const resolved = ({ path }: Source, target: string) =>
  target.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(path), target)) : undefined;
const room = (path: string) => relative(SRC, join(ROOT, path)).split('/')[0] ?? '';
const shelf = (path: string) => relative(SRC, join(ROOT, path)).split('/')[1] ?? '';

/** all ways between different folders, as [file, folder, folder] */
function edges(list: readonly Source[]): [file: string, from: string, to: string][] {
  return list.flatMap((source) =>
    source.imports.flatMap(({ target }) => {
      const to = resolved(source, target);
      return to === undefined || dirname(to) === dirname(source.path)
        ? []
        : [[source.path, dirname(source.path), dirname(to)] as [string, string, string]];
    }),
  );
}

test('it sees the house', () => {
  expect(all.length).toBeGreaterThan(LEAST_FILES);
  for (const name of ROOMS) expect(sources.some(({ path }) => room(path) === name)).toBe(true);
  expect(sources.filter(({ path }) => !ROOMS.includes(room(path)))).toEqual([]);
  expect(sources.reduce((count, { imports }) => count + imports.length, 0)).toBeGreaterThan(LEAST_FILES);
});

describe('imports', () => {
  test('lead to files that are there', () => {
    const lost = all
      .flatMap((source) => source.imports.map(({ target }) => [source.path, target, resolved(source, target)] as const))
      .filter(([, target, path]) => path !== undefined && !byPath.has(path) && !target.endsWith('.json'));
    expect(lost).toEqual([]);
  });

  test('go to the same room or to one above', () => {
    const wrong = sources.flatMap((source) =>
      source.imports.flatMap(({ target }) => {
        const to = resolved(source, target);
        if (to === undefined) return [];
        return !to.startsWith('src/') || ROOMS.indexOf(room(to)) > ROOMS.indexOf(room(source.path))
          ? [`${source.path} -> ${to}`]
          : [];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('stay within a shelf of lib and of services, but for the ways listed', () => {
    const wrong = product.flatMap((source) =>
      source.imports.flatMap(({ target }) => {
        const to = resolved(source, target);
        if (to === undefined || room(to) !== room(source.path) || shelf(to) === shelf(source.path)) return [];
        if (room(to) === 'lib')
          return LIB_MAY.get(shelf(source.path))?.includes(shelf(to)) ? [] : [`${source.path} -> ${to}`];
        return room(to) === 'services' ? [`${source.path} -> ${to}`] : [];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('never lead both ways between two folders', () => {
    const ways = new Map<string, string>();
    for (const [file, from, to] of edges(product)) ways.set(`${from} -> ${to}`, file);
    const both = [...ways].filter(([way]) => ways.has(way.split(' -> ').toReversed().join(' -> ')));
    expect(both).toEqual([]);
  });

  test('lib knows nothing of the product', () => {
    const names = product
      .filter(
        ({ path, text }) =>
          room(path) === 'lib' &&
          /\b(kube-?ovn|weft|subnet\b.*vpc)/i.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
      )
      .map(({ path }) => path);
    expect(names).toEqual([]);
  });
});

describe('pure rooms', () => {
  const pure = product.filter(({ path }) => PURE.some((folder) => path.startsWith(`src/${folder}/`)));

  test('reach no Node module, not even by way of another file', () => {
    const seen = new Map<string, string | undefined>();
    const impure = (path: string): string | undefined => {
      if (seen.has(path)) return seen.get(path);
      seen.set(path, undefined);
      const source = byPath.get(path);
      for (const { target, typeOnly } of source?.imports ?? []) {
        if (typeOnly) continue;
        const to = source && resolved(source, target);
        const found = target.startsWith('node:') ? `${path} -> ${target}` : to === undefined ? undefined : impure(to);
        if (found) seen.set(path, found);
      }
      return seen.get(path);
    };
    expect(pure.length).toBeGreaterThan(50);
    expect(pure.flatMap(({ path }) => impure(path) ?? [])).toEqual([]);
  });

  test('ask neither clock nor chance nor surroundings', () => {
    const asks =
      /\b(Date\.now|new Date\(\)|Math\.random|performance\.now|process\.|setTimeout|setInterval|setImmediate|globalThis\.|crypto\.|fetch\()/;
    const code = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(pure.filter(({ text }) => asks.test(code(text))).map(({ path }) => path)).toEqual([]);
  });
});

describe('files', () => {
  test(`have at most ${MOST_LINES} lines, but for generated ones`, () => {
    const long = all
      .filter(({ path, text }) => !path.includes('/generated/') && text.split('\n').length > MOST_LINES + 1)
      .map(({ path, text }) => `${path}: ${text.split('\n').length}`);
    expect(long).toEqual([]);
  });

  test('have kebab-case names, and export by name', () => {
    expect(all.filter(({ path }) => !/^[a-z0-9.-]+$/.test(path.split('/').at(-1)!)).map(({ path }) => path)).toEqual(
      [],
    );
    expect(sources.filter(({ text }) => /^export default/m.test(text)).map(({ path }) => path)).toEqual([]);
    expect(sources.filter(({ path }) => /(^|\/)index\.ts$/.test(path)).map(({ path }) => path)).toEqual([]);
  });

  test('say nothing of registries', () => {
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});
