import { expect, test } from 'vitest';
import { operations } from './operations.ts';
import type { Northbound } from './testing/northbound.ts';

const nb = operations<Northbound>();

test('the builders make plain operations', () => {
  expect(nb.insert('Address_Set', { name: 'a' }, 'set1')).toEqual({
    op: 'insert',
    table: 'Address_Set',
    row: { name: 'a' },
    uuidName: 'set1',
  });
  expect(nb.wait('Address_Set', [['name', '==', 'a']], [{ addresses: ['x'] }])).toEqual({
    op: 'wait',
    table: 'Address_Set',
    where: [['name', '==', 'a']],
    columns: ['addresses'],
    until: '==',
    rows: [{ addresses: ['x'] }],
  });
});

test('the builders are checked by the types of the database', () => {
  // @ts-expect-error: no such table
  nb.insert('Nowhere', {});
  // @ts-expect-error: no such column
  nb.insert('Address_Set', { colour: 'red' });
  // @ts-expect-error: a set of strings
  nb.update('Address_Set', [], { addresses: 'x' });
  // @ts-expect-error: a condition on a column of another type
  nb.delete('QoS', [['priority', '==', 'high']]);
  // @ts-expect-error: not a function of RFC 7047
  nb.delete('QoS', [['priority', '===', 1]]);
  expect(nb.delete('QoS', [['priority', '==', 1]]).where).toEqual([['priority', '==', 1]]);
});
