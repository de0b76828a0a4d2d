/** Commands in a network namespace of another process. */
import type { ProcessId } from '../../../lib/proc/process-id.ts';
import { run } from '../../../lib/proc/run.ts';

/** seconds */
const DEADLINE = 10;

/** the network namespace of a process, as a path that is valid in every box */
export function networkOf({ pid }: ProcessId): string {
  return `/proc/${pid}/ns/net`;
}

/** Runs a command there. @throws CommandError @returns what it printed */
export async function runIn(netns: string, command: readonly string[], input?: string): Promise<string> {
  const options = { deadline: DEADLINE, ...(input === undefined ? {} : { input }) };
  return (await run(['nsenter', `--net=${netns}`, ...command], options)).stdout;
}

/** Several commands of ip(8) or tc(8) in one go; the first that fails ends it. @throws CommandError */
export async function batchIn(netns: string, tool: 'ip' | 'tc', commands: readonly string[]): Promise<void> {
  if (commands.length > 0) await runIn(netns, [tool, '-batch', '-'], `${commands.join('\n')}\n`);
}
