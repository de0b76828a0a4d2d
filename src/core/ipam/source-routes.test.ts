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
