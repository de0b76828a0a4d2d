/** Virtual machines as `weft vm list` shows them: objects of the API joined with what OVN has bound. Pure. */
import { selectionProvider } from '../../core/ipam/attachments.ts';
import { portName } from '../../core/ovn/names.ts';
import type { IpObject } from '../../kinds/ip.ts';
import { keyOf } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { namesOfInterfaces } from '../../services/virt/instance-status.ts';
import { instanceFor, networksOfInstance } from '../../services/virt/manifests.ts';

export interface NicView {
  /** of the network in spec.networks, else of the device in the guest */
  readonly name: string;
  /** of the interface in the guest */
  readonly device: string;
  /** `namespace/name` of the NetworkAttachmentDefinition */
  readonly network: string;
  /** empty until it has an address */
  readonly subnet: string;
  readonly vpc: string;
  readonly ips: readonly string[];
  readonly mac: string;
  /** OVN says that the port works */
  readonly up: boolean;
  /** that the port is bound to; empty when to none */
  readonly chassis: string;
}

export interface MachineView {
  readonly namespace: string;
  readonly name: string;
  readonly phase: string;
  /** empty while it does not run */
  readonly node: string;
  readonly nics: readonly NicView[];
}

/** A port of the Southbound database. */
export interface PortState {
  readonly up: boolean;
  readonly chassis: string;
}

export interface Inventory {
  readonly machines: readonly VirtualMachine[];
  readonly instances: readonly VirtualMachineInstance[];
  readonly ips: readonly IpObject[];
  readonly subnets: readonly Subnet[];
  /** by logical port */
  readonly ports: ReadonlyMap<string, PortState>;
}

/** All machines, and instances that nobody declared a machine for; by namespace and name. */
export function machineViews({ machines, instances, ips, subnets, ports }: Inventory): readonly MachineView[] {
  const running = new Map(instances.map((instance) => [keyOf(instance.metadata), instance]));
  const declared = new Map(machines.map((machine) => [keyOf(machine.metadata), machine]));
  const ipByName = new Map(ips.map((ip) => [ip.metadata.name, ip]));
  const vpcOf = new Map(subnets.map((subnet) => [subnet.metadata.name, subnet.spec?.vpc ?? '']));
  return [...new Set([...declared.keys(), ...running.keys()])].toSorted().map((key) => {
    const instance = running.get(key);
    // what runs was made of the machine as it was then
    const shape = instance ?? instanceFor(declared.get(key)!);
    const { namespace = '', name } = shape.metadata;
    return {
      namespace,
      name,
      phase: instance?.status?.phase ?? declared.get(key)?.status?.printableStatus ?? 'Pending',
      node: instance?.status?.nodeName ?? '',
      nics: nicsOf(shape).map(({ port, nic: _network, ...nic }) => ({
        ...nic,
        ...addressesOf(ipByName.get(port), vpcOf),
        ...stateOf(ports.get(port)),
      })),
    };
  });
}

/** Names of the ports that the guest of an instance has: those of networks that never came are nowhere. */
export function portsOf(instance: VirtualMachineInstance): readonly string[] {
  const present = namesOfInterfaces(instance.status);
  const nics = nicsOf(instance).filter(({ nic }) => nic === undefined || !present || present.has(nic));
  return nics.map(({ port }) => port);
}

function nicsOf(instance: VirtualMachineInstance) {
  const { namespace = '', name } = instance.metadata;
  const networks = networksOfInstance(instance);
  // an annotation that cannot be read names no network; the machine's conditions say so
  if ('problem' in networks) return [];
  return networks.map((selection, index) => ({
    name: selection.nic ?? `eth${index}`,
    nic: selection.nic,
    device: `eth${index}`,
    network: `${selection.namespace}/${selection.name}`,
    port: portName(name, namespace, selectionProvider(selection, networks)),
  }));
}

function addressesOf(ip: IpObject | undefined, vpcOf: ReadonlyMap<string, string>) {
  const subnet = ip?.spec?.subnet ?? '';
  return {
    subnet,
    vpc: vpcOf.get(subnet) ?? '',
    ips: [ip?.spec?.v4IpAddress, ip?.spec?.v6IpAddress].filter(
      (address) => address !== undefined && address !== '',
    ) as readonly string[],
    mac: ip?.spec?.macAddress ?? '',
  };
}

function stateOf(port: PortState | undefined): PortState {
  return port ?? { up: false, chassis: '' };
}
