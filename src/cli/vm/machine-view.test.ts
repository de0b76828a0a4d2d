import { expect, test } from 'vitest';
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { VirtualMachine, VirtualMachineInstance, VmiStatus, VmSpec } from '../../kinds/virtual-machine.ts';
import { type Inventory, machineViews, portsOf } from './machine-view.ts';

const object = (kind: string, namespace: string, name: string, annotations: Record<string, string> = {}) => ({
  apiVersion: 'kubevirt.io/v1',
  kind,
  metadata: { namespace, name, annotations },
});
const machine = (name: string, networks: string, spec?: VmSpec, printableStatus = ''): VirtualMachine => ({
  ...object('VirtualMachine', 'shop', name, { [NETWORKS_ANNOTATION]: networks }),
  ...(spec ? { spec } : {}),
  ...(printableStatus ? { status: { printableStatus } } : {}),
});
const instance = (name: string, networks: string, status: VmiStatus, namespace = 'shop'): VirtualMachineInstance => ({
  ...object('VirtualMachineInstance', namespace, name, { [NETWORKS_ANNOTATION]: networks }),
  status,
});
const ip = (name: string, subnet: string, v4IpAddress: string, v6IpAddress = ''): IpObject => ({
  ...object('IP', '', name),
  spec: { subnet, v4IpAddress, v6IpAddress, macAddress: '02:00:00:00:00:01' },
});
const view = (inventory: Partial<Inventory>) =>
  machineViews({ machines: [], instances: [], ips: [], subnets: [], ports: new Map(), ...inventory });

test('a machine that runs: what the API says of its interface, and what OVN says of the port', () => {
  const subnet = { ...object('Subnet', '', 's1'), spec: { vpc: 'v1' } };
  const port = 'web.shop.blue.shop.ovn';
  const [web] = view({
    machines: [machine('web', 'blue')],
    instances: [instance('web', 'blue', { phase: 'Running', nodeName: 'node1' })],
    ips: [ip(port, 's1', '10.0.0.2', 'fd00::2')],
    subnets: [subnet],
    ports: new Map([[port, { up: true, chassis: 'node1' }]]),
  });
  expect(web).toEqual({
    namespace: 'shop',
    name: 'web',
    phase: 'Running',
    node: 'node1',
    nics: [
      {
        name: 'eth0',
        device: 'eth0',
        network: 'shop/blue',
        subnet: 's1',
        vpc: 'v1',
        ips: ['10.0.0.2', 'fd00::2'],
        mac: '02:00:00:00:00:01',
        up: true,
        chassis: 'node1',
      },
    ],
  });
});

test('interfaces come in the order of spec.networks, also those that have nothing yet; a pod network is none', () => {
  const networks = [
    { name: 'z', multus: { networkName: 'red/net' } },
    { name: 'pods', pod: {} },
    { name: 'a', multus: { networkName: 'blue' } },
  ];
  const [web] = view({
    machines: [machine('web', 'ignored', { template: { spec: { networks } } }, 'Starting')],
    ips: [ip('web.shop.blue.shop.ovn', 's1', '10.0.0.2')],
  });
  expect(web).toMatchObject({ phase: 'Starting', node: '' });
  expect(web?.nics).toMatchObject([
    { name: 'z', device: 'eth0', network: 'red/net', ips: [], mac: '', subnet: '', up: false, chassis: '' },
    { name: 'a', device: 'eth1', network: 'shop/blue', ips: ['10.0.0.2'], up: false },
  ]);
});

test('the same network twice: each interface has its own port', () => {
  const [web] = view({
    machines: [machine('web', 'blue,blue')],
    ips: [ip('web.shop.blue.shop.ovn.net1', 's', '10.0.0.2'), ip('web.shop.blue.shop.ovn.net2', 's', '10.0.0.3')],
  });
  expect(web?.nics.map(({ ips }) => ips)).toEqual([['10.0.0.2'], ['10.0.0.3']]);
});

test('all machines, and instances without one, by namespace and name; what runs says what it runs with', () => {
  const views = view({
    machines: [machine('b', 'changed,since'), machine('a', 'not a name at all')],
    instances: [instance('b', 'blue', { phase: 'Running' }), instance('alone', '', { phase: 'Failed' }, 'other')],
  });
  expect(views.map(({ namespace, name, phase, nics }) => [namespace, name, phase, nics.length])).toEqual([
    ['other', 'alone', 'Failed', 0],
    ['shop', 'a', 'Pending', 0],
    ['shop', 'b', 'Running', 1],
  ]);
});

test('the ports of a machine are those of interfaces that its guest has, by the names of their networks', () => {
  const spec = {
    networks: ['gone', 'blue', 'nowhere'].map((name) => ({ name, multus: { networkName: name } })),
    domain: { devices: { interfaces: [{ name: 'gone', state: 'absent' }, { name: 'blue' }, { name: 'nowhere' }] } },
  };
  const plugged = (status: VmiStatus) => ({ ...instance('web', '', status), spec });
  const [blue, nowhere] = ['web.shop.blue.shop.ovn', 'web.shop.nowhere.shop.ovn'];
  expect(portsOf(plugged({ phase: 'Running', interfaces: [{ name: 'blue' }] }))).toEqual([blue]);
  expect(portsOf(plugged({ phase: 'Scheduled' }))).toEqual([blue, nowhere]);
  const [web] = view({ instances: [plugged({ phase: 'Running' })] });
  expect(web?.nics.map(({ name }) => name)).toEqual(['blue', 'nowhere']);
});
