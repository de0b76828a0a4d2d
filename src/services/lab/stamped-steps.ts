/** Work in steps that is gone on with where it was cut off: a step that is finished leaves a stamp, a file of its name. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface BuildStep {
  /** a file name */
  readonly name: string;
  /** for people */
  readonly does: string;
  /** must cope with what an earlier run of itself left half done */
  run(): Promise<void>;
}

/** A step threw: `cause` is what. */
export class StepError extends Error {
  readonly step: BuildStep;
  /** whether the next run can go on after an earlier step */
  readonly isFirst: boolean;

  constructor(step: BuildStep, isFirst: boolean, cause: unknown) {
    super(`${step.does}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.step = step;
    this.isFirst = isFirst;
  }
}

/** Runs the steps that have no stamp in `directory` yet, in order. @throws StepError */
export async function runStamped(
  directory: string,
  steps: readonly BuildStep[],
  progress: (what: string) => void,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [index, step] of steps.entries()) {
    const stamp = join(directory, step.name);
    if (existsSync(stamp)) continue;
    progress(`${step.does} (${index + 1} of ${steps.length})`);
    try {
      await step.run();
    } catch (error) {
      throw new StepError(step, index === 0, error);
    }
    await writeFile(stamp, '');
  }
}
