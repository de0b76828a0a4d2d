import { CliError } from '../terminal/failure.ts';
import { inherit, terminal } from '../terminal/run-inherited.ts';
import { whichLab } from '../terminal/which-lab.ts';
import type { ExecFlags } from './exec.ts';
import { enterGuest, GUEST_ENVIRONMENT } from './guest-entry.ts';

/** Runs a command inside a guest with our own standard streams; its exit code becomes ours. */
export async function execInGuest(vm: string, words: readonly string[], flags: ExecFlags): Promise<void> {
  // with options passed through, commander leaves the -- in front of the command to us
  const command = words[0] === '--' ? words.slice(1) : words;
  if (command.length === 0) throw new CliError(2, 'the command is missing: weft vm exec VM -- COMMAND');
  const entry = await enterGuest(await whichLab(flags.name), flags.namespace, vm);
  process.exitCode = await inherit([...entry, ...command], { ...terminal(), ...GUEST_ENVIRONMENT });
}
