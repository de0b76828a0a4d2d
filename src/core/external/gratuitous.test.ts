import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIp } from '../../lib/netaddr/ip.ts';
import { gratuitous, internetChecksum, lesson } from './gratuitous.ts';

const MAC = '46:bd:87:c5:fe:ec';

test('IPv4: an ARP request for its own address, tagged', () => {
  const frame = gratuitous(parseIp('172.20.100.20'), MAC, 100);
  expect(frame).toHaveLength(120);
  expect(frame.slice(0, 92)).toBe(
    `${'ffffffffffff'}46bd87c5feec${'81000064'}0806${'0001080006040001'}46bd87c5feec${'ac146414'}000000000000${'ac146414'}`,
  );
});

test('without a tag there is no tag', () => {
  expect(gratuitous(parseIp('172.20.100.20'), MAC, 0).slice(24, 28)).toBe('0806');
});

test('IPv6: an unsolicited advertisement to all nodes, whose checksum is right', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, (1n << 128n) - 1n), fc.integer({ min: 0, max: 4095 }), (value, tag) => {
      const frame = gratuitous({ family: 6, value }, MAC, tag);
      const packet = frame.slice(tag > 0 ? 36 : 28);
      const [source, target, message] = [packet.slice(16, 48), packet.slice(48, 80), packet.slice(80)];
      expect(packet.slice(0, 16)).toBe('6000000000203aff');
      expect(target).toBe('ff020000000000000000000000000001');
      expect(message).toHaveLength(64);
      expect(message.slice(0, 4)).toBe('8800');
      // all of it, with its checksum, sums to nothing (RFC 1071)
      expect(internetChecksum(`${source}${target}000000200000003a${message}`)).toBe(0);
    }),
  );
});

test('a lesson for switches: from the router, to another group each time', () => {
  const frame = lesson(MAC, 100, 0x01020304);
  expect(frame).toHaveLength(120);
  expect(frame.slice(0, 36)).toBe(`${'030001020304'}46bd87c5feec${'81000064'}8035`);
  expect(lesson(MAC, 0, 5).slice(0, 28)).toBe(`${'030000000005'}46bd87c5feec8035`);
  // the group bit: nobody takes it for his own
  expect(Number.parseInt(frame.slice(0, 2), 16) & 1).toBe(1);
});
