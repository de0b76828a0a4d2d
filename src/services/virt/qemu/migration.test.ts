import { expect, test } from 'vitest';
import { parseAddress } from './migration.ts';

test.each([
  ['tcp:172.30.0.12:4444', true],
  ['tcp:[fd00::12]:4444', false],
])('an address as a target says it: %s', (uri, postcopy) => {
  expect(parseAddress(JSON.stringify({ uri, postcopy }))).toEqual({ uri, postcopy });
});

// QEMU would run the first, and write the second
test.each(['exec:rm -rf /', 'file:/etc/passwd', 'tcp:host:1,x=y', 'unix:/run/x', 'tcp:1.2.3.4:'])(
  'what is no address of a node gets no further: %s',
  (uri) => {
    expect(() => parseAddress(JSON.stringify({ uri, postcopy: true }))).toThrow(/is not where a machine can be sent/);
  },
);
