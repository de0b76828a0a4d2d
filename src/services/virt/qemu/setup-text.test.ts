import { expect, test } from 'vitest';
import type { MachineNic } from '../machine/machine.ts';
import { bootOf } from './boot.ts';
import { setupText } from './setup-text.ts';

const NIC: MachineNic = {
  index: 0,
  device: 'eth0',
  podDevice: 'eth0',
  mac: '02:00:00:00:00:01',
  mtu: 1442,
  addresses: ['10.0.0.5/16', 'fd00::5/64'],
  routes: [{ dst: '0.0.0.0/0', gw: '10.0.0.1' }, { dst: '10.9.0.0/16' }],
  dhcp: false,
};

test('a guest that does not ask is told its addresses and routes', () => {
  expect(setupText({ hostname: 'web', machineId: 'ab', nics: [NIC] }).split('\n')).toEqual([
    'hostname web',
    'machine-id ab',
    'nic eth0 02:00:00:00:00:01 1442 static addr add 10.0.0.5/16 dev eth0;addr add fd00::5/64 dev eth0 nodad;' +
      'link set eth0 up;route replace 10.9.0.0/16 dev eth0 metric 1024|-4 route replace 10.0.0.0/16 dev eth0 table 100;-4 route replace default via 10.0.0.1 dev eth0 table 100;-4 rule add from 10.0.0.5 lookup 100 priority 1000;-6 route replace fd00::/64 dev eth0 table 100;-6 rule add from fd00::5 lookup 100 priority 1000;route add 0.0.0.0/0 via 10.0.0.1 dev eth0',
    'end',
    '',
  ]);
});

test('a guest that asks by DHCP is told its MAC and MTU only; a clone is told the time', () => {
  expect(setupText({ hostname: 'web', machineId: 'ab', nics: [{ ...NIC, dhcp: true }] }, 12.6)).toBe(
    'time 13\nhostname web\nmachine-id ab\nnic eth0 02:00:00:00:00:01 1442 dhcp\nend\n',
  );
});

test('how a guest starts', () => {
  expect(bootOf(undefined)).toBe('clone');
  expect(bootOf({ 'weft.lab/boot': 'cold' })).toBe('cold');
  expect(bootOf({ 'weft.lab/boot': 'warm' })).toEqual({
    problem: 'annotation weft.lab/boot is "warm"; use clone or cold, or leave it out',
  });
});
