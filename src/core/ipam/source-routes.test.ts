import { expect, test } from 'vitest';
import { sourceRoutes } from './source-routes.ts';

test('a table of its own for each interface, in the families that it has', () => {
  expect(sourceRoutes('eth1', 1, ['10.0.0.6/16', 'fd00::6/64'], ['10.0.0.1'])).toEqual([
    {
      family: 4,
      commands: [
        'route replace 10.0.0.0/16 dev eth1 table 101',
        'route replace default via 10.0.0.1 dev eth1 table 101',
        'rule add from 10.0.0.6 lookup 101 priority 1001',
      ],
    },
    {
      family: 6,
      commands: ['route replace fd00::/64 dev eth1 table 101', 'rule add from fd00::6 lookup 101 priority 1001'],
    },
  ]);
});

test('what another router leads to is reached by that one, whatever the source', () => {
  const routes = [
    { dst: '10.50.0.0/24', gw: '10.0.0.9' },
    { dst: '10.51.0.0/24', gw: '10.0.0.1' },
    { dst: 'fd00:50::/64', gw: 'fd00::9' },
    { dst: '0.0.0.0/0', gw: '10.0.0.1' },
  ];
  const [v4, v6] = sourceRoutes('eth0', 0, ['10.0.0.6/16', 'fd00::6/64'], ['10.0.0.1', 'fd00::1'], routes);
  expect(v4?.commands).toContain('route replace 10.50.0.0/24 via 10.0.0.9 dev eth0 table 100');
  expect(v6?.commands).toContain('route replace fd00:50::/64 via fd00::9 dev eth0 table 100');
  expect([v4, v6].flatMap((each) => each?.commands ?? [])).toHaveLength(8);
});
