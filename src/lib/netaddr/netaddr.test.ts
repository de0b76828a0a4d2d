import { describe, expect, test } from 'vitest';
import { parseCidr, parseInterface, specialPurpose, usableBounds } from './cidr.ts';
import { AddressError, attempt } from './error.ts';
import { canonicalIp, formatIp, parseIp } from './ip.ts';
import { parseMac } from './mac.ts';
import { parseRange } from './range.ts';

describe('what popular libraries misparse', () => {
  const misparsed: readonly (readonly [text: string, elsewhere: string])[] = [
    ['010.0.0.1', 'octal: 8.0.0.1'],
    ['0x0a.0.0.1', 'hexadecimal: 10.0.0.1'],
    ['10.1', 'short form: 10.0.0.1'],
    ['167772161', 'one number: 10.0.0.1'],
    ['10.0.0.1 ', 'trailing space dropped'],
    ['10.0.0.256', 'wraps to .0'],
    ['10.0.0.1.', 'trailing dot dropped'],
    ['１0.0.0.1', 'full-width digit'],
    ['fe80::1%eth0', 'zone dropped'],
    ['[::1]', 'brackets dropped'],
    ['1::2::3', 'two elisions'],
    ['::00001', 'five digits'],
    ['1:2:3:4:5:6:7:8:9', 'ninth group dropped'],
    ['1:2:3:4:5:6:7:8::', 'elision of nothing'],
    ['::1.2.3', 'short embedded IPv4'],
    ['1.2.3.4::', 'embedded IPv4 not at the end'],
    [':1::', 'lone leading colon'],
    ['', 'empty'],
  ];
  test.each(misparsed)('%j (%s)', (text) => {
    expect(() => parseIp(text)).toThrow(AddressError);
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    '10.0.0.0/255.0.0.0',
  ])('CIDR %j', (text) => {
    expect(() => parseInterface(text)).toThrow(AddressError);
  });

  test('host bits are an error with the network named, not another address', () => {
    expect(() => parseCidr('10.0.0.1/24')).toThrow(/the network is 10\.0\.0\.0\/24/);
    expect(formatIp(parseInterface('10.0.0.1/24').ip)).toBe('10.0.0.1');
  });
});

test('RFC 5952 examples', () => {
  expect(canonicalIp('2001:0DB8::0001')).toBe('2001:db8::1');
  expect(canonicalIp('2001:db8:0:1:1:1:1:1')).toBe('2001:db8:0:1:1:1:1:1');
  expect(canonicalIp('2001:0:0:1:0:0:0:1')).toBe('2001:0:0:1::1');
  expect(canonicalIp('2001:db8:0:0:1:0:0:1')).toBe('2001:db8::1:0:0:1');
  expect(canonicalIp('::ffff:c000:201')).toBe('::ffff:192.0.2.1');
  expect(canonicalIp('0:0:0:0:0:0:0:0')).toBe('::');
});

test('usable addresses', () => {
  const bounds = (text: string) => {
    const cidr = parseCidr(text);
    const { first, last } = usableBounds(cidr);
    return [first, last].map((value) => formatIp({ family: cidr.family, value }));
  };
  expect(bounds('10.0.0.0/24')).toEqual(['10.0.0.1', '10.0.0.254']);
  expect(bounds('10.0.0.0/31')).toEqual(['10.0.0.0', '10.0.0.1']);
  expect(bounds('10.0.0.7/32')).toEqual(['10.0.0.7', '10.0.0.7']);
  expect(bounds('fd00::/64')).toEqual(['fd00::1', 'fd00::ffff:ffff:ffff:fffe']);
});

test('special-purpose prefixes', () => {
  expect(specialPurpose(parseCidr('169.254.3.0/24'))).toBe('link-local');
  expect(specialPurpose(parseCidr('fe80::/64'))).toBe('link-local');
  expect(specialPurpose(parseCidr('0.0.0.0/0'))).toBeDefined();
  expect(specialPurpose(parseCidr('100.64.0.0/10'))).toBeUndefined();
  expect(specialPurpose(parseCidr('fd00::/64'))).toBeUndefined();
});

test('ranges, MACs and attempts', () => {
  expect(() => parseRange('10.0.0.9..10.0.0.1')).toThrow(/above its last/);
  expect(() => parseRange('10.0.0.9..fd00::1')).toThrow(/different families/);
  expect(parseMac('AA:bb:CC:00:11:22')).toBe('aa:bb:cc:00:11:22');
  expect(() => parseMac('aa-bb-cc-00-11-22')).toThrow(AddressError);
  expect(attempt(() => parseIp('x'))).toBeUndefined();
});
