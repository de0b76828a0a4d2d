/** The way into a guest: its namespaces, by the process that holds them. */
import { readdir } from 'node:fs/promises';
import { BOX_ENVIRONMENT } from '../../services/lab/box.ts';
import { boxRun, type LabPaths } from '../../services/lab/paths.ts';
import { type GuestRecord, readGuests } from '../../services/virt/guest-record.ts';
import { guestEntry } from '../../services/virt/guests.ts';
import type { CliError } from '../terminal/failure.ts';

/** inside, the tools of the engine are on the PATH, as in the box of the node */
export const GUEST_ENVIRONMENT = BOX_ENVIRONMENT;

/** The command that runs the command after it in a guest. @throws CliError when there is no such guest, or it does not run */
export async function enterGuest(lab: LabPaths, namespace: string, name: string): Promise<readonly string[]> {
  const guests = (await guestsOf(lab)).filter(
    (guest) => guest.namespace === namespace && (guest.vm ?? guest.pod) === name && guest.ready,
  );
  const entry = guests.map(guestEntry).find((found) => found !== undefined);
  if (!entry) throw await whyNot(lab, namespace, name);
  return entry;
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
