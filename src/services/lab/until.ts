import { setTimeout as sleep } from 'node:timers/promises';

const POLL = 20;

/** Polls until `check` gives true; false when `deadline` seconds have passed. An error of `check` counts as not yet. */
export async function until(check: () => boolean | Promise<boolean>, deadline: number): Promise<boolean> {
  const end = performance.now() + deadline * 1000;
  for (;;) {
    if (await attempt(check)) return true;
    if (performance.now() > end) return false;
    await sleep(POLL);
  }
}

async function attempt(check: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await check();
  } catch {
    return false;
  }
}
