/** Global setup of the tests: the engine, made if it is missing; tests find it in WEFT_ENGINE_ROOT. */
import { ensureEngine } from '../../src/services/lab/engine.ts';
import { homeDirectory } from '../../src/services/lab/paths.ts';

export async function setup(): Promise<void> {
  if (process.env['WEFT_ENGINE_ROOT']) return;
  const { root } = await ensureEngine(homeDirectory(process.env), (what) => process.stderr.write(`engine: ${what}\n`));
  process.env['WEFT_ENGINE_ROOT'] = root;
}
