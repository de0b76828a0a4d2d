/** The network namespace between a namespace guest and its pod. */
import { createHash } from 'node:crypto';
import type { ProcessId } from '../../../lib/proc/process-id.ts';
import { batchIn, networkOf, runIn } from './in-namespace.ts';
import type { MachineRecord, PodSide } from './machine.ts';
import { TAP_MTU, tapOf, wirePod } from './pod-wire.ts';
import { redirect, redirectable } from './redirect.ts';

export interface NamespaceMachine extends MachineRecord {
  readonly kind: 'namespace';
  readonly pause: ProcessId;
  /** of the pod on this node that the machine has uplinks to */
  readonly sandbox: string;
  readonly nics: readonly WiredNic[];
}

export interface WiredNic {
  readonly index: number;
  readonly device: string;
  readonly mac: string;
}

/** below /run of the machine: the network namespace of its wires */
export const WIRES = 'wires';

export function wiresOf({ pause }: Pick<NamespaceMachine, 'pause'>): string {
  return `/proc/${pause.pid}/root/run/${WIRES}`;
}

/** another one for each pod, so that the next can be there before the last is gone; 15 bytes at most */
export function uplinkOf(sandbox: string, index: number): string {
  return `up${index}-${createHash('sha256').update(sandbox).digest('hex').slice(0, 8)}`;
}

/** Makes the ways between a machine's taps and its pod anew. Nothing passes by them yet. */
export async function layUplinks(
  machine: NamespaceMachine,
  pod: PodSide,
  nics: readonly { readonly index: number; readonly podDevice: string }[],
): Promise<void> {
  const uplinks = nics.map(({ index }) => uplinkOf(pod.sandbox, index));
  await removeLinks(machine, uplinks);
  await batchIn(
    wiresOf(machine),
    'ip',
    nics.flatMap(({ index }, at) => [
      `link add ${uplinks[at]} mtu ${TAP_MTU} type veth peer name ${tapOf(index)} netns ${networkOf(pod.pause)}`,
      `link set ${uplinks[at]} up`,
    ]),
  );
  for (const { index, podDevice } of nics) await wirePod(pod, podDevice, tapOf(index));
  const taps = nics.map(({ index }) => tapOf(index));
  await batchIn(wiresOf(machine), 'tc', [...uplinks, ...taps].map(redirectable));
}

/** Lets everything pass by the uplinks of this pod. */
export async function openUplinks(
  machine: NamespaceMachine,
  { sandbox }: PodSide,
  nics: readonly { readonly index: number }[],
): Promise<void> {
  await batchIn(
    wiresOf(machine),
    'tc',
    nics.flatMap(({ index }) => throughUplink(sandbox, index)),
  );
}

/** Commands for `tc -batch`: a tap's packets take the uplink of that sandbox, and those of the uplink reach the tap. */
export function throughUplink(sandbox: string, index: number): readonly string[] {
  const [tap, uplink] = [tapOf(index), uplinkOf(sandbox, index)];
  return [redirect(tap, uplink), redirect(uplink, tap)];
}

export interface Link {
  readonly ifname: string;
  readonly ifindex: number;
}

export async function linksOf(machine: NamespaceMachine): Promise<readonly Link[]> {
  return JSON.parse(await runIn(wiresOf(machine), ['ip', '-j', 'link'])) as Link[];
}

/** Removes devices from among the wires; absent ones are fine. */
export async function removeLinks(machine: NamespaceMachine, names: readonly string[]): Promise<void> {
  const present = (await linksOf(machine)).filter(({ ifname }) => names.includes(ifname));
  await batchIn(
    wiresOf(machine),
    'ip',
    present.map(({ ifname }) => `link del ${ifname}`),
  );
}
