/** What a VirtualMachine must be to be let in: its networks can be read, and their interfaces can have names. */
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import {
  NETWORKS_ANNOTATION,
  networksOfVm,
  parseNetworks,
  type Problem,
  selectionProvider,
} from '../ipam/attachments.ts';
import { type Networks, subnetOf } from '../ipam/interfaces.ts';
import { networksIn, whyNotFor } from '../compile/networks.ts';
import { NAME_MAX, portName } from '../ovn/names.ts';
import { checkMachineVips } from './machine-vips.ts';
import { admitAddresses, facesOf } from './machine-addresses.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitVirtualMachine(review: Review<VirtualMachine>): Verdict<VirtualMachine> {
  const { object } = review;
  const findings = new Findings();
  const { name, namespace = '' } = object.metadata;
  const places = [
    { path: 'metadata.annotations', annotations: object.metadata.annotations },
    { path: 'spec.template.metadata.annotations', annotations: object.spec?.template?.metadata?.annotations },
  ];
  for (const { path, annotations } of places) {
    const text = annotations?.[NETWORKS_ANNOTATION];
    const parsed: readonly unknown[] | Problem = text === undefined ? [] : parseNetworks(text, namespace);
    if ('problem' in parsed) findings.invalid(`${path}[${NETWORKS_ANNOTATION}]`, text, parsed.problem);
  }
  const networks = networksOfVm(object);
  if ('problem' in networks) {
    if (findings.errors.length === 0)
      findings.invalid('spec.template.spec.networks', object.spec?.template?.spec?.networks, networks.problem);
  } else {
    const longest = networks
      .map((network) => portName(name, namespace, selectionProvider(network, networks)))
      .find((port) => port.length > NAME_MAX);
    if (longest)
      findings.invalid(
        'metadata.name',
        name,
        `is too long: the interface ${longest} has ${longest.length} characters, ${NAME_MAX} are possible`,
      );
  }
  warnOfRenaming(review, findings);
  checkNamespace(review, findings);
  if (findings.errors.length === 0) checkMachineVips(review, facesOf, findings);
  const admitted = findings.errors.length > 0 ? object : admitAddresses(review, findings);
  return { object: admitted, warnings: findings.warnings, errors: findings.errors };
}

/** Networks that the machine did not have before must be for its namespace. */
function checkNamespace({ object, old, neighbours }: Review<VirtualMachine>, findings: Findings): void {
  const networks = networksIn(neighbours);
  const before = new Set(subnetsOf(old, networks));
  const { namespace = '' } = object.metadata;
  for (const subnet of subnetsOf(object, networks)) {
    const refused = before.has(subnet) ? undefined : whyNotFor(namespace, subnet, neighbours);
    if (refused !== undefined) findings.forbidden('spec.template.spec.networks', refused);
  }
}

function subnetsOf(vm: VirtualMachine | undefined, networks: Networks): readonly string[] {
  const selections = vm ? networksOfVm(vm) : [];
  if ('problem' in selections) return [];
  const found = selections.map(({ namespace, name }) => subnetOf(`${namespace}/${name}`, networks));
  return [...new Set(found.filter((subnet) => typeof subnet === 'string'))];
}

/** A network that is attached a second time, or is no longer, renames the interfaces on it: each name is an identity with addresses of its own. */
function warnOfRenaming({ object, old, neighbours }: Review<VirtualMachine>, findings: Findings): void {
  const before = portsOf(old);
  for (const [nic, port] of portsOf(object)) {
    const former = before.get(nic);
    // what has no address yet, or had this name all along, loses nothing
    if (former === undefined || former === port || !neighbours.get('IP', former) || neighbours.get('IP', port))
      continue;
    findings.warn(
      'spec.template.spec.networks',
      `the interface of network ${nic} becomes ${port} instead of ${former}, because its network is attached ${port.length > former.length ? 'more than once' : 'only once'} now: it gets another address when the machine starts anew, unless you ask for the one it has`,
    );
  }
}

/** name of the network in the machine's spec -> its port */
function portsOf(vm: VirtualMachine | undefined): ReadonlyMap<string, string> {
  const networks = vm ? networksOfVm(vm) : [];
  if (!vm || 'problem' in networks) return new Map();
  const { name, namespace = '' } = vm.metadata;
  return new Map(
    networks.map((network) => [
      network.nic ?? network.interface,
      portName(name, namespace, selectionProvider(network, networks)),
    ]),
  );
}
