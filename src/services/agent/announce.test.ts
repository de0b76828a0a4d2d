import { expect, test } from 'vitest';
import { rarpRequest } from './announce.ts';

test('a RARP request to everybody, in which the machine asks for itself, as long as Ethernet wants it', () => {
  const frame = rarpRequest('02:00:00:00:00:05');
  expect(frame).toHaveLength(120);
  expect(frame.slice(0, 84)).toBe(
    'ffffffffffff' +
      '020000000005' +
      '8035' +
      '0001' +
      '0800' +
      '06' +
      '04' +
      '0003' +
      '020000000005' +
      '00000000' +
      '020000000005' +
      '00000000',
  );
  expect(frame.slice(84)).toMatch(/^0+$/);
});
