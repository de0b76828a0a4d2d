/** The kinds of machines that there are, by the name that annotation `weft.lab/guest` gives them. */
import type { MachineKind, MachineRecord } from './machine/machine.ts';
import { namespaceKind, type NamespaceMachine } from './machine/namespace-machine.ts';

export type Machine = NamespaceMachine;

const KINDS: { readonly [K in Machine['kind']]: MachineKind<Extract<Machine, { kind: K }>> } = {
  namespace: namespaceKind,
};

export type MachineName = Machine['kind'];

/** @throws Error for a record of a kind that this version does not know */
export function machineKind(name: string): MachineKind<MachineRecord> {
  if (!Object.hasOwn(KINDS, name)) throw new Error(`there is no kind of machine ${JSON.stringify(name)}`);
  return KINDS[name as MachineName] as MachineKind<MachineRecord>;
}
