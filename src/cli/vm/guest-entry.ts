/** The way into a guest: its namespaces, by the process that holds them. */
import { readdir } from 'node:fs/promises';
import { BOX_ENVIRONMENT } from '../../services/lab/box.ts';
import { boxRun, type LabPaths } from '../../services/lab/paths.ts';
import { type GuestRecord, readGuests } from '../../services/virt/guest-record.ts';
import { guestConsole, guestEntry } from '../../services/virt/guests.ts';
import type { CliError } from '../terminal/failure.ts';

/** inside, the tools of the engine are on the PATH, as in the box of the node */
export const GUEST_ENVIRONMENT = BOX_ENVIRONMENT;

/** The command that runs the command after it in a guest. @throws CliError when there is no such guest, or it does not run */
export async function enterGuest(lab: LabPaths, namespace: string, name: string): Promise<readonly string[]> {
  return (await findGuest(lab, namespace, name)).entry;
}

export interface Console {
  readonly command: readonly string[];
  /** it is a shell in the guest, because that has no console */
  readonly isShell: boolean;
}

/** The command for the console of a guest. @throws CliError as `enterGuest` */
export async function enterConsole(lab: LabPaths, namespace: string, name: string): Promise<Console> {
  const { guest, entry } = await findGuest(lab, namespace, name);
  const command = guestConsole(guest);
  return command ? { command, isShell: false } : { command: [...entry, 'sh'], isShell: true };
}

async function findGuest(
  lab: LabPaths,
  namespace: string,
  name: string,
): Promise<{ readonly guest: GuestRecord; readonly entry: readonly string[] }> {
  for (const guest of await guestsOf(lab)) {
    if (guest.namespace !== namespace || (guest.vm ?? guest.pod) !== name || !guest.ready) continue;
    const entry = guestEntry(guest);
    if (entry) return { guest, entry };
  }
  throw await whyNot(lab, namespace, name);
}

/** The guests of all nodes, from what the nodes remember: the API need not be asked of a guest that runs. */
async function guestsOf(lab: LabPaths): Promise<readonly GuestRecord[]> {
  const entries = await readdir(lab.run, { withFileTypes: true }).catch(() => []);
  const boxes = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return boxes.flatMap((box) => readGuests(`${boxRun(lab, box)}/weft`));
}

async function whyNot(lab: LabPaths, namespace: string, name: string): Promise<CliError> {
  const [{ withLabClient }, { guestAbsence }] = await Promise.all([
    import('./lab-client.ts'),
    import('./guest-absence.ts'),
  ]);
  return withLabClient(lab, (client) => guestAbsence(client, namespace, name));
}
