/** The front door: commands for people (src/cli), and the processes themselves, each with a composition root of its own here. */
import { existsSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';

/** processes of Weft -> composition root, loaded only when asked for: a process starts without what the others need */
const PROCESSES = {
  apiserver: () => import('./apiserver.ts'),
  controller: () => import('./controller.ts'),
  agent: () => import('./agent.ts'),
  virt: () => import('./virt.ts'),
  supervisor: () => import('./supervisor.ts'),
} as const;

function isProcess(name: string | undefined): name is keyof typeof PROCESSES {
  return name !== undefined && Object.hasOwn(PROCESSES, name);
}

async function main(args: readonly string[]): Promise<void> {
  const [name] = args;
  if (!isProcess(name)) {
    const { createProgram } = await import('../cli/program.ts');
    return void (await createProgram(Object.keys(PROCESSES)).parseAsync(args, { from: 'user' }));
  }
  const { command } = await PROCESSES[name]();
  // a process that is killed would leave nothing for the next start; now, because writing blocks: the first time, for a
  // second, and for several when all processes of a lab write at once. Later on somebody would wait for an answer
  flushCompileCache();
  await command().exitOverride().parseAsync(args.slice(1), { from: 'user' });
}

// half of the time of a start is parsing and stripping types: Node keeps the result, by path and content. The first lab makes
// the folder: a command that fails before there is one leaves nothing behind
const cache = process.env['NODE_COMPILE_CACHE'] ?? `${process.env['WEFT_HOME'] || '/var/lib/weft'}/compile-cache`;
if (existsSync(cache)) enableCompileCache(cache);
try {
  await main(process.argv.slice(2));
} catch (error) {
  const { failWith } = await import('../cli/terminal/failure.ts');
  failWith(error);
}
