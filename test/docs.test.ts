/** The documentation says what the code can say. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ISSUE_REASONS } from '../src/core/compile/rule.ts';
import { ALLOCATION_REASONS } from '../src/core/ipam/allocation-error.ts';
import { PART_REASONS } from '../src/core/network/plan.ts';
import { REFUSED } from '../src/services/controller/network-parts.ts';
import { PORT_NOT_MOVED } from '../src/services/controller/port-watch.ts';
import { EXIT_CODES } from '../src/services/lab/errors.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(resolve(ROOT, path), 'utf8');

describe('docs/errors.md', () => {
  const documented = new Set([...read('docs/errors.md').matchAll(/`([A-Za-z-]+)`/g)].map(([, word]) => word));
  const codes = [
    ...ISSUE_REASONS,
    ...ALLOCATION_REASONS,
    ...PART_REASONS,
    REFUSED,
    ...Object.keys(EXIT_CODES),
    PORT_NOT_MOVED,
  ];
  test.each(codes)('%s', (code) => {
    expect(documented).toContain(code);
  });
});

describe('paths that are named exist', () => {
  const pages = readdirSync(resolve(ROOT, 'docs')).map((file) => `docs/${file}`);
  test.each(['README.md', 'CONTRIBUTING.md', ...pages])('%s', (file) => {
    const text = read(file);
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) =>
      resolve(ROOT, dirname(file), target!),
    );
    const files = [...text.matchAll(/`((?:src|test|bench|tools|deploy|examples|docs)\/[A-Za-z0-9_./-]+)`/g)].map(
      ([, path]) => resolve(ROOT, path!),
    );
    expect(links.length + files.length).toBeGreaterThan(0);
    expect([...links, ...files].filter((path) => !existsSync(path))).toEqual([]);
  });
});
