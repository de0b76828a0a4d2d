/**
 * Addresses that a virtual machine asks for by name, judged before the machine is stored: in the subnet, free, of a family that the subnet has.
 * A copy of another machine, known by the mark that the original carries, does not keep what the original has: it gets its own.
 */
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { OPTION_ANNOTATIONS } from '../dhcp/subnet-options.ts';
import { networksOfVm } from '../ipam/attachments.ts';
import { type Interface, interfaceOf } from '../ipam/interfaces.ts';
import { networksIn } from '../compile/networks.ts';
import { machineSources, machineWishes, placeOf, selectionWishes } from '../ipam/machine-wishes.ts';
import { type AnnotationSource, unheardWishes, type WishText, wishText } from '../ipam/wishes.ts';
import {
  addressHolder,
  cidrsOf,
  askingMachine,
  familiesOf,
  macHolder,
  namedPoolProblem,
  placeProblem,
  poolProblem,
} from './address-holders.ts';
import { ADDRESSES_OF, NOT_COPIED, withAnnotations, withoutWishes } from './machine-copy.ts';
import { optionsProblem } from './guest-options.ts';
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
    findings.warn('metadata.annotations', `is a copy of ${mark}, which keeps ${lost}: this machine gets its own`);
    const own = withoutWishes(object, new Set(taken.map(({ path }) => path)));
    const told = withAnnotations(own, { [ADDRESSES_OF]: undefined, [NOT_COPIED]: `${lost} of ${mark}` });
    return admitAddresses({ object: told, old, neighbours }, findings);
  }
  for (const { path, value, detail, isTaken } of found)
    if (isTaken) findings.duplicate(path, value, detail);
    else findings.invalid(path, value, detail);
  warnOfWishes(object, neighbours, findings);
  const asks = machineWishes(object).length > 0;
  if (asks === (mark === own)) return object;
  return withAnnotations(object, { [ADDRESSES_OF]: asks ? own : undefined });
}

/** What is asked for and will not be had, or not at once. */
function warnOfWishes(vm: VirtualMachine, neighbours: ReadonlyWorld, findings: Findings): void {
  const selections = networksOfVm(vm);
  if ('problem' in selections) return;
  const sources = machineSources(vm);
  const places = selections.map((selection, index) => placeOf(selection, selections, index === 0));
  const names = places.map(({ provider, nic }) => (nic === undefined ? provider : `${provider} (${nic})`)).join(', ');
  for (const { path } of unheardWishes(sources, places))
    findings.warn(
      path,
      `no interface of this machine answers to this key, so it has no effect: its interfaces are ${names || 'none'}`,
    );
  for (const face of facesOf(vm, neighbours)) {
    const wishes = selectionWishes(sources, face, face);
    const { v4IpAddress, v6IpAddress } = neighbours.get('IP', face.port)?.spec ?? {};
    const has = [v4IpAddress, v6IpAddress].filter((text) => text);
    if ('problem' in wishes || !wishes.ips || has.length === 0) continue;
    if (!wishes.ips.values.every((ip) => has.includes(formatIp(ip))))
      findings.warn(wishes.ips.path, `a machine that runs keeps ${has.join(',')} until it starts anew`);
  }
}

/** the interfaces whose networks are known: what is not there yet is told when the machine starts */
export function facesOf(vm: VirtualMachine, neighbours: ReadonlyWorld): readonly Interface[] {
  const selections = networksOfVm(vm);
  if ('problem' in selections) return [];
  const owner = { namespace: vm.metadata.namespace ?? '', name: vm.metadata.name };
  return selections.flatMap((selection, index) => {
    const face = interfaceOf(selection, selections, owner, networksIn(neighbours), index === 0);
    return face && !('problem' in face) ? [face] : [];
  });
}

function keyOf({ path, value }: Objection): string {
  return `${path}\n${value}`;
}

function objections(vm: VirtualMachine, neighbours: ReadonlyWorld): readonly Objection[] {
  const owner = { namespace: vm.metadata.namespace ?? '', name: vm.metadata.name };
  const found: Objection[] = [];
  const seen = new Map<string, string>();
  const sources = machineSources(vm);
  for (const face of facesOf(vm, neighbours)) {
    for (const { path, text, problem } of settingProblems(sources, face, neighbours.get('Subnet', face.subnet)))
      found.push({ path, value: text, detail: problem, isTaken: false });
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
    if (pool && 'choices' in pool) {
      const free = pool.choices.filter((choice) =>
        choice.every((ip) => !addressHolder(face.subnet, formatIp(ip), face.port, neighbours)),
      );
      for (const ip of pool.choices.flat())
        add(pool, placeProblem(ip, subnet) ?? poolProblem(ip, face.subnet, owner.namespace, neighbours));
      if (free.length === 0) add(pool, `all of them are in use in subnet ${face.subnet}: list more addresses`, true);
    }
  }
  return found;
}

interface SettingProblem extends WishText {
  readonly problem: string;
}

/** settings of an interface that are words of a short list, or DHCP options */
function* settingProblems(
  sources: readonly AnnotationSource[],
  face: Interface,
  subnet: Subnet | undefined,
): Generator<SettingProblem> {
  for (const key of ['default_route', 'port_security']) {
    const said = wishText(sources, face, key);
    if (said && said.text !== 'true' && said.text !== 'false') yield { ...said, problem: 'must be "true" or "false"' };
  }
  for (const [key, set] of Object.entries(OPTION_ANNOTATIONS)) {
    const said = wishText(sources, face, key);
    const problem = said && subnet && optionsProblem(set, said.text, cidrsOf(subnet), subnet.spec?.cidrBlock ?? '');
    if (said && problem !== undefined) yield { ...said, problem };
  }
}
