/** The switch that the nodes' trunks hang on: an Open vSwitch of its own in the fabric, because it knows VLANs where the kernel may not. Pure. */
import type { LabOptions } from './options.ts';
import { FABRIC, fabricPort, SWITCH, TOR, TOR_NATIVE_DEVICE, VLAN_IDS, type Wire, wiresOf } from './topology.ts';

const CONNECTS = `add table netdev quiet
add chain netdev quiet connects { type filter hook ingress device "${TOR_NATIVE_DEVICE}" priority 0; }
add rule netdev quiet connects tcp dport 179 tcp flags & (syn | ack) == syn drop
`;
const NATIVE_VLAN = 0;
/**
 * Milliseconds (ovs-vswitchd.conf.db(5)). A switch of hardware learns from each frame where its sender is; this one from those that its cache of flows does
 * not know, and from the cache's counters whenever it reads them: it is to forget and to read as soon as it can.
 */
const LEARNS = ['max-idle=500', 'max-revalidator=100'];
/** carried by no port */
const NOWHERE = 4094;

/** Arguments of ovs-vsctl(8) that make the switch, or add the ports of boxes to it. */
export function switchArguments(boxes: readonly string[], families: LabOptions['ip']): readonly string[] {
  const wires = boxes.flatMap((box) => wiresOf(box, families)).filter(({ bridge }) => bridge === SWITCH);
  const bridge = boxes.includes(FABRIC)
    ? [
        '--may-exist',
        'add-br',
        SWITCH,
        '--',
        'set',
        'bridge',
        SWITCH,
        'datapath_type=netdev',
        'fail_mode=standalone',
        '--',
        'set',
        'Open_vSwitch',
        '.',
        ...LEARNS.map((setting) => `other_config:${setting}`),
        '--',
      ]
    : [];
  const ports = wires.flatMap((wire) => {
    const port = fabricPort(wire);
    return ['--may-exist', 'add-port', SWITCH, port, '--', 'set', 'port', port, ...membership(wire), '--'];
  });
  return [...bridge, ...ports].slice(0, -1);
}

function membership({ vlan }: Wire): readonly string[] {
  return vlan === undefined
    ? ['vlan_mode=trunk', `trunks=${[NATIVE_VLAN, ...VLAN_IDS].join(',')}`]
    : ['vlan_mode=access', `tag=${vlan}`];
}

/** Arguments of ovs-vsctl(8) by which the switch forgets all frames of a trunk, or carries them again; the carrier stays. */
export function silenceArguments(port: string, silent: boolean): readonly string[] {
  return ['set', 'port', port, `trunks=${silent ? NOWHERE : [NATIVE_VLAN, ...VLAN_IDS].join(',')}`];
}

/**
 * Rules for nft(8) in the fabric: nodes hear router advertisements of tor alone in the native VLAN (RA guard, RFC 6105). A router that finds
 * its neighbours by them, as unnumbered BGP does, would otherwise find the other nodes.
 */
export function guardRules(nodes: readonly string[], families: LabOptions['ip']): string {
  const tor = wiresOf(TOR, families).find(({ device }) => device === TOR_NATIVE_DEVICE)!;
  return nodes
    .map((node) => fabricPort({ box: node, device: 'eth1' }))
    .flatMap((port) => [
      `add chain netdev ra-guard ${port} { type filter hook egress device "${port}" priority 0; }`,
      `add rule netdev ra-guard ${port} ether saddr != ${tor.mac} icmpv6 type nd-router-advert drop`,
    ])
    .reduce((text, line) => `${text}${line}\n`, 'add table netdev ra-guard\n');
}

/**
 * Rules for nft(8) at tor: it advertises itself in the native VLAN alone, where a daemon of FRR would choose others as well; and it is tor that
 * connects there: of a session that the other end began, FRR does not know the device that its link-local next hops are on.
 */
export function torRules(families: LabOptions['ip']): string {
  return wiresOf(TOR, families)
    .filter(({ device }) => device !== TOR_NATIVE_DEVICE)
    .flatMap(({ device }) => [
      `add chain netdev quiet on-${device} { type filter hook egress device "${device}" priority 0; }`,
      `add rule netdev quiet on-${device} icmpv6 type nd-router-advert drop`,
    ])
    .reduce((text, line) => `${text}${line}\n`, CONNECTS);
}
