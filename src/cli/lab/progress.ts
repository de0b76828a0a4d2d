/** Shows how a lab comes up: live on a terminal, as plain lines elsewhere. */
import { STEPS, type StepEvent, type StepName } from '../../services/lab/steps.ts';

export interface ProgressView {
  /** a step of building the engine */
  readonly engine: (what: string) => void;
  readonly step: (event: StepEvent) => void;
  /** Call it once, with the error that ended the start if there was one. */
  end(error?: unknown): Promise<void>;
}

/** columns; a terminal that does not know its width says 0 */
const NARROWEST = 40;

export async function progress(out: NodeJS.WriteStream): Promise<ProgressView> {
  return out.isTTY && out.columns >= NARROWEST ? live(out) : lines(out);
}

function lines(out: NodeJS.WritableStream): ProgressView {
  const begun = new Map<StepName, number>();
  return {
    engine: (what) => void out.write(`engine: ${what}\n`),
    step({ step, state, at }) {
      if (state === 'begun') begun.set(step, at);
      else out.write(`${STEPS[step]}: ${state} (${(at - (begun.get(step) ?? at)).toFixed(2)} s)\n`);
    },
    end: () => Promise.resolve(),
  };
}

/** One line per step, with a spinner while it runs. */
async function live(out: NodeJS.WriteStream): Promise<ProgressView> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  const ends = new Map(Object.keys(STEPS).map((step) => [step, Promise.withResolvers<void>()]));
  const tasks = new Listr(
    Object.entries(STEPS).map(([step, title]) => ({ title, task: () => ends.get(step)!.promise })),
    {
      concurrent: true,
      exitOnError: false,
      rendererOptions: { logger: new ListrLogger({ useIcons: false, processOutput: new ProcessOutput(out, out) }) },
    },
  );
  let running: Promise<unknown> | undefined;
  return {
    engine: (what) => void out.write(`engine: ${what}\n`),
    step({ step, state }) {
      running ??= tasks.run().catch(() => undefined);
      if (state === 'done') ends.get(step)!.resolve();
      if (state === 'failed') ends.get(step)!.reject(new Error('failed'));
    },
    async end(error) {
      if (!running) return;
      for (const step of ends.values()) {
        if (error === undefined) step.resolve();
        else step.reject(new Error('not reached'));
      }
      await running;
    },
  };
}
