import type { Buffer } from 'node:buffer';

/** A file of an image; its path has no slash in front. */
export type FileEntry =
  | { readonly path: string; readonly type: 'directory' }
  | { readonly path: string; readonly type: 'link'; readonly target: string }
  | { readonly path: string; readonly type: 'file'; readonly mode: number; readonly content: Buffer };

/** The entries, with the directories that they are in before them. */
export function withDirectories(entries: readonly FileEntry[]): readonly FileEntry[] {
  const paths = new Set<string>();
  for (const { path, type } of entries) {
    if (type === 'directory') paths.add(path);
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) paths.add(path.slice(0, end));
  }
  const directories = [...paths].toSorted().map((path) => ({ path, type: 'directory' as const }));
  return [...directories, ...entries.filter(({ type }) => type !== 'directory')];
}
