/** The way into a guest: its namespaces, by the process that holds them. */
import { readdir } from 'node:fs/promises';
import { isRunning } from '../../lib/proc/process-id.ts';
import { BOX_ENVIRONMENT } from '../../services/lab/box.ts';
import { boxRun, type LabPaths } from '../../services/lab/paths.ts';
import { type GuestRecord, readGuests } from '../../services/virt/guest-record.ts';
import { CliError } from '../terminal/failure.ts';

/** inside, the tools of the engine are on the PATH, as in the box of the node */
export const GUEST_ENVIRONMENT = BOX_ENVIRONMENT;

/** The command that runs the command after it in a guest. @throws CliError when there is no such guest, or it does not run */
export async function enterGuest(lab: LabPaths, namespace: string, name: string): Promise<readonly string[]> {
  const guests = (await guestsOf(lab)).filter(
    (guest) => guest.namespace === namespace && (guest.vm ?? guest.pod) === name && guest.ready,
  );
  const pause = guests.map((guest) => guest.pause).find((id) => id !== undefined && isRunning(id));
  if (!pause) throw await whyNot(lab, namespace, name);
  return ['nsenter', '-t', String(pause.pid), '--net', '--mount', '--uts', '--'];
}

/** The guests of all nodes, from what the nodes remember: the API need not be asked of a guest that runs. */
async function guestsOf(lab: LabPaths): Promise<readonly GuestRecord[]> {
  const entries = await readdir(lab.run, { withFileTypes: true }).catch(() => []);
  const boxes = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return boxes.flatMap((box) => readGuests(`${boxRun(lab, box)}/weft`));
}

async function whyNot(lab: LabPaths, namespace: string, name: string): Promise<CliError> {
  const [{ withLabClient }, { findMachine }] = await Promise.all([
    import('./lab-client.ts'),
    import('./find-machine.ts'),
  ]);
  const { machine, instance } = await withLabClient(lab, (client) => findMachine(client, namespace, name));
  const { phase, nodeName } = instance?.status ?? {};
  if (phase === 'Running')
    return new CliError(
      1,
      `virtual machine ${namespace}/${name} cannot be entered: the API says that it runs on ${nodeName}, but its processes there are gone; see whether the node is up (\`weft lab status\`)`,
    );
  const { message = '' } = instance?.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
  const state = `${phase ?? machine?.status?.printableStatus ?? 'Pending'}${message ? ` (${message})` : ''}`;
  const todo = instance
    ? `see \`kubectl -n ${namespace} describe vmi ${name}\``
    : `start it with \`weft vm start -n ${namespace} ${name}\``;
  return new CliError(1, `virtual machine ${namespace}/${name} does not run: it is ${state}; ${todo}`);
}
