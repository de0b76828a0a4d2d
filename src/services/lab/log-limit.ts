/** Keeps the logs of a lab that runs for weeks small. */
import { copyFile, readdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** bytes; a log and the one before it take twice this at most, and what comes in between two looks */
export const LOG_LIMIT = 5_000_000;
/** milliseconds between two looks */
export const LOG_INTERVAL = 30_000;

/**
 * Moves what a log above the limit holds to LOG.1, over what was there, and empties the log in place (the `copytruncate` of
 * logrotate(8)). Nobody has to open it again: all who write do so with O_APPEND, and go on at its new end.
 */
export async function limitLogs(directory: string, limit: number): Promise<void> {
  const names = await readdir(directory, { recursive: true });
  for (const name of names.filter((file) => file.endsWith('.log'))) {
    const file = join(directory, name);
    if ((await stat(file)).size <= limit) continue;
    await copyFile(file, `${file}.1`);
    await truncate(file);
  }
}
