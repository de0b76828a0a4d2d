import { parseJson } from '../schema/json-text.ts';

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** One event per line of JSON, wherever the chunks are cut. */
export async function* watchEvents<T>(chunks: AsyncIterable<string>): AsyncGenerator<WatchEvent<T>[]> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    const events = lines.filter((line) => line !== '').map((line) => parseJson(line) as unknown as WatchEvent<T>);
    if (events.length > 0) yield events;
  }
}
