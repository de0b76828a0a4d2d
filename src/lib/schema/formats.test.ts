import { describe, expect, it } from 'vitest';
import { fitsFormat, hasFormat } from './formats.ts';

describe('formats', () => {
  it.each([
    ['ipv4', ['0.0.0.0', '255.255.255.255'], ['1.2.3', '01.2.3.4', '256.1.1.1', '1.2.3.4/8', '']],
    [
      'ipv6',
      ['::', '::1', 'fd00::1', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4'],
      ['1::2::3', '1:2:3:4:5:6:7', '12345::', '1.2.3.4', ':::'],
    ],
    [
      'cidr',
      ['10.0.0.0/8', '0.0.0.0/0', 'fd00::/64', '::/128'],
      ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/08', '/8'],
    ],
    ['mac', ['00:11:22:aa:BB:cc', '00-11-22-33-44-55'], ['00:11:22:33:44', '00:11-22:33:44:55', 'gg:11:22:33:44:55']],
    [
      'date-time',
      ['2026-11-24T05:45:09Z', '2026-11-24T05:45:09.123+01:00'],
      ['2026-11-24', '2026-13-24T05:45:09Z', '2026-11-24T25:00:00Z'],
    ],
    ['date', ['2026-11-24'], ['2026-13-01', '24.11.2026']],
    ['byte', ['', 'YQ=='], ['YQ', 'Y!==']],
    ['duration', ['1h30m', '0', '22ns'], ['1', 'h', '']],
    ['uuid', ['e25173f5-940e-4e82-94bb-6bd5cb79bae6'], ['e25173f5']],
    ['hostname', ['a.example', 'host'], ['-a', 'a..b', 'a_b']],
    ['uri', ['https://a/b', '/path'], ['a b', '']],
    ['email', ['a@b'], ['a', '@b']],
  ])('%s', (format, good, bad) => {
    expect(good.filter((text) => !hasFormat(format, text))).toEqual([]);
    expect(bad.filter((text) => hasFormat(format, text))).toEqual([]);
  });

  it('holds integers to their width', () => {
    expect(fitsFormat('int32', 2147483647)).toBe(true);
    expect(fitsFormat('int32', -2147483649)).toBe(false);
    expect(fitsFormat('int64', 9223372036854775808n)).toBe(false);
    expect(fitsFormat('double', 1e300)).toBe(true);
  });
});
