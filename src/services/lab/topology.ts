/**
 * The wires of a lab as data, and the lines for `ip -batch` that make them.
 *
 *   box ethN ── veth ── fabric BOX-ethN ── bridge
 *
 * eth0 of every box is management; eth1 of a node is its trunk, eth2 and eth3 are its underlays.
 */
import { namespaceOf } from './lab-name.ts';
import type { LabOptions } from './options.ts';

export type Families = LabOptions['ip'];

interface Bridge {
  readonly name: string;
  /** fixed: a bridge that takes the lowest MAC of its ports changes it when a wire is cut */
  readonly mac: string;
}

export interface Wire {
  readonly box: string;
  readonly device: string;
  readonly bridge: string;
  readonly mac: string;
  /** with prefix length */
  readonly addresses: readonly string[];
}

interface Network {
  readonly bridge: string;
  readonly number: number;
  /** `%` stands for the host number */
  readonly ipv4?: string;
  readonly ipv6?: string;
}

const MANAGEMENT: Network = { bridge: 'mgmt', number: 0, ipv4: '172.30.0.%', ipv6: 'fd00:172:30::%' };
const TRUNK: Network = { bridge: 'trunk', number: 1 };
const UNDERLAYS: readonly Network[] = [
  { bridge: 'ul1', number: 2, ipv4: '192.168.1.%', ipv6: 'fd00:192:168:1::%' },
  { bridge: 'ul2', number: 3, ipv4: '192.168.2.%', ipv6: 'fd00:192:168:2::%' },
];
const NETWORKS = [MANAGEMENT, TRUNK, ...UNDERLAYS];
const MTU = 1500;
const CENTRAL_HOST = 2;
const FIRST_NODE_HOST = 11;

export const UNDERLAY_DEVICES: readonly string[] = UNDERLAYS.map(({ number }) => `eth${number}`);
export const CENTRAL = 'central';
export const FABRIC = 'fabric';
const BRIDGES: readonly Bridge[] = NETWORKS.map(({ bridge, number }) => ({
  name: bridge,
  mac: macAddress(number, 1),
}));

export function nodeName(index: number): string {
  return `node${index}`;
}

/** 1 for node1; undefined for what names no node */
export function nodeIndex(name: string): number | undefined {
  const digits = /^node([1-9][0-9]{0,2})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Names of all boxes of a lab. */
export function boxNames(nodes: number): readonly string[] {
  return [FABRIC, CENTRAL, ...Array.from({ length: nodes }, (_, index) => nodeName(index + 1))];
}

/** Management addresses of a box, without prefix length; IPv4 before IPv6. */
export function managementAddresses(box: string, families: Families): readonly string[] {
  return addressesOf(MANAGEMENT, hostNumber(box), families).map((text) => text.slice(0, text.indexOf('/')));
}

/** The wires of a box; none for the fabric, where all of them end. */
export function wiresOf(box: string, families: Families): readonly Wire[] {
  if (box === FABRIC) return [];
  const networks = box === CENTRAL ? [MANAGEMENT] : NETWORKS;
  const host = hostNumber(box);
  return networks.map((network) => ({
    box,
    device: `eth${network.number}`,
    bridge: network.bridge,
    mac: macAddress(network.number, host),
    addresses: addressesOf(network, host, families),
  }));
}

/** Address of a node's underlay, with prefix length: IPv4 where there is one, since a HostNetworkConfig has one address per node. */
export function underlayAddress(node: string, device: string, families: Families): string {
  const network = UNDERLAYS.find(({ number }) => `eth${number}` === device);
  const [address] = network ? addressesOf(network, hostNumber(node), families) : [];
  if (address === undefined) throw new Error(`${device} of ${node} is no underlay`);
  return address;
}

/** The fabric's end of a wire. */
export function fabricPort({ box, device }: Pick<Wire, 'box' | 'device'>): string {
  return `${box}-${device}`;
}

/** Lines for the host's namespace: the boxes' namespaces, and their wires. */
export function namespaceLines(lab: string, boxes: readonly string[], families: Families): readonly string[] {
  const fabric = namespaceOf(lab, FABRIC);
  return [
    ...boxes.map((box) => `netns add ${namespaceOf(lab, box)}`),
    ...boxes
      .flatMap((box) => wiresOf(box, families))
      .map(
        (wire) =>
          `link add ${fabricPort(wire)} netns ${fabric} mtu ${MTU} type veth ` +
          `peer name ${wire.device} netns ${namespaceOf(lab, wire.box)} mtu ${MTU} address ${wire.mac}`,
      ),
  ];
}

/** Lines inside the fabric: its bridges (unless they are there), and the ports of these boxes. */
export function fabricLines(boxes: readonly string[], families: Families, withBridges: boolean): readonly string[] {
  const bridges = BRIDGES.flatMap(({ name, mac }) => [
    `link add ${name} type bridge mcast_snooping 0`,
    `link set ${name} address ${mac} addrgenmode none up`,
  ]);
  return [
    ...(withBridges ? ['link set lo up', ...bridges] : []),
    ...boxes
      .flatMap((box) => wiresOf(box, families))
      .map((wire) => `link set ${fabricPort(wire)} addrgenmode none master ${wire.bridge} up`),
  ];
}

/** Lines inside a box other than the fabric. */
export function boxLines(box: string, families: Families): readonly string[] {
  return [
    'link set lo up',
    ...wiresOf(box, families).flatMap(({ device, addresses }) => [
      `link set ${device} up`,
      // no duplicate address detection: it would leave the address unusable for a second
      ...addresses.map((address) => `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`),
    ]),
  ];
}

function hostNumber(box: string): number {
  if (box === CENTRAL) return CENTRAL_HOST;
  const index = nodeIndex(box);
  if (index === undefined) throw new Error(`box ${box} has no place in the management network`);
  return FIRST_NODE_HOST - 1 + index;
}

function addressesOf({ ipv4, ipv6 }: Network, host: number, families: Families): readonly string[] {
  return [
    ...(ipv4 !== undefined && families !== '6' ? [`${ipv4.replace('%', String(host))}/24`] : []),
    // the same digits as in IPv4, so that a person finds a host in both
    ...(ipv6 !== undefined && families !== '4' ? [`${ipv6.replace('%', String(host))}/64`] : []),
  ];
}

/** Locally administered (the bit 02 of the first byte, IEEE 802). */
function macAddress(network: number, host: number): string {
  return ['02', '77', '65', '00', hex(network), hex(host)].join(':');
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
