import { expect, test } from 'vitest';
import type { UplinkChoice } from './choice.ts';
import { routersOf } from './routers.ts';

const MAC = '02:77:65:00:01:0b';
const choice = (routers?: string): UplinkChoice => ({
  provider: 'phys',
  bridge: 'br-phys',
  port: 'eth1',
  nics: ['eth1'],
  routers,
});

test('nobody is asked where nobody is named', () => {
  for (const text of [undefined, '', ' , '])
    expect(routersOf(choice(text), MAC)).toEqual({ sessions: [], problem: undefined });
});

test('a link-local router is asked from the address that follows from the MAC of the NIC', () => {
  expect(routersOf(choice('FE80::1'), MAC).sessions).toEqual([
    { provider: 'phys', router: 'fe80::1', device: 'br-phys', local: 'fe80::77:65ff:fe00:10b' },
  ]);
  expect(routersOf(choice('fe80::1'), undefined).sessions).toEqual([]);
});

test('others from whatever address the node has in their network; who is named twice is asked once', () => {
  expect(routersOf(choice('192.0.2.1, 2001:db8::1,192.0.2.1'), MAC).sessions).toEqual([
    { provider: 'phys', router: '192.0.2.1', device: 'br-phys', local: undefined },
    { provider: 'phys', router: '2001:db8::1', device: 'br-phys', local: undefined },
  ]);
});

test.each(['192.0.2.1 interface eth0', '192.0.2.1\nno peer 192.0.2.2', 'fe80::1%eth0', '192.0.2', 'tor'])(
  '%j is no address, and the others are asked all the same',
  (text) => {
    const { sessions, problem } = routersOf(choice(`192.0.2.9,${text}`), MAC);
    expect(sessions.map(({ router }) => router)).toEqual(['192.0.2.9']);
    expect(problem).toMatch(/^InvalidRouter: annotation network\.harvesterhci\.io\/bfd-peers says .* no address/);
  },
);

test('at most eight', () => {
  const many = Array.from({ length: 9 }, (_, index) => `192.0.2.${index + 1}`).join();
  expect(routersOf(choice(many), MAC)).toEqual({ sessions: [], problem: expect.stringContaining('names 9 routers') });
});
