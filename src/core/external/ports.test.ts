import { expect, test } from 'vitest';
import { parsePorts, portPairs } from './ports.ts';

test('one port, or a range', () => {
  expect(parsePorts('80')).toEqual({ first: 80, last: 80 });
  expect(parsePorts(' 8000-8999 ')).toEqual({ first: 8000, last: 8999 });
});

test.each([
  ['', /no port/],
  ['0', /no port/],
  ['080', /no port/],
  ['80,81', /no port/],
  ['65536', /end at 65535/],
  ['90-80', /before it begins/],
  ['1000-2000', /1001 ports, one rule forwards at most 1000/],
  ['80; drop', /no port/],
])('%j is none', (text, why) => {
  expect(parsePorts(text)).toMatch(why);
});

test('external and internal ports go in pairs', () => {
  expect(portPairs('8080-8081', '80-81')).toEqual([
    [8080, 80],
    [8081, 81],
  ]);
  expect(portPairs('443', '')).toEqual([[443, 443]]);
  expect(portPairs('8080-8081', '80')).toBe('externalPort has 2 ports, internalPort has 1');
  expect(portPairs('80', 'x')).toMatch(/^internalPort "x" is no port/);
});
