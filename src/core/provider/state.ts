/**
 * What a node is seen to be, as far as uplinks go: devices and routes of the kernel, bridges of Open vSwitch. Everything that a plan needs to go on
 * from wherever the one before it was cut off.
 */

export interface Device {
  readonly name: string;
  /** kernel's number of the device: another one means another device of that name */
  readonly index: number;
  readonly mac: string;
  /** bytes */
  readonly mtu: number;
  readonly up: boolean;
  readonly carrier: boolean;
  /** `bridge`, `veth`, `vlan`, ...; empty for hardware */
  readonly kind: string;
  /** device that this one is a port of */
  readonly master?: string | undefined;
  /** device that this one is made of, such as the NIC of a VLAN device */
  readonly lower?: string | undefined;
  /** whether the kernel answers for the node on it, as on any other device; `no`: all that comes in is left to the switch */
  readonly answers: 'yes' | 'partly' | 'no';
  /** in the words of ip-address(8): `192.0.2.5/24 brd 192.0.2.255`; global ones */
  readonly addresses: readonly string[];
}

export interface Route {
  readonly family: 4 | 6;
  readonly device: string;
  /** in the words of ip-route(8), with `%` for the device: `0.0.0.0/0 via 192.0.2.1 dev % table 5` */
  readonly text: string;
}

/** addresses and routes that belong to an uplink, as they were when they were all in place */
export interface Saved {
  /** of the bridge's device; 0: they have not been on it yet */
  readonly index: number;
  readonly addresses: readonly string[];
  readonly routes: readonly Pick<Route, 'family' | 'text'>[];
}

export interface Bridge {
  readonly name: string;
  /** port -> interfaces, the bridge's own port not among them */
  readonly ports: ReadonlyMap<string, readonly string[]>;
  /** ProviderNetwork that this bridge was made for; absent on bridges of others */
  readonly provider?: string | undefined;
  /** the NICs, as the choice named them when the bridge was made */
  readonly uplink?: string | undefined;
  readonly saved?: Saved | undefined;
}

export interface NodeState {
  readonly devices: ReadonlyMap<string, Device>;
  readonly routes: readonly Route[];
  readonly bridges: ReadonlyMap<string, Bridge>;
  /** `external_ids:ovn-bridge-mappings` and `external_ids:ovn-chassis-mac-mappings` of Open_vSwitch */
  readonly bridgeMappings: string;
  readonly macMappings: string;
}

/** `192.0.2.5/24` of an address with its attributes */
export function addressKey(address: string): string {
  return address.split(' ')[0] ?? '';
}
