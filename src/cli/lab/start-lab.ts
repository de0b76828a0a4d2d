/** Starts a lab with progress on standard error, for all commands that need one. */
import { homeDirectory, type LabPaths, labPaths } from '../../services/lab/paths.ts';
import type { LabOptions } from '../../services/lab/options.ts';
import { up } from '../../services/lab/up.ts';
import { progress } from './progress.ts';

/** @param asked options for a new lab; a lab that is there must have them @throws LabError */
export async function startLab(name: string, asked: Partial<LabOptions>): Promise<LabPaths> {
  const started = performance.now();
  const home = homeDirectory(process.env);
  const paths = labPaths(home, name);
  const show = await progress(process.stderr);
  try {
    const { ran } = await up({
      paths,
      asked,
      supervisor: [
        process.execPath,
        ...process.execArgv,
        process.argv[1]!,
        'supervisor',
        '--home',
        home,
        '--name',
        name,
      ],
      onEngine: show.engine,
      onStep: show.step,
    });
    await show.end();
    process.stderr.write(`lab ${name} ${ran ? 'runs already' : `is up after ${seconds(started)} s`}\n`);
  } catch (error) {
    await show.end(error);
    throw error;
  }
  return paths;
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
