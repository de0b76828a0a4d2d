/** The kinds of machines that there are, by the name that annotation `weft.lab/guest` gives them. */
import type { MachineRecord, MigratableKind } from './machine/machine.ts';
import { namespaceKind } from './machine/namespace-machine.ts';
import { qemuKind } from './qemu/qemu-machine.ts';

const KINDS: Readonly<Record<string, MigratableKind>> = {
  namespace: namespaceKind as MigratableKind<MachineRecord>,
  qemu: qemuKind as MigratableKind<MachineRecord>,
};

/** @throws Error for a record of a kind that this version does not know */
export function machineKind(name: string): MigratableKind {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!kind) throw new Error(`there is no kind of machine ${JSON.stringify(name)}`);
  return kind;
}
