import { ipKind, type IpObject } from '../../kinds/ip.ts';
import { type Subnet, subnetKind } from '../../kinds/subnet.ts';
import {
  type VirtualMachine,
  type VirtualMachineInstance,
  virtualMachineInstanceKind,
  virtualMachineKind,
} from '../../kinds/virtual-machine.ts';
import type { LabPaths } from '../../services/lab/paths.ts';
import { print, table } from '../terminal/output.ts';
import { whichLab } from '../terminal/which-lab.ts';
import { withLabClient } from './lab-client.ts';
import type { ListFlags } from './list.ts';
import { type MachineView, machineViews, type NicView } from './machine-view.ts';
import { portStates } from './port-states.ts';

export async function showMachines({ name, namespace, output }: ListFlags): Promise<void> {
  const views = await readMachines(await whichLab(name), namespace);
  await print(views, output, () => describe(views));
}

function readMachines(lab: LabPaths, namespace: string | undefined): Promise<readonly MachineView[]> {
  return withLabClient(lab, async (client) => {
    const within = namespace === undefined ? {} : { namespace };
    const [ports, machines, instances, ips, subnets] = await Promise.all([
      portStates(lab.sb),
      client.list<VirtualMachine>(virtualMachineKind, within),
      client.list<VirtualMachineInstance>(virtualMachineInstanceKind, within),
      client.list<IpObject>(ipKind),
      client.list<Subnet>(subnetKind),
    ]);
    return machineViews({
      machines: machines.items,
      instances: instances.items,
      ips: ips.items,
      subnets: subnets.items,
      ports,
    });
  });
}

const HEADER = ['NAMESPACE', 'NAME', 'PHASE', 'NODE', 'NIC', 'NETWORK', 'SUBNET', 'VPC', 'IPS', 'MAC', 'UP', 'CHASSIS'];

/** One line per interface; the machine stands on its first. */
function describe(views: readonly MachineView[]): string {
  if (views.length === 0) return 'no virtual machine';
  return table([HEADER, ...views.flatMap(rowsOf)]);
}

function rowsOf({ namespace, name, phase, node, nics }: MachineView): readonly (readonly string[])[] {
  const machine = [namespace, name, phase, node || '-'];
  const lines = nics.length === 0 ? [[]] : nics.map(cellsOf);
  return lines.map((cells, index) => [...(index === 0 ? machine : machine.map(() => '')), ...cells]);
}

function cellsOf({ name, network, subnet, vpc, ips, mac, up, chassis }: NicView): readonly string[] {
  return [name, network, subnet, vpc, ips.join(','), mac, up ? 'yes' : 'no', chassis].map((cell) => cell || '-');
}
