import { expect, test } from 'vitest';
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { guestInterfaces } from './guest-interfaces.ts';
import type { Pod } from './pod.ts';

const owner = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', name: 'web', uid: '1', controller: true };
const pod = (networks: string, isLauncher: boolean): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    namespace: 'shop',
    annotations: { [NETWORKS_ANNOTATION]: networks },
    ...(isLauncher ? { ownerReferences: [owner] } : {}),
  },
});
const definition = (key: string, config: string): [string, NetworkAttachmentDefinition] => {
  const [namespace = '', name = ''] = key.split('/');
  return [
    key,
    {
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { namespace, name },
      spec: { config },
    },
  ];
};
const definitions = new Map([
  definition('shop/blue', '{"cniVersion":"1.0.0","type":"kube-ovn","ipam":{"subnet":"s"},"provider":"mistaken"}'),
  definition('red/net', '{"type":"kube-ovn"}'),
  definition('shop/lan', '{"type":"macvlan","master":"eth2"}'),
  definition('shop/broken', 'not json'),
  definition('shop/list', '{"plugins":[]}'),
]);
const of = (networks: string, isLauncher = true, instance?: VirtualMachineInstance) =>
  guestInterfaces(pod(networks, isLauncher), instance, (key) => definitions.get(key));

test('a machine has eth0, eth1, ... in the order of its networks, with the names of its spec', () => {
  const spec = {
    networks: [
      { name: 'pods', pod: {} },
      { name: 'first', multus: { networkName: 'blue' } },
      { name: 'second', multus: { networkName: 'red/net' } },
    ],
  };
  const instance = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', metadata: owner, spec };
  expect(of('shop/blue,red/net', true, instance)).toMatchObject([
    { device: 'eth0', name: 'first', network: 'shop/blue', type: 'kube-ovn' },
    { device: 'eth1', name: 'second', network: 'red/net', type: 'kube-ovn' },
  ]);
});

test('a plain pod has the names that Multus gives', () => {
  expect(of('blue,red/net@data0', false)).toMatchObject([{ device: 'net1' }, { device: 'data0' }]);
});

test('the executable gets the configuration with name, version and provider', () => {
  const faces = of('blue,red/net');
  if ('problem' in faces) throw new Error(faces.problem);
  expect(faces.map(({ config }) => JSON.parse(config) as unknown)).toEqual([
    { cniVersion: '1.0.0', name: 'blue', type: 'kube-ovn', ipam: { subnet: 's' }, provider: 'blue.shop.ovn' },
    { cniVersion: '0.3.1', name: 'net', type: 'kube-ovn', provider: 'net.red.ovn' },
  ]);
});

test('the same network twice has a provider for each interface', () => {
  const faces = of('blue,blue');
  if ('problem' in faces) throw new Error(faces.problem);
  expect(faces.map(({ config }) => (JSON.parse(config) as { provider: string }).provider)).toEqual([
    'blue.shop.ovn.net1',
    'blue.shop.ovn.net2',
  ]);
});

test('other types keep their configuration', () => {
  const faces = of('lan');
  if ('problem' in faces) throw new Error(faces.problem);
  expect(JSON.parse(faces[0]!.config)).toEqual({ cniVersion: '0.3.1', name: 'lan', type: 'macvlan', master: 'eth2' });
});

test.each([
  ['nowhere', /network shop\/nowhere does not exist/],
  ['broken', /spec.config of network shop\/broken is not a JSON object/],
  ['list', /has no type \(lists of plugins are not built yet\)/],
  ['Not A Name', /annotation .* lower-case names/],
])('%s: why there is no interface', (networks, problem) => {
  expect(of(networks)).toEqual({ problem: expect.stringMatching(problem) as string });
});
