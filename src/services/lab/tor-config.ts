/** FRR's configuration at tor (bgpd(8), bfdd(8)): speaks BGP and BFD with every node, accepts what is announced. Pure. */
import type { LabOptions } from './options.ts';
import { TOR_LINK_LOCAL, TOR_NATIVE_DEVICE, trunkLinkLocal, VLAN_IDS, vlanPrefixes } from './topology.ts';

/** `/etc/frr/DAEMON.conf` -> its text */
export type TorConfig = Readonly<Record<'zebra' | 'bgpd' | 'bfdd', string>>;

const AS = 65000;
const ROUTER_ID = '203.0.113.1';
const PROFILE = 'lab';
/** milliseconds, and how many of them without a packet are a failure */
const BFD = { interval: 100, multiplier: 3 };
/** VLAN in which nodes are neighbours by address */
const NUMBERED_VLAN = VLAN_IDS[0]!;
const GROUPS = ['trunk', 'numbered'];

/** Configuration for a start with these nodes. */
export function torConfig(nodes: readonly string[], families: LabOptions['ip']): TorConfig {
  return {
    zebra: lines(
      `interface ${TOR_NATIVE_DEVICE}`,
      // how nodes find tor: unnumbered BGP takes the sender of an advertisement for its neighbour
      ' ipv6 nd ra-interval 1',
      ' ipv6 nd ra-lifetime 0',
      ' no ipv6 nd suppress-ra',
      'exit',
    ),
    bgpd: lines(
      ...bgpHead(families),
      ...nodes.flatMap(bgpNeighbour).map((line) => ` ${line}`),
      ...bgpFamilies(),
      'exit',
    ),
    bfdd: lines(
      'bfd',
      ` profile ${PROFILE}`,
      `  transmit-interval ${BFD.interval}`,
      `  receive-interval ${BFD.interval}`,
      `  detect-multiplier ${BFD.multiplier}`,
      ' exit',
      ...nodes.flatMap(bfdPeer).map((line) => ` ${line}`),
      'exit',
    ),
  };
}

/** Commands of vtysh(1) that make tor know one more node. */
export function torCommands(node: string): readonly string[] {
  return ['configure terminal', `router bgp ${AS}`, ...bgpNeighbour(node), 'exit', 'bfd', ...bfdPeer(node), 'exit'];
}

function bgpHead(families: LabOptions['ip']): readonly string[] {
  return [
    `router bgp ${AS}`,
    ` bgp router-id ${ROUTER_ID}`,
    ' no bgp ebgp-requires-policy',
    ' no bgp default ipv4-unicast',
    ' bgp bestpath as-path multipath-relax',
    ...GROUPS.flatMap((group) => [
      ` neighbor ${group} peer-group`,
      ` neighbor ${group} remote-as external`,
      ` neighbor ${group} bfd profile ${PROFILE}`,
      ` neighbor ${group} timers connect 1`,
    ]),
    // RFC 8950: IPv4 prefixes with a link-local next hop
    ' neighbor trunk capability extended-nexthop',
    ' neighbor numbered passive',
    ...vlanPrefixes(NUMBERED_VLAN, families).map(({ cidr }) => ` bgp listen range ${cidr} peer-group numbered`),
  ];
}

function bgpNeighbour(node: string): readonly string[] {
  const neighbour = `neighbor ${trunkLinkLocal(node)}`;
  return [`${neighbour} peer-group trunk`, `${neighbour} interface ${TOR_NATIVE_DEVICE}`];
}

function bgpFamilies(): readonly string[] {
  return ['ipv4', 'ipv6'].flatMap((family) => [
    ` address-family ${family} unicast`,
    ...GROUPS.map((group) => `  neighbor ${group} activate`),
    ' exit-address-family',
  ]);
}

function bfdPeer(node: string): readonly string[] {
  const ends = `${trunkLinkLocal(node)} local-address ${TOR_LINK_LOCAL} interface ${TOR_NATIVE_DEVICE}`;
  return [`peer ${ends}`, ` profile ${PROFILE}`, 'exit'];
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
