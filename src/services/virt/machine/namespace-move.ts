/**
 * A namespace guest moves: its processes stay where they are, only the wires behind its NICs are led to another pod.
 *
 * Which pod has the machine is written in a file of the machine itself, by the process that leads the wires over: both nodes read it, and it is
 * true whatever becomes of them.
 */
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isRunning, type ProcessId } from '../../../lib/proc/process-id.ts';
import { runIn } from './in-namespace.ts';
import type { MachinePlan, Remember } from './machine.ts';
import { joinBox } from './join-box.ts';
import { redirectNowhere } from './redirect.ts';
import { endSandbox } from './sandbox.ts';
import {
  layUplinks,
  linksOf,
  type NamespaceMachine,
  removeLinks,
  throughUplink,
  uplinkOf,
  WIRES,
  wiresOf,
} from './wires.ts';

const CUT_OVER = fileURLToPath(new URL('cut-over.pl', import.meta.url));
/** below /run of the machine: the sandbox of the pod that has it; absent until it has moved */
const PLACE = 'place';
/** milliseconds between looks whether the machine is here */
const LOOK = 5;
/** CNI_CONTAINERID as virt makes it */
const SANDBOX = /^[0-9a-f]{64}$/;

export function offer({ pause }: NamespaceMachine): string {
  return JSON.stringify(pause);
}

export async function receive(
  { pod, nics }: MachinePlan,
  offered: string,
  remember: Remember<NamespaceMachine>,
): Promise<{ readonly machine: NamespaceMachine; readonly address: string }> {
  const machine: NamespaceMachine = {
    kind: 'namespace',
    pause: offeredPause(offered),
    sandbox: pod.sandbox,
    nics: nics.map(({ index, device, mac }) => ({ index, device, mac })),
  };
  await remember(machine);
  await layUplinks(machine, pod, nics);
  return { machine, address: pod.sandbox };
}

/** the text comes from an annotation: whoever can write there must not lead us into other processes than machines */
function offeredPause(text: string): ProcessId {
  const { pid, startTime } = JSON.parse(text) as Partial<ProcessId>;
  const pause = { pid: Number(pid), startTime: Number(startTime) };
  if (!Number.isSafeInteger(pause.pid) || !isRunning(pause))
    throw new Error('the machine that is offered does not run any more');
  if (!isMachine(pause)) throw new Error(`process ${pause.pid}, which is offered, is no machine`);
  return pause;
}

function isMachine({ pid }: ProcessId): boolean {
  try {
    return statSync(`/proc/${pid}/root/run/${WIRES}`).isFile();
  } catch {
    return false;
  }
}

/** Leads all wires over at once. When one cannot be, none is. */
export async function send(machine: NamespaceMachine, address: string, signal?: AbortSignal): Promise<void> {
  if (!SANDBOX.test(address)) throw new Error(`${JSON.stringify(address)} is not where a machine can be sent`);
  if (placeOf(machine) === address) return;
  const links = await linksOf(machine);
  const numbers = machine.nics.map(
    ({ index }) => links.find(({ ifname }) => ifname === uplinkOf(address, index))?.ifindex,
  );
  const missing = machine.nics.find((_, at) => numbers[at] === undefined);
  if (missing) throw new Error(`NIC ${missing.device} has no uplink to the target`);
  signal?.throwIfAborted();
  const commands = machine.nics.flatMap(({ index }) => throughUplink(address, index));
  const closed = machine.nics.map(({ index }) => redirectNowhere(uplinkOf(machine.sandbox, index)));
  const announced = machine.nics.flatMap(({ mac }, at) => [String(numbers[at]), mac]);
  const cut = (to: string, batch: readonly string[], macs: readonly string[]) =>
    runIn(
      wiresOf(machine),
      ['perl', CUT_OVER, placeFile(machine), to, ...macs],
      batch.map((line) => `${line}\n`).join(''),
    );
  try {
    await cut(address, [...commands, ...closed], announced);
  } catch (error) {
    await cut(
      machine.sandbox,
      machine.nics.flatMap(({ index }) => throughUplink(machine.sandbox, index)),
      [],
    );
    throw error;
  }
}

export async function hasLeft(machine: NamespaceMachine): Promise<boolean> {
  return isRunning(machine.pause) && (placeOf(machine) ?? machine.sandbox) !== machine.sandbox;
}

export async function arrive(machine: NamespaceMachine, signal?: AbortSignal): Promise<NamespaceMachine> {
  while (placeOf(machine) !== machine.sandbox) {
    if (!isRunning(machine.pause)) throw new Error('the machine ended before it was sent');
    await sleep(LOOK, undefined, signal ? { signal } : {});
  }
  await joinBox(machine.pause);
  return machine;
}

export async function leave(machine: NamespaceMachine): Promise<void> {
  if (!isRunning(machine.pause)) return;
  await removeLinks(
    machine,
    machine.nics.map(({ index }) => uplinkOf(machine.sandbox, index)),
  );
}

export async function abandon(machine: NamespaceMachine): Promise<void> {
  if (placeOf(machine) === machine.sandbox) await endSandbox(machine.pause);
  else await leave(machine);
}

function placeFile({ pause }: NamespaceMachine): string {
  return `/proc/${pause.pid}/root/run/${PLACE}`;
}

function placeOf(machine: NamespaceMachine): string | undefined {
  try {
    return readFileSync(placeFile(machine), 'utf8');
  } catch {
    return undefined;
  }
}
