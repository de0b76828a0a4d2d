/**
 * Addresses that a virtual machine asks for by name, judged before the machine is stored: in the subnet, free, of a family that the subnet has.
 * A copy of another machine, known by the mark that the original carries, does not keep what the original has: it gets its own.
 */
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { OPTION_ANNOTATIONS } from '../dhcp/subnet-options.ts';
import { parseOptions } from '../dhcp/option-text.ts';
import type { OptionSet } from '../dhcp/option-types.ts';
import { networksOfVm } from '../ipam/attachments.ts';
import { interfaceOf, type Networks } from '../ipam/interfaces.ts';
import { machineSources, machineWishes, selectionWishes } from '../ipam/machine-wishes.ts';
import { wishText } from '../ipam/wishes.ts';
import {
  addressHolder,
  askingMachine,
  familiesOf,
  macHolder,
  namedPoolProblem,
  placeProblem,
  poolProblem,
} from './address-holders.ts';
import { ADDRESSES_OF, NOT_COPIED, withAnnotations, withoutAddresses } from './machine-copy.ts';
import type { Findings, Review } from './verdict.ts';

/** one thing that is in the way of an address */
interface Objection {
  readonly path: string;
  readonly value: string;
  readonly detail: string;
  /** somebody else has it, or asked for it first */
  readonly isTaken: boolean;
}

/** @returns the machine as it should be stored */
export function admitAddresses(
  { object, old, neighbours }: Review<VirtualMachine>,
  findings: Findings,
): VirtualMachine {
  const own = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  const mark = object.metadata.annotations?.[ADDRESSES_OF];
  const unchanged = new Set(old ? objections(old, neighbours).map(keyOf) : []);
  const found = objections(object, neighbours).filter((objection) => !unchanged.has(keyOf(objection)));
  const taken = found.filter(({ isTaken }) => isTaken);
  const isCopy = mark !== undefined && mark !== own;
  if (isCopy && taken.length > 0) {
    const lost = taken.map(({ value }) => value).join(', ');
    findings.warn(
      'metadata.annotations',
      `is a copy of ${mark}, which keeps its addresses (${lost}): this machine gets its own`,
    );
    return withAnnotations(withoutAddresses(object), { [ADDRESSES_OF]: undefined, [NOT_COPIED]: `${lost} of ${mark}` });
  }
  for (const { path, value, detail, isTaken } of found)
    if (isTaken) findings.duplicate(path, value, detail);
    else findings.invalid(path, value, detail);
  checkOptions(object, findings);
  const asks = machineWishes(object).length > 0;
  if (asks === (mark === own)) return object;
  return withAnnotations(object, { [ADDRESSES_OF]: asks ? own : undefined });
}

function keyOf({ path, value }: Objection): string {
  return `${path}\n${value}`;
}

function objections(vm: VirtualMachine, neighbours: ReadonlyWorld): readonly Objection[] {
  const selections = networksOfVm(vm);
  const networks = networksIn(neighbours);
  const owner = { namespace: vm.metadata.namespace ?? '', name: vm.metadata.name };
  const found: Objection[] = [];
  const seen = new Map<string, string>();
  if ('problem' in selections) return found;
  const sources = machineSources(vm);
  for (const [index, selection] of selections.entries()) {
    const face = interfaceOf(selection, selections, owner, networks, index === 0);
    // what is not there yet is told when the machine starts
    if (!face || 'problem' in face) continue;
    const wishes = selectionWishes(sources, face, face);
    if ('problem' in wishes) {
      found.push({ path: wishes.path, value: wishes.value, detail: wishes.problem, isTaken: false });
      continue;
    }
    const subnet = neighbours.get('Subnet', face.subnet);
    if (!subnet) continue;
    const { ips, mac, family, pool } = wishes;
    const families = familiesOf(subnet);
    const add = (at: { readonly path: string; readonly text: string }, detail: string | undefined, isTaken = false) => {
      if (detail !== undefined) found.push({ path: at.path, value: at.text, detail, isTaken });
    };
    if (family && !families.includes(family))
      add(
        wishText(sources, face, 'ip_family')!,
        `subnet ${face.subnet} has no IPv${family} (${subnet.spec?.cidrBlock})`,
      );
    for (const ip of ips?.values ?? []) {
      const text = formatIp(ip);
      const place = placeProblem(ip, subnet) ?? poolProblem(ip, face.subnet, owner.namespace, neighbours);
      const twin = seen.get(`${face.subnet}|${text}`);
      const holder =
        twin ??
        addressHolder(face.subnet, text, face.port, neighbours) ??
        askingMachine(face.subnet, text, owner, neighbours);
      const isOwn = neighbours.keys('IP', 'address', `${face.subnet}|${text}`).includes(face.port);
      add(ips!, isOwn ? undefined : place);
      if (!place)
        add(
          ips!,
          holder &&
            `${text} is in use by ${holder} in subnet ${face.subnet}: choose another address, or delete that one`,
          true,
        );
      seen.set(`${face.subnet}|${text}`, `another interface of this machine`);
    }
    if (mac) {
      const twin = seen.get(`${face.subnet}|${mac.value}`);
      const holder =
        twin ??
        macHolder(subnet, mac.value, face.port, neighbours) ??
        askingMachine(face.subnet, mac.value, owner, neighbours);
      add(
        mac,
        holder &&
          `MAC ${mac.value} is in use by ${holder} in subnet ${face.subnet}: choose another one, or leave it out`,
        true,
      );
      seen.set(`${face.subnet}|${mac.value}`, `another interface of this machine`);
    }
    if (pool && 'name' in pool) add(pool, namedPoolProblem(pool.name, face.subnet, owner.namespace, neighbours));
    if (pool && 'choices' in pool) for (const ip of pool.choices.flat()) add(pool, placeProblem(ip, subnet));
  }
  return found;
}

function networksIn(neighbours: ReadonlyWorld): Networks {
  return {
    attachment: (key) => neighbours.get('NetworkAttachmentDefinition', key),
    subnetOfProvider: (provider) => neighbours.keys('Subnet', 'provider', provider)[0],
  };
}

/** DHCP options by annotation, under whatever key */
function checkOptions(vm: VirtualMachine, findings: Findings): void {
  for (const { path, annotations = {} } of machineSources(vm))
    for (const [key, text] of Object.entries(annotations)) {
      const [, option] = /(?:^|\.)kubernetes\.io\/(dhcp-v[46]-options)$/.exec(key) ?? [];
      const set = option && (OPTION_ANNOTATIONS as Readonly<Record<string, OptionSet>>)[option];
      const parsed = set ? parseOptions(set, text) : undefined;
      if (parsed && 'problem' in parsed) findings.invalid(`${path}[${key}]`, text, parsed.problem);
    }
}
