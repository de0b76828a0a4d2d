import { expect, test } from 'vitest';
import { failureKind } from './failure-kind.ts';

test.each([
  [
    'CNI ADD of net1 (type kube-ovn): Cannot find device "weft0a1b2c3d4e5" in /proc/1234/ns/net',
    'CNI ADD of net1 (type kube-ovn): Cannot find device "weftffeeddccbb9" in /proc/99/ns/net',
  ],
  ['nsenter: cannot open /proc/1/ns/net: No such file', 'nsenter: cannot open /proc/4194303/ns/net: No such file'],
  ['pid 12 ended', 'pid 7 ended'],
  ['process=12 ended', 'process=9001 ended'],
  ['command 12345 gave up', 'command 54321 gave up'],
  ['device veth12ab is busy', 'device veth9c01 is busy'],
  [`container ${'ab'.repeat(32)} is gone`, `container ${'9f'.repeat(32)} is gone`],
])('%s: the same again', (one, other) => {
  expect(failureKind(one)).toBe(failureKind(other));
});

test.each([
  ['CNI ADD of net1 (type kube-ovn): no', 'CNI ADD of net2 (type kube-ovn): no'],
  ['network default/blue does not exist', 'network default/red does not exist'],
  ['address 10.0.0.5 is taken', 'address 10.0.0.6 is taken'],
  ['the network is closed today', 'the network is closed tomorrow'],
])('%s: not the same as %s', (one, other) => {
  expect(failureKind(one)).not.toBe(failureKind(other));
});
