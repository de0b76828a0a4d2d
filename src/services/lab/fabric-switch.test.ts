import { expect, test } from 'vitest';
import { guardRules, silenceArguments, switchArguments } from './fabric-switch.ts';
import { boxNames } from './topology.ts';

test('the switch carries the native VLAN, 100 and 200 on trunks, and one VLAN on each port of a host', () => {
  const commands = switchArguments(boxNames(1), '4').join(' ').split(' -- ');
  expect(commands).toEqual([
    '--may-exist add-br trunk',
    'set bridge trunk datapath_type=netdev fail_mode=standalone',
    'set Open_vSwitch . other_config:max-idle=500 other_config:max-revalidator=100',
    '--may-exist add-port trunk tor-native',
    'set port tor-native vlan_mode=access tag=0',
    '--may-exist add-port trunk tor-vlan100',
    'set port tor-vlan100 vlan_mode=access tag=100',
    '--may-exist add-port trunk tor-vlan200',
    'set port tor-vlan200 vlan_mode=access tag=200',
    '--may-exist add-port trunk phys1-eth0',
    'set port phys1-eth0 vlan_mode=access tag=200',
    '--may-exist add-port trunk node1-eth1',
    'set port node1-eth1 vlan_mode=trunk trunks=0,100,200',
  ]);
});

test('a node that joins brings its port alone', () => {
  expect(switchArguments(['node4'], '4').join(' ')).toBe(
    '--may-exist add-port trunk node4-eth1 -- set port node4-eth1 vlan_mode=trunk trunks=0,100,200',
  );
});

test('a silent trunk carries no VLAN of the lab', () => {
  expect(silenceArguments('node1-eth1', true)).toEqual(['set', 'port', 'node1-eth1', 'trunks=4094']);
  expect(silenceArguments('node1-eth1', false)).toEqual(['set', 'port', 'node1-eth1', 'trunks=0,100,200']);
});

test('nodes are guarded against each other’s router advertisements, not against those of tor', () => {
  expect(guardRules(['node1'], '4').split('\n')).toEqual([
    'add table netdev ra-guard',
    'add chain netdev ra-guard node1-eth1 { type filter hook egress device "node1-eth1" priority 0; }',
    'add rule netdev ra-guard node1-eth1 ether saddr != 02:77:65:00:01:01 icmpv6 type nd-router-advert drop',
    '',
  ]);
});
