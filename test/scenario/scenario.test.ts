import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Outcome, Session } from './session.ts';

const FOLDER = new URL('./', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));
const RESULTS = ['rows', 'issues', 'refused', 'warnings'] as const;

interface Section {
  readonly title: string;
  readonly body: string;
}

/** `== title` begins a section; what stands before the first is a comment */
function sections(content: string): { readonly head: string; readonly list: readonly Section[] } {
  const [head = '', ...rest] = content.split(/^== /m);
  return {
    head,
    list: rest.map((part) => ({
      title: part.slice(0, part.indexOf('\n')).trim(),
      body: part.slice(part.indexOf('\n') + 1).trimEnd(),
    })),
  };
}

function actual(content: string): string {
  const session = new Session();
  const { head, list } = sections(content);
  const steps = list.filter(({ title }) => title.startsWith('apply') || title.startsWith('delete'));
  const blocks = steps.map(({ title, body }) => {
    const outcome: Outcome = title.startsWith('apply')
      ? session.apply(body)
      : session.delete(body.split(/\s+/).filter((name) => name !== ''));
    const results = RESULTS.filter((name) => outcome[name].length > 0).map(
      (name) => `== ${name}\n${outcome[name].join('\n')}\n`,
    );
    return [`== ${title}\n${body}\n`, ...results].join('\n');
  });
  return `${head.trimEnd()}\n\n${blocks.join('\n')}`;
}

test('there are scenarios', () => {
  expect(files.length).toBeGreaterThan(4);
});

test.each(files)('%s', (name) => {
  const file = new URL(name, FOLDER);
  const content = readFileSync(file, 'utf8');
  const result = actual(content);
  if (process.env['WEFT_REWRITE']) writeFileSync(file, result);
  else expect(result).toBe(content);
});
