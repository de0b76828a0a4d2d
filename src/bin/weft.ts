/** The front door: commands for people (src/cli), and the processes themselves, each with a composition root of its own here. */
import type { Command } from 'commander';
import { createProgram } from '../cli/program.ts';
import { failWith } from '../cli/failure.ts';

interface CompositionRoot {
  command(): Command;
}

/** loaded only when asked for: a process starts without what the others need */
const PROCESSES: Readonly<Record<string, () => Promise<CompositionRoot>>> = {
  apiserver: () => import('./apiserver.ts'),
  controller: () => import('./controller.ts'),
  agent: () => import('./agent.ts'),
  virt: () => import(new URL('virt.ts', import.meta.url).href) as Promise<CompositionRoot>,
  supervisor: () => import('./supervisor.ts'),
};

async function main(args: readonly string[]): Promise<void> {
  const wanted = Object.keys(PROCESSES).find((name) => name === args[0]);
  const program = createProgram(Object.keys(PROCESSES).filter((name) => name !== wanted));
  if (wanted !== undefined) program.addCommand((await PROCESSES[wanted]!()).command());
  await program.parseAsync(args, { from: 'user' });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  failWith(error);
}
