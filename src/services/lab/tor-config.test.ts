import { expect, test } from 'vitest';
import { torCommands, torConfig } from './tor-config.ts';

test('a node that joins a running tor gets what it would have had from the start', () => {
  const before = torConfig(['node1'], 'dual');
  const after = torConfig(['node1', 'node2'], 'dual');
  const added = (name: 'bgpd' | 'bfdd') => {
    const known = new Set(before[name].split('\n'));
    return after[name].split('\n').flatMap((line) => (known.has(line) ? [] : [line.trim()]));
  };
  const commands = torCommands('node2');
  for (const line of [...added('bgpd'), ...added('bfdd')]) expect(commands).toContain(line);
  expect([added('bgpd').length, added('bfdd').length]).toEqual([2, 1]);
});

test('neighbours in VLAN 100 are whoever comes from its prefixes', () => {
  expect(torConfig([], 'dual').bgpd.match(/bgp listen range .*/g)).toEqual([
    'bgp listen range 172.20.100.0/24 peer-group numbered',
    'bgp listen range 2001:db8:100::/64 peer-group numbered',
  ]);
});
