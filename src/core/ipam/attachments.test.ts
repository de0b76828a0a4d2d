import { describe, expect, test } from 'vitest';
import type { VirtualMachine, VmiSpec } from '../../kinds/virtual-machine.ts';
import {
  attachmentConfig,
  NETWORKS_ANNOTATION,
  networksOfVm,
  parseNetworks,
  selectionProvider,
} from './attachments.ts';

const names = (text: string) => {
  const parsed = parseNetworks(text, 'ns');
  return 'problem' in parsed
    ? parsed.problem
    : parsed.map(({ namespace, name, interface: face }) => `${namespace}/${name}@${face}`);
};

describe('the networks annotation', () => {
  test.each([
    ['', []],
    ['a', ['ns/a@net1']],
    [' a , other/b@eth7,c ', ['ns/a@net1', 'other/b@eth7', 'ns/c@net3']],
    ['[{"name":"a"},{"name":"b","namespace":"other","interface":"x"}]', ['ns/a@net1', 'other/b@x']],
    ['a/b/c', 'network 1 must be [namespace/]name[@interface] with lower-case names'],
    ['A', 'network 1 must be [namespace/]name[@interface] with lower-case names'],
    ['a,,b', 'network 2 must be [namespace/]name[@interface] with lower-case names'],
    ['[1]', 'is neither a comma-separated list of networks nor a JSON list of objects'],
    ['[{"name":', 'is neither a comma-separated list of networks nor a JSON list of objects'],
    ['[{"name":{"x":1}}]', 'network 1 must be [namespace/]name[@interface] with lower-case names'],
    ['a@ABC_d.e-f012345', ['ns/a@ABC_d.e-f012345']],
    ['a@_x,b@0', ['ns/a@_x', 'ns/b@0']],
    ['a@net2,b', 'interface name net2 stands twice'],
  ])('%j', (text, result) => {
    expect(names(text)).toEqual(result);
  });

  test.each(['averyveryverylongname', '1234567890123456', 'lo', '.', '..', '.a', '-6', '', 'a b', 'a/b', 'a\nb', 'é'])(
    'an interface cannot be called %j',
    (face) => {
      expect(names(JSON.stringify([{ name: 'a', interface: face }]))).toMatch(
        /^interface name ".*" of network a cannot be had: at most 15 of /,
      );
    },
  );

  test.each(['Data', 'a_b', '_', 'a.', 'a-', 'a..b'])(
    'an interface called %s must not be one of several on the same network: it names a port',
    (face) => {
      expect(names(`a@${face},b`)).toEqual([`ns/a@${face}`, 'ns/b@net2']);
      expect(names(`a@${face},a`)).toBe(
        `interface name ${face} of network a, which is asked for more than once, becomes part of the name of a port: lower-case letters, digits, - and . between them only`,
      );
    },
  );

  test('addresses that are asked for', () => {
    expect(parseNetworks('[{"name":"a","mac":"02:00:00:00:00:05","ips":["10.0.0.5/16"]}]', 'ns')).toMatchObject([
      { mac: '02:00:00:00:00:05', ips: ['10.0.0.5/16'] },
    ]);
  });

  test('the same network twice has two providers', () => {
    const twice = parseNetworks('a,a,b', 'ns');
    if ('problem' in twice) throw new Error(twice.problem);
    expect(twice.map((selection) => selectionProvider(selection, twice))).toEqual([
      'a.ns.ovn.net1',
      'a.ns.ovn.net2',
      'b.ns.ovn',
    ]);
  });
});

describe('the networks of a machine', () => {
  const vm = (spec: unknown, annotations?: Record<string, string>, own?: Record<string, string>): VirtualMachine => ({
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'vm', namespace: 'ns', ...(own ? { annotations: own } : {}) },
    spec: { template: { spec: spec as VmiSpec, ...(annotations ? { metadata: { annotations } } : {}) } },
  });

  test('spec.networks with the MACs of its interfaces; then the template; then the machine', () => {
    const spec = {
      networks: [
        { name: 'p', pod: {} },
        { name: 'n', multus: { networkName: 'other/a' } },
      ],
      domain: { devices: { interfaces: [null, { name: 'n', macAddress: '02:00:00:00:00:05' }] } },
    };
    expect(networksOfVm(vm(spec, { [NETWORKS_ANNOTATION]: 'x' }))).toMatchObject([
      { namespace: 'other', name: 'a', mac: '02:00:00:00:00:05' },
    ]);
    expect(networksOfVm(vm({}, { [NETWORKS_ANNOTATION]: 'x' }, { [NETWORKS_ANNOTATION]: 'y' }))).toMatchObject([
      { name: 'x' },
    ]);
    expect(networksOfVm(vm({}, undefined, { [NETWORKS_ANNOTATION]: 'y' }))).toMatchObject([{ name: 'y' }]);
    expect(networksOfVm({ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata: { name: 'vm' } })).toEqual(
      [],
    );
  });

  test.each([
    [{ networks: 'a' }, /must be a list/],
    [{ networks: [null] }, /spec\.networks\[0\] needs a name/],
    [{ networks: [{ name: 'a', multus: {} }] }, /spec\.networks\[0\] needs a name, and multus\.networkName/],
    [{ networks: [{ name: 'a', multus: { networkName: '../x' } }] }, /network 1 must be/],
  ])('%j is a problem, not an exception', (spec, problem) => {
    expect(networksOfVm(vm(spec))).toEqual({ problem: expect.stringMatching(problem) });
  });
});

test('an attachment of ours names its subnet, or is served by provider', () => {
  const config = (text: string) =>
    attachmentConfig({
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name: 'a', namespace: 'ns' },
      spec: { config: text },
    });
  expect(config('{"type":"kube-ovn","ipam":{"type":"kube-ovn","subnet":"net1"}}')).toEqual({
    ours: true,
    provider: 'a.ns.ovn',
    subnet: 'net1',
  });
  expect(config('{"type":"kube-ovn","provider":"a.ns.ovn"}')).toEqual({
    ours: true,
    provider: 'a.ns.ovn',
    givenProvider: 'a.ns.ovn',
  });
  expect(config('{"type":"bridge"}')).toEqual({ ours: false, provider: 'a.ns.ovn' });
});
