/** `-o json|yaml`: standard output is one document and nothing else; words go to standard error. */
import { Option } from 'commander';

export type Format = 'json' | 'yaml';

export function outputOption(): Option {
  return new Option('-o, --output <FORMAT>', 'print one document').choices(['json', 'yaml']);
}

/** Prints a value as asked, or as text for people. */
export async function print(value: unknown, format: Format | undefined, text: () => string): Promise<void> {
  if (format === 'json') process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  else if (format === 'yaml') process.stdout.write((await import('yaml')).stringify(value));
  else process.stdout.write(`${text()}\n`);
}

/** control characters, and those that turn the direction of text: what users declared must not move the cursor */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Columns as wide as their widest cell, two blanks apart; characters that would not stay in their cell show as U+FFFD. */
export function table(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map((cell) => cell.replaceAll(UNPRINTABLE, '\uFFFD')));
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, index) => Math.max(all[index] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** `12.3 MB` */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
