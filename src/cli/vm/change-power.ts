import {
  type VirtualMachine,
  type VirtualMachineInstance,
  virtualMachineInstanceKind,
  virtualMachineKind,
} from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { runStrategy, wishFor } from '../../services/virt/run-strategy.ts';
import { CliError } from '../terminal/failure.ts';
import { print } from '../terminal/output.ts';
import { whichLab } from '../terminal/which-lab.ts';
import { findMachine, type Machine } from './find-machine.ts';
import { withLabClient } from './lab-client.ts';
import type { PowerFlags, Verb } from './power.ts';
import { waitForInstance } from './wait-for-instance.ts';

export async function changePower(
  verb: Verb,
  vm: string,
  { name, namespace, deadline, output }: PowerFlags,
): Promise<void> {
  await withLabClient(await whichLab(name), async (client) => {
    const machine = declared(await findMachine(client, namespace, vm), namespace, vm);
    const before = verb === 'restart' ? machine.instance?.metadata.uid : undefined;
    say(await ACTIONS[verb](client, machine));
    const wanted =
      verb === 'stop'
        ? (instance: VirtualMachineInstance | undefined) => instance === undefined
        : (instance: VirtualMachineInstance | undefined) => runs(instance) && instance?.metadata.uid !== before;
    const end = await waitForInstance(client, { namespace, name: vm, wanted, deadline, say });
    say(`${namespace}/${vm} ${end ? `runs on ${end.status?.nodeName}` : 'is stopped'}`);
    const node = end?.status?.nodeName;
    if (output)
      await print({ namespace, name: vm, running: end !== undefined, ...(node ? { node } : {}) }, output, () => '');
  });
}

interface Declared {
  readonly machine: VirtualMachine;
  readonly instance: VirtualMachineInstance | undefined;
}

function declared({ machine, instance }: Machine, namespace: string, name: string): Declared {
  if (machine) return { machine, instance };
  throw new CliError(
    3,
    `${namespace}/${name} is an instance that no VirtualMachine stands behind: it runs until it is deleted (\`kubectl -n ${namespace} delete vmi ${name}\`)`,
  );
}

/** what is done -> what is said of it */
const ACTIONS: Readonly<Record<Verb, (client: KubeClient, machine: Declared) => Promise<string>>> = {
  start: (client, { machine }) => setRunning(client, machine, true),
  stop: (client, { machine }) => setRunning(client, machine, false),
  restart,
};

async function restart(client: KubeClient, { machine, instance }: Declared): Promise<string> {
  const { namespace, name } = machine.metadata;
  // whether it would run without the instance that it has now
  if (wishFor(machine, undefined) !== 'run')
    throw new CliError(
      1,
      `${namespace}/${name} would not start again: its run strategy is ${runStrategy(machine)}; use \`weft vm start -n ${namespace} ${name}\``,
    );
  if (!instance) return 'it does not run yet';
  const { uid } = instance.metadata;
  await client.delete(virtualMachineInstanceKind, instance.metadata, uid ? { uid } : {});
  return 'the instance that runs is asked to end';
}

/** In the words that the machine's manifest uses: `running`, or `runStrategy`. */
async function setRunning(client: KubeClient, machine: VirtualMachine, running: boolean): Promise<string> {
  const before = runStrategy(machine);
  if (wishFor(machine, undefined) === (running ? 'run' : 'stop')) return `its run strategy is ${before} already`;
  const strategy = running ? 'Always' : 'Halted';
  const usesRunning = machine.spec?.running !== undefined && machine.spec.runStrategy === undefined;
  await client.patch(virtualMachineKind, machine.metadata, {
    spec: usesRunning ? { running } : { runStrategy: strategy },
  });
  return `its run strategy was ${before}, and is ${strategy} now`;
}

function runs(instance: VirtualMachineInstance | undefined): boolean {
  const ready = instance?.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && !instance?.metadata.deletionTimestamp;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
