/**
 * The wires of a lab as data, and the lines for `ip -batch` that make them.
 *
 *   box ethN ── veth ── fabric BOX-ethN ── kernel bridge, or the switch (`fabric-switch.ts`)
 *
 * eth0 of every box but tor is its first network: management, or the one outside; eth1 of a node is its trunk, eth2 and eth3 are its
 * underlays. tor has a device for each network that it is on, named for the network.
 */
import { namespaceOf } from './lab-name.ts';
import type { LabOptions } from './options.ts';

export type Families = LabOptions['ip'];

export interface Wire {
  readonly box: string;
  readonly device: string;
  /** kernel bridge, or `SWITCH` */
  readonly bridge: string;
  readonly mac: string;
  /** with prefix length */
  readonly addresses: readonly string[];
  /** of the switch: the one VLAN of the port, 0 for the native one; a trunk without it */
  readonly vlan?: number;
}

interface Network {
  readonly bridge: string;
  /** in MAC addresses, and of the device of nodes */
  readonly number: number;
  /** `%` stands for the host number */
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly vlan?: number;
}

/** the bridge of the switch that nodes hang on with eth1 */
export const SWITCH = 'trunk';
const MANAGEMENT: Network = { bridge: 'mgmt', number: 0, ipv4: '172.30.0.%', ipv6: 'fd00:172:30::%' };
const TRUNK: Network = { bridge: SWITCH, number: 1 };
const UNDERLAYS: readonly Network[] = [
  { bridge: 'ul1', number: 2, ipv4: '192.168.1.%', ipv6: 'fd00:192:168:1::%' },
  { bridge: 'ul2', number: 3, ipv4: '192.168.2.%', ipv6: 'fd00:192:168:2::%' },
];
const INTERNET_NETWORK: Network = { bridge: 'inet', number: 4, ipv4: '203.0.113.%', ipv6: '2001:db8:203::%' };
const NATIVE: Network = { ...TRUNK, vlan: 0 };
const VLANS: readonly (Network & { readonly vlan: number })[] = [
  { bridge: SWITCH, number: 100, ipv4: '172.20.100.%', ipv6: '2001:db8:100::%', vlan: 100 },
  { bridge: SWITCH, number: 200, ipv4: '172.20.200.%', ipv6: '2001:db8:200::%', vlan: 200 },
];
const NODE_NETWORKS = [MANAGEMENT, TRUNK, ...UNDERLAYS];
const MTU = 1500;

export const UNDERLAY_DEVICES: readonly string[] = UNDERLAYS.map(({ number }) => `eth${number}`);
export const CENTRAL = 'central';
export const FABRIC = 'fabric';
export const TOR = 'tor';
export const INTERNET = 'internet';
export const PHYSICAL_HOST = 'phys1';
export const VLAN_IDS: readonly number[] = VLANS.map(({ vlan }) => vlan);
/** tor's device in the native VLAN of the trunks */
export const TOR_NATIVE_DEVICE = 'native';
/** tor's link-local address, on each of its devices */
export const TOR_LINK_LOCAL = 'fe80::1';
/** boxes outside of the cluster, with their own network */
const OUTSIDE: ReadonlyMap<string, Network> = new Map([
  [INTERNET, INTERNET_NETWORK],
  [PHYSICAL_HOST, VLANS[1]!],
]);
const TOR_NETWORKS: readonly (readonly [device: string, Network])[] = [
  ['mgmt', MANAGEMENT],
  [TOR_NATIVE_DEVICE, NATIVE],
  ...VLANS.map((network) => [`vlan${network.vlan}`, network] as const),
  ['inet', INTERNET_NETWORK],
];
const HOST_NUMBERS: Readonly<Record<string, number>> = { [TOR]: 1, [CENTRAL]: 2, [INTERNET]: 10, [PHYSICAL_HOST]: 10 };
const FIRST_NODE_HOST = 11;
/** in the MAC of a bridge, where ports have their host: fixed, because a bridge that takes the lowest MAC of its ports changes it when a wire is cut */
const BRIDGE_HOST = 255;
const BRIDGES = [MANAGEMENT, ...UNDERLAYS, INTERNET_NETWORK].map(({ bridge, number }) => ({
  name: bridge,
  mac: macAddress(number, BRIDGE_HOST),
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
  return [
    FABRIC,
    CENTRAL,
    TOR,
    INTERNET,
    PHYSICAL_HOST,
    ...Array.from({ length: nodes }, (_, index) => nodeName(index + 1)),
  ];
}

/** Management addresses of a box, without prefix length; IPv4 before IPv6. */
export function managementAddresses(box: string, families: Families): readonly string[] {
  return addressesOf(MANAGEMENT, hostNumber(box), families).map((text) => text.slice(0, text.indexOf('/')));
}

/** The wires of a box; none for the fabric, where all of them end. */
export function wiresOf(box: string, families: Families): readonly Wire[] {
  if (box === FABRIC) return [];
  const host = hostNumber(box);
  return networksOf(box).map(([device, network]) => ({
    box,
    device,
    bridge: network.bridge,
    mac: macAddress(network.number, host),
    addresses: addressesOf(network, host, families),
    ...(network.vlan === undefined ? {} : { vlan: network.vlan }),
  }));
}

function networksOf(box: string): readonly (readonly [device: string, Network])[] {
  if (box === TOR) return TOR_NETWORKS;
  const outside = OUTSIDE.get(box);
  if (outside) return [['eth0', outside]];
  return (box === CENTRAL ? [MANAGEMENT] : NODE_NETWORKS).map((network) => [`eth${network.number}`, network]);
}

/** Link-local address that a node makes of the MAC of its eth1 (RFC 4291, appendix A). */
export function trunkLinkLocal(node: string): string {
  return `fe80::77:65ff:fe00:${TRUNK.number}${hex(hostNumber(node))}`;
}

interface Prefix {
  readonly family: 4 | 6;
  readonly cidr: string;
  /** the last address that a host may have */
  readonly last: string;
  /** the address with this last part: the same digits in both families, so that a person finds a host in both */
  readonly host: (part: string) => string;
}

/** Prefixes of a VLAN, IPv4 before IPv6. */
export function vlanPrefixes(vlan: number, families: Families): readonly Prefix[] {
  const { ipv4 = '', ipv6 = '' } = VLANS.find((candidate) => candidate.vlan === vlan) ?? {};
  const v4 = { cidr: `${ipv4.replace('%', '0')}/24`, last: ipv4.replace('%', '254') };
  const v6 = { cidr: `${ipv6.replace('%', '')}/64`, last: ipv6.replace(':%', '0:ffff:ffff:ffff:ffff') };
  return [
    ...(families === '6' ? [] : [{ family: 4, ...v4, host: (part: string) => ipv4.replace('%', part) } as const]),
    ...(families === '4' ? [] : [{ family: 6, ...v6, host: (part: string) => ipv6.replace('%', part) } as const]),
  ];
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
      .map((wire) => {
        const master = wire.bridge === SWITCH ? '' : ` master ${wire.bridge}`;
        return `link set ${fabricPort(wire)} addrgenmode none${master} up`;
      }),
  ];
}

/** Lines inside a box other than the fabric. */
export function boxLines(box: string, families: Families): readonly string[] {
  const isTor = box === TOR;
  return [
    'link set lo up',
    ...wiresOf(box, families).flatMap(({ device, addresses }) => [
      `link set ${device} ${isTor ? 'addrgenmode none ' : ''}up`,
      // no duplicate address detection: it would leave the address unusable for a second
      ...(isTor ? [...addresses, `${TOR_LINK_LOCAL}/64`] : addresses).map(
        (address) => `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`,
      ),
    ]),
    ...defaultRoutes(box, families),
  ];
}

/** What is outside sends everything to tor. */
function defaultRoutes(box: string, families: Families): readonly string[] {
  const network = OUTSIDE.get(box);
  if (!network) return [];
  return addressesOf(network, HOST_NUMBERS[TOR]!, families).map(
    (address) => `route add default via ${address.slice(0, address.indexOf('/'))}`,
  );
}

function hostNumber(box: string): number {
  const fixed = HOST_NUMBERS[box];
  if (fixed !== undefined) return fixed;
  const index = nodeIndex(box);
  if (index === undefined) throw new Error(`box ${box} has no place in the networks of a lab`);
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
