/**
 * The machine that is a real one: QEMU with a Debian kernel and a small user land. It starts as a clone of the golden guest, or boots.
 *
 *     [node's namespaces]                      [pod]
 *     QEMU --- holds the tap ----------------> tap0 <== redirected ==> CNI interface
 *       `-- sockets in its directory: QMP, serial console, agent
 */
import { Buffer } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { isRunning, type ProcessId } from '../../../lib/proc/process-id.ts';
import type { MachineNic, MachinePlan, MachineRecord, MigratableKind, PodSide, Remember } from '../machine/machine.ts';
import { AgentHub } from './agent-hub.ts';
import { bandwidthOf } from './bandwidth.ts';
import { bootOf } from './boot.ts';
import { MOST_NICS, type MachineOptions } from './command-line.ts';
import { GuestCommand } from './guest-command.ts';
import { HubClient } from './hub-client.ts';
import { type GuestImage, guestImage } from './image.ts';
import { endMachine, launch, withQmp, writeSetup } from './launch.ts';
import { loadState } from './load-state.ts';
import { hasGone, listen, parseAddress, sendTo, untilArrived } from './migration.ts';
import { plugNic, unplugNic } from './nics.ts';
import { type GuestIdentity, setupText } from './setup-text.ts';

export interface QemuMachine extends MachineRecord {
  readonly kind: 'qemu';
  /** the same wherever it moves to */
  readonly id: string;
  /** its own on this node; another one for each launcher pod */
  readonly directory: string;
  readonly log: string;
  readonly generation: string;
  readonly identity: GuestIdentity;
  /** bytes a second at which it is sent, when that was asked for */
  readonly bandwidth?: number;
  /** absent until QEMU was started */
  readonly process?: ProcessId;
}

const GUEST_EXEC = fileURLToPath(new URL('guest-exec.ts', import.meta.url));
const GUEST_CONSOLE = fileURLToPath(new URL('guest-console.ts', import.meta.url));
const SETUP = '/usr/libexec/guest-setup';
/** milliseconds that a guest gets to shut down */
const GRACE = 5000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const MACHINE_ID = /^[0-9a-f]{32}$/;

/** directory -> hub of the agent in a machine that runs, in this process */
const hubs = new Map<string, AgentHub>();

export const qemuKind: MigratableKind<QemuMachine> = {
  async start(plan: MachinePlan, remember: Remember<QemuMachine>, signal?: AbortSignal): Promise<QemuMachine> {
    const boot = bootOf(plan.annotations);
    if (typeof boot === 'object') throw new Error(boot.problem);
    const image = await guestImage();
    signal?.throwIfAborted();
    const machine = await startQemu(newMachine(plan), image, remember, boot === 'clone');
    await withQmp(machine.directory, async (qmp) => {
      if (boot === 'clone') await loadState(qmp, image.golden);
      for (const nic of plan.nics) await plugNic(qmp, machine.directory, plan.pod, nic);
      await qmp.execute('cont');
    });
    qemuKind.tend!(machine);
    // a guest that boots finds it on its disk
    if (boot === 'clone') await tellGuest(machine);
    return machine;
  },

  stop: (machine: QemuMachine) => end(machine, GRACE),

  isAlive: ({ process }: QemuMachine) => process !== undefined && isRunning(process),

  tend({ directory }: QemuMachine): void {
    if (!hubs.has(directory)) hubs.set(directory, new AgentHub(directory));
  },

  async attachNic(machine: QemuMachine, pod: PodSide, nic: MachineNic): Promise<QemuMachine> {
    const others = machine.identity.nics.filter(({ index }) => index !== nic.index);
    const changed = checked(withNics(machine, [...others, nic]));
    try {
      await withQmp(machine.directory, (qmp) => plugNic(qmp, machine.directory, pod, nic));
      await tellGuest(changed);
      return changed;
    } catch (error) {
      await unplugNic(machine.directory, nic.index).catch(() => undefined);
      throw error;
    }
  },

  async detachNic(machine: QemuMachine, _pod: PodSide, device: string): Promise<QemuMachine> {
    const nic = machine.identity.nics.find((known) => known.device === device);
    if (!nic) return machine;
    const changed = withNics(
      machine,
      machine.identity.nics.filter((known) => known !== nic),
    );
    await tellGuest(changed);
    await unplugNic(machine.directory, nic.index);
    return changed;
  },

  offer: ({ id, generation, identity: { machineId } }: QemuMachine) => JSON.stringify({ id, generation, machineId }),

  async receive(plan: MachinePlan, offer: string, remember: Remember<QemuMachine>, signal?: AbortSignal) {
    const machine = offeredMachine(plan, offer);
    if (plan.nodeAddress === undefined) throw new Error('this node has no address by which others could reach it');
    // of an attempt that was cut off
    await endMachine(machine.directory, machine.log, 0);
    const image = await guestImage();
    signal?.throwIfAborted();
    const waiting = await startQemu(machine, image, remember, true);
    const address = await withQmp(machine.directory, async (qmp) => {
      for (const nic of plan.nics) await plugNic(qmp, machine.directory, plan.pod, nic);
      return listen(qmp, plan.nodeAddress!);
    });
    return { machine: waiting, address: JSON.stringify(address) };
  },

  async send({ directory, bandwidth }: QemuMachine, address: string, signal?: AbortSignal): Promise<void> {
    const to = parseAddress(address);
    await withQmp(directory, (qmp) => sendTo(qmp, to, signal, bandwidth === undefined ? {} : { bandwidth }));
  },

  async hasLeft(machine: QemuMachine): Promise<boolean> {
    return qemuKind.isAlive(machine) && withQmp(machine.directory, hasGone);
  },

  async arrive(machine: QemuMachine, signal?: AbortSignal): Promise<QemuMachine> {
    await withQmp(machine.directory, (qmp) => untilArrived(qmp, signal));
    qemuKind.tend!(machine);
    return machine;
  },

  leave: (machine: QemuMachine) => end(machine, 0),
  abandon: (machine: QemuMachine) => end(machine, 0),

  entry: (machine: QemuMachine) => program(machine, GUEST_EXEC),
  console: (machine: QemuMachine) => program(machine, GUEST_CONSOLE),
};

async function end({ directory, log }: QemuMachine, grace: number): Promise<void> {
  hubs.get(directory)?.stop();
  hubs.delete(directory);
  await endMachine(directory, log, grace);
}

/** One of our programs in the box of the node, which has the sockets and a Node.js. */
function program({ id, process }: QemuMachine, file: string): readonly string[] {
  const box = ['nsenter', '-t', String(process?.pid), '--mount', '--net', '--uts', '--'];
  return [...box, 'node', '--disable-warning=ExperimentalWarning', file, id];
}

type Traits = Pick<QemuMachine, 'id' | 'generation'> & Pick<GuestIdentity, 'machineId'>;

function newMachine(plan: MachinePlan): QemuMachine {
  const digest = createHash('sha256').update(`${plan.namespace}/${plan.name}`).digest('hex');
  // the same each time that the virtual machine is started
  return machineWith(plan, { id: randomUUID(), generation: randomUUID(), machineId: digest.slice(0, 32) });
}

/** The text comes from the API: what is not as we would have made it does not get near a command line. */
function offeredMachine(plan: MachinePlan, offer: string): QemuMachine {
  const { id, generation, machineId } = JSON.parse(offer) as Partial<Traits>;
  if (![id, generation].every((uuid) => UUID.test(uuid ?? '')) || !MACHINE_ID.test(machineId ?? ''))
    throw new Error('what the source says of its machine is not what it would say');
  return machineWith(plan, { id: id!, generation: generation!, machineId: machineId! });
}

function machineWith(plan: MachinePlan, { id, generation, machineId }: Traits): QemuMachine {
  const { hostname, pod, nics, run, annotations } = plan;
  const bandwidth = bandwidthOf(annotations);
  if (typeof bandwidth === 'object') throw new Error(bandwidth.problem);
  const short = pod.sandbox.slice(0, 16);
  const identity = { hostname, machineId, nics };
  const directory = `${run}/qemu/${short}`;
  const log = `/var/log/guest-${short}.log`;
  return checked({ kind: 'qemu', id, generation, directory, log, identity, ...(bandwidth ? { bandwidth } : {}) });
}

function checked(machine: QemuMachine): QemuMachine {
  if (machine.identity.nics.every(({ index }) => index < MOST_NICS)) return machine;
  throw new Error(`a qemu guest has at most ${MOST_NICS} interfaces: take some away, or make it a namespace guest`);
}

function withNics(machine: QemuMachine, nics: readonly MachineNic[]): QemuMachine {
  return { ...machine, identity: { ...machine.identity, nics } };
}

async function startQemu(
  machine: QemuMachine,
  image: GuestImage,
  remember: Remember<QemuMachine>,
  incoming: boolean,
): Promise<QemuMachine> {
  await remember(machine);
  const options: MachineOptions = { ...image, ...machine, incoming };
  const started = { ...machine, process: await launch(options, setupText(machine.identity)) };
  await remember(started);
  return started;
}

/** Tells a guest that runs what it is by now, and writes it where it looks when it boots. */
async function tellGuest({ directory, identity }: QemuMachine): Promise<void> {
  await writeSetup(directory, setupText(identity));
  const said: Buffer[] = [];
  const command = new GuestCommand({
    connect: () => HubClient.connect([directory]),
    command: [SETUP],
    streams: {
      stdin: [Buffer.from(setupText(identity, Date.now() / 1000))],
      stdout: async () => undefined,
      stderr: async (bytes) => void said.push(bytes),
    },
  });
  const code = await command.run();
  if (code !== 0) throw new Error(`the guest could not be set up: ${Buffer.concat(said).toString().trim()}`);
}
