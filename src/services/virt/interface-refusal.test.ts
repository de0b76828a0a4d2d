import { expect, test } from 'vitest';
import type { VirtualMachineInstance, VmiSpec } from '../../kinds/virtual-machine.ts';
import { interfaceRefusal } from './interface-refusal.ts';

const multus = (name: string) => ({ name, multus: { networkName: name } });
const of = (networks: unknown, interfaces: unknown) =>
  interfaceRefusal({
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { networks, domain: { devices: { interfaces } } } as VmiSpec,
  } satisfies VirtualMachineInstance);

test.each<readonly [string, unknown, unknown]>([
  ['no interfaces', [multus('a')], undefined],
  ['an empty list', [multus('a')], []],
  ['neither', undefined, undefined],
  ['bridge, or no binding', [multus('a'), multus('b')], [{ name: 'b', bridge: {} }, { name: 'a' }]],
  [
    'what is no binding',
    [multus('a')],
    [{ name: 'a', bridge: {}, model: 'virtio', macAddress: '02:00:00:00:00:05', bootOrder: 1, ports: [] }],
  ],
  ['the pod network, which has a condition of its own', [{ name: 'p', pod: {} }], [{ name: 'p', masquerade: {} }]],
])('%s: nothing against it', (_what, networks, interfaces) => {
  expect(of(networks, interfaces)).toBeUndefined();
});

test.each(['masquerade', 'slirp', 'sriov', 'macvtap', 'passt', 'binding', 'somethingNew'])(
  'binding %s: not built, and said where',
  (binding) => {
    expect(of([multus('a'), multus('b')], [{ name: 'a' }, { name: 'b', [binding]: {} }])).toEqual({
      reason: 'NotImplemented',
      message: `spec.domain.devices.interfaces[1].${binding} is not built yet; use bridge, or leave it out`,
    });
  },
);

test.each<readonly [unknown, unknown, string]>([
  [[multus('a')], [{ name: 'a' }, { name: 'b' }], 'interfaces[1]: there is no network b in spec.networks'],
  [undefined, [{ name: 'b' }], 'interfaces[0]: there is no network b in spec.networks'],
  [[multus('a'), multus('b')], [{ name: 'a' }], 'spec.networks[1]: spec.domain.devices.interfaces has no interface b'],
  [[multus('a')], [null], 'interfaces[0] needs a name'],
  [[multus('a')], [{ bridge: {} }], 'interfaces[0] needs a name'],
  [[multus('a')], 'a', 'interfaces must be a list'],
])('networks %j, interfaces %j: invalid', (networks, interfaces, message) => {
  expect(of(networks, interfaces)).toEqual({ reason: 'Invalid', message: expect.stringContaining(message) as string });
});
