import { randomBytes } from 'node:crypto';
import {
  type Migration,
  type VirtualMachineInstance,
  virtualMachineInstanceMigrationKind,
} from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { CORE } from '../../lib/kube/resource.ts';
import type { LabPaths } from '../../services/lab/paths.ts';
import { CliError } from '../terminal/failure.ts';
import { print } from '../terminal/output.ts';
import { whichLab } from '../terminal/which-lab.ts';
import { findMachine, getOrNone } from './find-machine.ts';
import { withLabClient } from './lab-client.ts';
import { portsOf } from './machine-view.ts';
import type { MigrateFlags } from './migrate.ts';
import { portsBoundTo } from './port-states.ts';
import { waitForMigration } from './wait-for-migration.ts';

/** the label by which a node is asked for */
const HOSTNAME_LABEL = 'kubernetes.io/hostname';

/** What `-o json` prints. */
interface Report {
  readonly namespace: string;
  readonly name: string;
  /** name of the VirtualMachineInstanceMigration */
  readonly migration: string;
  readonly phase: string;
  readonly from: string;
  readonly to: string;
  /** from the wish to the end */
  readonly seconds: number;
  /** each port and the node on which OVN has it */
  readonly ports: readonly { readonly name: string; readonly chassis: string; readonly up: boolean }[];
}

export async function migrateMachine(vm: string, flags: MigrateFlags): Promise<void> {
  const lab = await whichLab(flags.name);
  const report = await withLabClient(lab, (client) => migrate(client, lab, vm, flags));
  await print(
    report,
    flags.output,
    () => `${report.namespace}/${vm} runs on ${report.to} (was on ${report.from}; ${report.seconds} s)`,
  );
}

async function migrate(
  client: KubeClient,
  lab: LabPaths,
  vm: string,
  { namespace, to, deadline }: MigrateFlags,
): Promise<Report> {
  const instance = running((await findMachine(client, namespace, vm)).instance, namespace, vm);
  const from = instance.status?.nodeName ?? '';
  if (to !== undefined) await checkNode(client, to, from);
  const start = performance.now();
  const { metadata } = await client.create<Migration>(virtualMachineInstanceMigrationKind, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceMigration',
    metadata: { name: `kubevirt-migrate-vm-${randomBytes(4).toString('hex')}`, namespace },
    spec: { vmiName: vm, ...(to === undefined ? {} : { addedNodeSelector: { [HOSTNAME_LABEL]: to } }) },
  });
  const end = await waitForMigration(client, { namespace, name: metadata.name, deadline, say });
  const state = end.status?.migrationState;
  if (end.status?.phase !== 'Succeeded')
    throw new CliError(1, `${namespace}/${vm} stays on ${from}: ${state?.failureReason ?? 'the migration failed'}`);
  const target = state?.targetNode ?? '';
  const ports = await portsBoundTo(lab.sb, portsOf(instance), target);
  const seconds = Math.round(performance.now() - start) / 1000;
  return { namespace, name: vm, migration: metadata.name, phase: 'Succeeded', from, to: target, seconds, ports };
}

function running(
  instance: VirtualMachineInstance | undefined,
  namespace: string,
  name: string,
): VirtualMachineInstance {
  if (instance?.status?.phase === 'Running' && !instance.metadata.deletionTimestamp) return instance;
  const phase = instance?.status?.phase ?? 'Stopped';
  throw new CliError(
    1,
    `${namespace}/${name} does not run (${phase}), and only a machine that runs can migrate: \`weft vm start -n ${namespace} ${name}\``,
  );
}

async function checkNode(client: KubeClient, node: string, from: string): Promise<void> {
  if (node === from) throw new CliError(1, `--to ${node}: the machine runs there already; name another node`);
  if (await getOrNone(client, CORE.nodes, '', node)) return;
  const { items } = await client.list<{ readonly metadata: { readonly name: string } }>(CORE.nodes);
  const names = items.map(({ metadata }) => metadata.name).join(', ');
  throw new CliError(2, `--to ${node}: there is no such node; there are ${names}`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
