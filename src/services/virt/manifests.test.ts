import { describe, expect, test } from 'vitest';
import { NETWORKS_ANNOTATION, parseNetworks } from '../../core/ipam/attachments.ts';
import type { VirtualMachine, VirtualMachineInstance, VmSpec } from '../../kinds/virtual-machine.ts';
import { hostnameOf, instanceFor, launcherFor, launcherName, networksOfInstance, networksText } from './manifests.ts';

const vm = (spec: VmSpec | null, annotations?: Record<string, string>): VirtualMachine => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name: 'web', namespace: 'shop', uid: 'vm-uid', ...(annotations ? { annotations } : {}) },
  ...({ spec } as { spec: VmSpec }),
});

function launched(machine: VirtualMachine, node = 'node2') {
  const made = instanceFor(machine);
  const instance: VirtualMachineInstance = { ...made, metadata: { ...made.metadata, uid: 'vmi-uid' } };
  const networks = networksOfInstance(instance);
  if ('problem' in networks) throw new Error(networks.problem);
  return { instance, pod: launcherFor(instance, networks, node) };
}

describe('VirtualMachine -> VirtualMachineInstance -> Pod', () => {
  test('the proposal’s machine: no spec, networks on the machine itself', () => {
    const { instance, pod } = launched(vm(null, { [NETWORKS_ANNOTATION]: 'blue' }));
    expect(instance.metadata).toMatchObject({
      name: 'web',
      namespace: 'shop',
      finalizers: ['foregroundDeleteVirtualMachine'],
      ownerReferences: [{ kind: 'VirtualMachine', name: 'web', uid: 'vm-uid', controller: true }],
    });
    expect(pod).toMatchObject({
      metadata: {
        namespace: 'shop',
        labels: { 'kubevirt.io': 'virt-launcher', 'kubevirt.io/domain': 'web', 'vm.kubevirt.io/name': 'web' },
        annotations: { [NETWORKS_ANNOTATION]: 'shop/blue' },
        finalizers: ['weft.lab/sandbox'],
        ownerReferences: [
          {
            apiVersion: 'kubevirt.io/v1',
            kind: 'VirtualMachineInstance',
            name: 'web',
            uid: 'vmi-uid',
            controller: true,
          },
        ],
      },
      spec: { nodeName: 'node2', restartPolicy: 'Never', containers: [{ name: 'compute' }] },
    });
    expect(pod.metadata.name).toMatch(/^virt-launcher-web-[a-z0-9]{5}$/);
  });

  test('networks, labels, annotations and placement of the template', () => {
    const { instance, pod } = launched(
      vm(
        {
          template: {
            metadata: { labels: { app: 'shop' }, annotations: { 'weft.lab/guest': 'namespace', note: 'x' } },
            spec: {
              nodeSelector: { zone: 'a' },
              networks: [
                { name: 'pods', pod: {} },
                { name: 'one', multus: { networkName: 'red/net' } },
                { name: 'two', multus: { networkName: 'blue' } },
              ],
            },
          },
        },
        { [NETWORKS_ANNOTATION]: 'ignored', 'weft.lab/guest': 'qemu' },
      ),
    );
    expect(pod.metadata.annotations).toMatchObject({
      [NETWORKS_ANNOTATION]: JSON.stringify([
        { name: 'net', namespace: 'red', interface: 'pod7692c3ad354' },
        { name: 'blue', namespace: 'shop', interface: 'pod3fc4ccfe745' },
      ]),
      'weft.lab/guest': 'namespace',
      note: 'x',
    });
    expect(pod.metadata.labels).toMatchObject({ app: 'shop' });
    expect(pod.spec).toMatchObject({ nodeSelector: { zone: 'a' } });
    expect(instance.spec?.networks).toHaveLength(3);
  });

  test.each<readonly [string, unknown, RegExp]>([
    ['no list', 'blue', /spec\.networks must be a list/],
    ['no name', [{ multus: { networkName: 'blue' } }], /spec\.networks\[0\] needs a name/],
    ['a name that YAML 1.1 made a boolean of', [{ name: true, multus: { networkName: 'blue' } }], /networks\[0\]/],
    [
      'no networkName',
      [
        { name: 'a', pod: {} },
        { name: 'b', multus: {} },
      ],
      /spec\.networks\[1\]/,
    ],
    ['nothing', [null], /spec\.networks\[0\]/],
  ])('networks that are not networks are a problem: %s', (_what, networks, problem) => {
    const machine = vm({ template: { spec: { networks } as never } });
    expect(networksOfInstance(instanceFor(machine))).toEqual({ problem: expect.stringMatching(problem) as string });
  });
});

describe('names', () => {
  test('one instance has one launcher; another instance of the same name has another', () => {
    const name = (uid: string) => launcherName({ name: 'web', namespace: 'shop', uid });
    expect(name('1')).toBe(name('1'));
    expect(name('1')).not.toBe(name('2'));
  });

  test('a name of 253 characters gives a name of at most 253, and no label that is too long', () => {
    const long = `${'a'.repeat(228)}.${'b'.repeat(24)}`;
    expect(launcherName({ name: long, uid: '1' }).length).toBeLessThanOrEqual(253);
    expect(launcherName({ name: long, uid: '1' })).toMatch(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/);
    const machine = vm(null);
    const { pod } = launched({ ...machine, metadata: { ...machine.metadata, name: long } });
    expect(Object.values(pod.metadata.labels ?? {}).every((value) => value.length <= 63)).toBe(true);
    expect(hostnameOf(long)).toHaveLength(63);
    expect(hostnameOf('web.example.org')).toBe('web');
  });
});

test.each([
  ['a,b/c@eth5'],
  ['[{"name":"a","interface":"x0"},{"name":"a","mac":"02:00:00:00:00:01"}]'],
  ['[{"name":"a","ips":["10.0.0.5"]}]'],
  ['a,a,a'],
  [''],
])('what a pod’s annotation says of %s is read back as it was', (text) => {
  const networks = parseNetworks(text, 'ns');
  if ('problem' in networks) throw new Error(networks.problem);
  expect(parseNetworks(networksText(networks), 'elsewhere')).toEqual(networks);
});
