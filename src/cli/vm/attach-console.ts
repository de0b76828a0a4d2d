import { inherit, terminal } from '../terminal/run-inherited.ts';
import { whichLab } from '../terminal/which-lab.ts';
import type { ExecFlags } from './exec.ts';
import { enterConsole, GUEST_ENVIRONMENT } from './guest-entry.ts';

/** Connects our own standard streams with the console of a guest. */
export async function attachConsole(vm: string, flags: ExecFlags): Promise<void> {
  const { command, isShell } = await enterConsole(await whichLab(flags.name), flags.namespace, vm);
  if (isShell && process.stdin.isTTY)
    process.stderr.write(`${vm} is a namespace: it has no serial console, this is a shell in it\n`);
  process.exitCode = await inherit(command, { ...terminal(), ...GUEST_ENVIRONMENT });
}
