/**
 * What anybody broke by hand in the books of addresses: IP objects that say something else than the pods and machines they are for, and ports in
 * OVN that no object owns. What is merely on its way (an object that was just deleted) is not looked for here: whoever asks looks twice.
 */
import type { IpObject } from '../../kinds/ip.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { isOfRouter } from '../vlan/vlan-subnet.ts';
import { OWNER } from '../ovn/tables.ts';

/** a Logical_Switch_Port as the Northbound database has it */
export interface Port {
  readonly uuid: string;
  readonly name: string;
  readonly switch: string;
  readonly type: string;
  readonly addresses: readonly string[];
  readonly externalIds: Readonly<Record<string, string>>;
}

export interface Books {
  readonly ips: readonly IpObject[];
  readonly subnets: readonly Subnet[];
  /** virtual machines, and pods that may still send and receive */
  readonly machines: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly ports: readonly Port[];
}

export interface Finding {
  readonly what: string;
  readonly why: string;
  readonly todo: string;
  /** none for what a user made */
  readonly repair?: Repair;
}

export type Repair =
  | { readonly act: 'delete-ip'; readonly name: string; readonly uid: string | undefined }
  | { readonly act: 'delete-port'; readonly switch: string; readonly uuid: string };

/** label of IP objects: anything but "false" is a reservation that a user made */
const RESERVED = 'ovn.kubernetes.io/ip_reserved';

export function addressFindings(books: Books): readonly Finding[] {
  return [...ipFindings(books), ...doubleFindings(books), ...podFindings(books), ...portFindings(books)];
}

function* ipFindings({ ips, subnets, machines, pods }: Books): Generator<Finding> {
  const known = new Set(subnets.map(({ metadata }) => metadata.name));
  const owners = new Set([
    ...machines.map(({ metadata }) => `VirtualMachine/${metadata.namespace}/${metadata.name}`),
    ...pods.map(({ metadata }) => `Pod/${metadata.namespace}/${metadata.name}`),
    // machines that nobody declared as one: their launchers name them
    ...pods.flatMap(({ metadata }) =>
      (metadata.ownerReferences ?? [])
        .filter(({ kind }) => kind === 'VirtualMachineInstance')
        .map(({ name }) => `VirtualMachine/${metadata.namespace}/${name}`),
    ),
  ]);
  for (const { metadata, spec } of ips) {
    const { subnet = '', podName = '', namespace = '', podType = '' } = spec ?? {};
    const owner = `${podType === 'VirtualMachine' ? 'VirtualMachine' : 'Pod'}/${namespace}/${podName}`;
    const isReservation = metadata.labels?.[RESERVED] !== 'false';
    const drop = (why: string): Finding => ({
      what: `IP object ${metadata.name}`,
      why,
      todo: `delete it (kubectl delete ip ${metadata.name}); what needs an address gets one`,
      ...(isReservation ? {} : { repair: { act: 'delete-ip', name: metadata.name, uid: metadata.uid } }),
    });
    if (!known.has(subnet)) yield drop(`its subnet ${JSON.stringify(subnet)} does not exist`);
    // the controller gives and takes those of routers
    else if (isOfRouter(metadata.name, spec)) continue;
    else if (metadata.name !== `${podName}.${namespace}` && !metadata.name.startsWith(`${podName}.${namespace}.`))
      yield drop(`it says that it belongs to ${owner}, whose interfaces are called ${podName}.${namespace}.*`);
    else if (!isReservation && !owners.has(owner))
      yield drop(`its owner ${owner} does not exist, so it holds ${spec?.ipAddress || 'an address'} for nobody`);
  }
}

/** the older object keeps an address */
function* doubleFindings({ ips }: Books): Generator<Finding> {
  const holders = new Map<string, IpObject>();
  const byAge = ips.toSorted(
    (a, b) => ageOf(a).localeCompare(ageOf(b)) || (a.metadata.name < b.metadata.name ? -1 : 1),
  );
  for (const ip of byAge)
    for (const address of [ip.spec?.v4IpAddress, ip.spec?.v6IpAddress]) {
      if (!address) continue;
      const key = `${ip.spec?.subnet}|${address}`;
      const holder = holders.get(key);
      if (!holder) {
        holders.set(key, ip);
        continue;
      }
      const { name, uid } = ip.metadata;
      yield {
        what: `IP object ${name}`,
        why: `it has ${address} of subnet ${ip.spec?.subnet}, which the older ${holder.metadata.name} has too`,
        todo: `delete it (kubectl delete ip ${name}), and start its owner anew`,
        repair: { act: 'delete-ip', name, uid },
      };
    }
}

function ageOf({ metadata }: IpObject): string {
  return metadata.creationTimestamp ?? '';
}

/** A guest uses what its pod was told when it started: an object that says something else blocks it. */
function* podFindings({ ips, pods }: Books): Generator<Finding> {
  const byName = new Map(ips.map((ip) => [ip.metadata.name, ip]));
  for (const { metadata } of pods) {
    const { annotations = {}, namespace, name } = metadata;
    for (const [key, text] of Object.entries(annotations)) {
      const [, provider] = /^(.+)\.kubernetes\.io\/ip_address$/.exec(key) ?? [];
      if (provider === undefined || annotations[`${provider}.kubernetes.io/allocated`] !== 'true') continue;
      const owner = annotations[`${provider}.kubernetes.io/virtualmachine`] ?? name;
      const port = provider === 'ovn' ? `${owner}.${namespace}` : `${owner}.${namespace}.${provider}`;
      const ip = byName.get(port);
      const mac = annotations[`${provider}.kubernetes.io/mac_address`] ?? '';
      if (!ip || (ip.spec?.ipAddress === text && sameAddresses(ip, text) && ip.spec.macAddress === mac)) continue;
      yield {
        what: `IP object ${port}`,
        why: `it says ${[ip.spec?.v4IpAddress, ip.spec?.v6IpAddress].filter(Boolean).join(',')} (${ip.spec?.macAddress}), pod ${namespace}/${name} uses ${text} (${mac}): OVN drops what the guest sends`,
        todo: `delete it (kubectl delete ip ${port}): the one that takes its place has what the guest uses`,
        repair: { act: 'delete-ip', name: port, uid: ip.metadata.uid },
      };
    }
  }
}

function sameAddresses({ spec }: IpObject, text: string): boolean {
  return [spec?.v4IpAddress, spec?.v6IpAddress].filter((address) => address).join(',') === text;
}

function* portFindings({ ips, subnets, ports }: Books): Generator<Finding> {
  const ours = new Set(subnets.map(({ metadata }) => metadata.name));
  const names = new Set(ips.map(({ metadata }) => metadata.name));
  for (const { uuid, name, switch: network, type, addresses, externalIds } of ports) {
    // ports of Weft follow from objects: the controller deletes those that follow from none
    if (!ours.has(network) || type !== '' || names.has(name) || externalIds[OWNER] !== undefined) continue;
    yield {
      what: `port ${name} on the switch of subnet ${network}`,
      why: `it has ${addresses.join(', ') || 'no address'} in OVN, and no IP object owns it: somebody made it by hand`,
      todo: `delete it (ovn-nbctl lsp-del ${name}), or reserve its address with an IP object`,
      repair: { act: 'delete-port', switch: network, uuid },
    };
  }
}
