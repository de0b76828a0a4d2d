import { describe, expect, test } from 'vitest';
import { bfdLines, readSessions } from './bfd-config.ts';
import type { RouterSession } from './routers.ts';

const TOR: RouterSession = { provider: 'phys', router: 'fe80::1', device: 'br-phys', local: 'fe80::2' };
const OTHER: RouterSession = { provider: 'phys', router: '192.0.2.1', device: 'br-phys', local: undefined };

/** as FRR 10.3 shows it, with a session of somebody else */
const running = (...ours: readonly string[]) => `frr version 10.3
hostname node1
!
bfd
 profile weft-uplink
  transmit-interval 100
 exit
 !
 peer 198.51.100.1 interface eth9
  detect-multiplier 5
 exit
 !
${ours.map((peer) => ` ${peer}\n  profile weft-uplink\n exit\n !\n`).join('')}exit
!
`;

test('sessions that are missing are added, with their timers', () => {
  expect(bfdLines('', [TOR, OTHER])).toEqual([
    'configure terminal',
    'bfd',
    'profile weft-uplink',
    'transmit-interval 100',
    'receive-interval 100',
    'detect-multiplier 3',
    'exit',
    'peer fe80::1 local-address fe80::2 interface br-phys',
    'profile weft-uplink',
    'no shutdown',
    'exit',
    'peer 192.0.2.1 interface br-phys',
    'profile weft-uplink',
    'no shutdown',
    'exit',
    'end',
  ]);
});

test('what is there stays as it is, what is ours and not wanted goes, sessions of others are not touched', () => {
  const both = running('peer fe80::1 local-address fe80::2 interface br-phys', 'peer 192.0.2.1 interface br-phys');
  expect(bfdLines(both, [TOR, OTHER])).toEqual([]);
  expect(bfdLines(both, [OTHER])).toEqual([
    'configure terminal',
    'bfd',
    'no peer fe80::1 local-address fe80::2 interface br-phys',
    'end',
  ]);
  expect(bfdLines(running(), [])).toEqual([]);
});

describe('what the daemon says', () => {
  const read = (...entries: readonly object[]) =>
    Object.fromEntries(
      readSessions(JSON.stringify(entries.map((entry) => ({ peer: 'fe80::1', interface: 'br-phys', ...entry })))),
    );

  test.each([
    [{ status: 'up', diagnostic: 'ok' }, 'up', false],
    [{ status: 'down', diagnostic: 'ok', 'remote-diagnostic': 'ok' }, 'down', false],
    [{ status: 'init', diagnostic: 'control detection time expired' }, 'down', true],
    [{ status: 'down', diagnostic: 'control detection time expired' }, 'down', true],
    [{ status: 'shutdown' }, 'unknown', false],
    [
      { status: 'down', diagnostic: 'neighbor signaled session down', 'remote-diagnostic': 'administratively down' },
      'unknown',
      false,
    ],
    [{ status: 'something new' }, 'unknown', false],
    [{}, 'unknown', false],
  ])('%j', (entry, state, lost) => {
    expect(read(entry)).toEqual({ 'fe80::1 br-phys': { state, lost } });
  });

  test('nonsense is nothing', () => {
    for (const text of ['', '{', '{}', 'null', '[null, 1, {"peer": 5}]', '% Unknown command'])
      expect(readSessions(text).size).toBe(0);
  });
});
