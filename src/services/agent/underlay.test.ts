import { expect, test } from 'vitest';
import type { Link } from '../../core/underlay/tunnel-networks.ts';
import { underlayCommands, type UnderlayWish } from './underlay.ts';

const link = (name: string, addresses: readonly string[], more: Partial<Link> = {}): Link => ({
  name,
  mtu: 1500,
  arp: !name.startsWith('eth'),
  up: true,
  running: true,
  addresses,
  ...more,
});
const commands = (nic: Link, bridge: Link | undefined, wish?: UnderlayWish) =>
  underlayCommands('eth2', 'br-eth2', new Map([nic, ...(bridge ? [bridge] : [])].map((one) => [one.name, one])), wish);

test.each<[what: string, found: readonly string[], expected: readonly string[]]>([
  ['settled', commands(link('eth2', []), link('br-eth2', ['10.0.0.1/24']), { address: '10.0.0.1/24', mtu: 1500 }), []],
  ['no bridge yet', commands(link('eth2', ['10.0.0.1/24']), undefined), []],
  [
    'the NIC’s addresses go to the bridge, there before they go here',
    commands(link('eth2', ['10.0.0.1/24', 'fd00::1/64']), link('br-eth2', [], { up: false })),
    [
      'addr replace 10.0.0.1/24 dev br-eth2',
      'addr replace fd00::1/64 dev br-eth2 nodad',
      'addr del 10.0.0.1/24 dev eth2',
      'addr del fd00::1/64 dev eth2',
      'link set br-eth2 up',
    ],
  ],
  [
    'a NIC that answers ARP for the bridge is silenced',
    commands(link('eth2', [], { arp: true }), link('br-eth2', ['10.0.0.1/24']), { silent: true }),
    ['link set eth2 arp off'],
  ],
  [
    'but not below a kernel datapath: VLAN devices that are made on it later would be silent too',
    commands(link('eth2', [], { arp: true }), link('br-eth2', ['10.0.0.1/24'])),
    [],
  ],
  [
    'another address by wish; that of the other family stays',
    commands(link('eth2', []), link('br-eth2', ['10.0.0.1/24', 'fd00::1/64']), { address: '10.0.0.9/24' }),
    ['addr replace 10.0.0.9/24 dev br-eth2', 'addr del 10.0.0.1/24 dev br-eth2'],
  ],
  [
    'an MTU by wish, for both',
    commands(link('eth2', []), link('br-eth2', ['10.0.0.1/24']), { mtu: 9000 }),
    ['link set eth2 mtu 9000', 'link set br-eth2 mtu 9000'],
  ],
  [
    'no wish: the bridge has what the NIC has',
    commands(link('eth2', [], { mtu: 1400 }), link('br-eth2', ['10.0.0.1/24'])),
    ['link set br-eth2 mtu 1400'],
  ],
])('%s', (_, found, expected) => expect(found).toEqual(expected));
