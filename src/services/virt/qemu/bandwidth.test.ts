import { expect, test } from 'vitest';
import { bandwidthOf } from './bandwidth.ts';

const ask = (wish: string) => bandwidthOf({ 'weft.lab/migration-bandwidth': wish });

test('bytes a second, also in larger units', () => {
  expect(bandwidthOf(undefined)).toBeUndefined();
  expect(bandwidthOf({})).toBeUndefined();
  expect(['65536', '64Ki', '8Mi', '1024Gi'].map(ask)).toEqual([65_536, 65_536, 8_388_608, 1_099_511_627_776]);
});

test.each(['', '0', '63Ki', '1025Gi', '-1', '8M', '8 Mi', '1e6', '0x10000', '999999999999999Gi'])(
  '%s is refused',
  (wish) => {
    expect(ask(wish)).toEqual({
      problem: `annotation weft.lab/migration-bandwidth is ${JSON.stringify(wish)}; use bytes a second from 64Ki to 1024Gi, or leave it out`,
    });
  },
);
