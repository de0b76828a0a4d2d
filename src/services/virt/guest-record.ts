/**
 * What virt remembers of a guest, one JSON file each. The file is written before anything is made, so that whatever a crash leaves behind
 * can be taken apart again; it is removed when everything else is gone.
 */
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ProcessId } from '../../lib/proc/process-id.ts';
import type { MachineRecord, MachineRoute } from './machine/machine.ts';

export interface GuestInterface {
  /** name of the device, in the pod and in the guest */
  readonly device: string;
  /** name of the network in the instance's spec, or that of the device */
  readonly name: string;
  /** `namespace/name` of the NetworkAttachmentDefinition */
  readonly network: string;
  /** type of its CNI configuration: name of the executable */
  readonly type: string;
  /** the configuration as the executable gets it on standard input, JSON */
  readonly config: string;
  /** how annotations of the pod are spelled for it; absent for networks that are not ours */
  readonly provider?: string;
  /** what ADD answered */
  readonly mac?: string;
  /** addresses without length */
  readonly ips?: readonly string[];
  /** the same with length: `10.0.0.5/16` */
  readonly addresses?: readonly string[];
  readonly routes?: readonly MachineRoute[];
}

export interface GuestRecord {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  /** the virtual machine; absent for a pod that is a guest by itself */
  readonly vm?: string;
  /** CNI_CONTAINERID: another one for each sandbox of a pod */
  readonly sandbox: string;
  readonly interfaces: readonly GuestInterface[];
  /** the pod's pause process; absent until the namespaces were made */
  readonly pause?: ProcessId;
  /** the machine behind the pod; a pod that is a guest by itself has none: its own namespaces are the guest */
  readonly machine?: MachineRecord;
  /** uid of the migration whose machine is expected here; absent once it is here */
  readonly awaits?: string;
  /** what was prepared for it, as MigratableKind.receive answers */
  readonly incoming?: string;
  /** where the machine is being sent, or was when this was written */
  readonly sending?: string;
  /** the machine has been sent: it is no longer here */
  readonly left?: boolean;
  /** all interfaces are there, and the machine if it starts here */
  readonly ready: boolean;
}

/** below a node's --run directory */
export function guestsDirectory(run: string): string {
  return join(run, 'guests');
}

const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** a file name is at most 255 bytes (NAME_MAX), `.json.part` included */
const LONGEST_PLAIN = 180;

/** `NAMESPACE_POD.json`: neither part can hold an underscore. @throws Error for names that the API would not have accepted */
export function guestFile(namespace: string, pod: string): string {
  if (!NAMESPACE.test(namespace) || !NAME.test(pod))
    throw new Error(`${JSON.stringify(`${namespace}/${pod}`)} is not the name of a pod (RFC 1123)`);
  const plain = `${namespace}_${pod}`;
  if (plain.length <= LONGEST_PLAIN) return `${plain}.json`;
  return `${plain.slice(0, LONGEST_PLAIN)}_${createHash('sha256').update(plain).digest('hex').slice(0, 16)}.json`;
}

/** The records of one node. */
export class GuestStore {
  readonly #directory: string;
  readonly #records = new Map<string, GuestRecord>();

  /** Reads what is there. @param run the node's --run directory */
  constructor(run: string) {
    this.#directory = guestsDirectory(run);
    mkdirSync(this.#directory, { recursive: true });
    for (const record of readGuests(run)) this.#records.set(`${record.namespace}/${record.pod}`, record);
  }

  get(key: string): GuestRecord | undefined {
    return this.#records.get(key);
  }

  keys(): readonly string[] {
    return [...this.#records.keys()];
  }

  /** A reader sees the record before or after, never half of it. */
  async put(record: GuestRecord): Promise<void> {
    const path = join(this.#directory, guestFile(record.namespace, record.pod));
    await writeFile(`${path}.part`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${path}.part`, path);
    this.#records.set(`${record.namespace}/${record.pod}`, record);
  }

  async remove({ namespace, pod }: GuestRecord): Promise<void> {
    await rm(join(this.#directory, guestFile(namespace, pod)), { force: true });
    this.#records.delete(`${namespace}/${pod}`);
  }
}

/** The guests of a node, as another process sees them. */
export function readGuests(run: string): readonly GuestRecord[] {
  const directory = guestsDirectory(run);
  return namesIn(directory)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readRecord(join(directory, name)) ?? []);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** undefined when it was removed since */
function readRecord(path: string): GuestRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as GuestRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
