import { expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import type { World } from '../compile/world.ts';
import { admit, refuseDeletion } from './admit.ts';
import { ip, neighbours, subnet } from './testing/neighbours.ts';

const object = (kind: string, name: string, spec: object, more: object = {}): KubeObject => ({
  apiVersion: 'kubeovn.io/v1',
  kind,
  metadata: { name, ...more },
  spec,
});
const vip = (name: string, spec: object) => object('Vip', name, { subnet: 'net1', ...spec });
const rule = (spec: object, name = 'lb', more: object = {}) =>
  object(
    'SwitchLBRule',
    name,
    { vip: '10.0.0.80', namespace: 'ns', selector: ['app:web'], ports: [{ port: 80 }], ...spec },
    more,
  );
const network = object(
  'NetworkAttachmentDefinition',
  'a',
  {
    config: JSON.stringify({ type: 'kube-ovn', ipam: { subnet: 'net1' } }),
  },
  { namespace: 'ns' },
);
const machine = (annotations: Readonly<Record<string, string>>, name = 'vm2') =>
  object(
    'VirtualMachine',
    name,
    {},
    {
      namespace: 'ns',
      annotations: { 'k8s.v1.cni.cncf.io/networks': 'ns/a', ...annotations },
    },
  );

function world(...others: readonly KubeObject[]): World {
  const made = neighbours();
  for (const other of [network, ...others]) {
    const { name, namespace } = other.metadata;
    made.apply({ kind: other.kind, key: namespace ? `${namespace}/${name}` : name, object: other } as never);
  }
  return made;
}

const errors = (it: KubeObject, others: readonly KubeObject[] = [], old?: KubeObject) =>
  admit(it, old, world(...others)).errors.map(({ path, detail }) => `${path}: ${detail}`);
const warnings = (it: KubeObject, others: readonly KubeObject[] = []) =>
  admit(it, undefined, world(...others)).warnings;

test('Vip: a type that there is, for good; labels that can be read; a name that no port has', () => {
  expect(errors(vip('a', { namespace: 'ns', selector: ['app:web', 'app.kubernetes.io/name:x'] }))).toEqual([]);
  expect(errors(vip('a', { type: 'floating' }))).toEqual([expect.stringMatching(/^spec.type: must be ""/)]);
  expect(errors(vip('a', { type: 'switch_lb_vip' }), [], vip('a', {}))).toEqual([
    'spec.type: cannot change from "": make a new object',
  ]);
  expect(errors(vip('a', { namespace: 'ns', selector: ['app=web'] }))).toEqual([
    expect.stringMatching(/^spec.selector\[0\]: must be key:value/),
  ]);
  expect(errors(vip('vm1.ns.a.ns.ovn', { namespace: 'ns' }))).toEqual([
    expect.stringMatching(/^metadata.name: a port has this name/),
  ]);
  expect(errors(vip('net1-red', { namespace: 'ns' }))).toEqual([
    expect.stringMatching(/^metadata.name: a port has this name/),
  ]);
  expect(warnings(vip('a', { selector: ['app:web'] }))).toEqual([
    expect.stringMatching(/^spec.selector: has no effect without spec.namespace/),
  ]);
});

test('Vip: does not go while somebody uses it', () => {
  const shared = vip('a', { namespace: 'ns', v4ip: '10.0.0.9' });
  const nic = (annotations: Readonly<Record<string, string>>) => ({
    ...ip('vm3.ns.a.ns.ovn', 'net1', '10.0.0.7'),
    metadata: { name: 'vm3.ns.a.ns.ovn', annotations },
    spec: { subnet: 'net1', namespace: 'ns', podName: 'vm3', v4IpAddress: '10.0.0.7' },
  });
  const refusal = (it: KubeObject, ...others: readonly KubeObject[]) =>
    refuseDeletion(it, world(it, ...others) as never);
  expect(refusal(shared)).toBeUndefined();
  expect(refusal(shared, nic({ 'ovn.kubernetes.io/aaps': 'b, a' }))).toMatch(
    /^Vip a is in use by interface vm3.ns.a.ns.ovn: delete/,
  );
  expect(refusal(shared, nic({ 'ovn.kubernetes.io/vip': 'a' }))).toMatch(/in use by interface vm3/);
  // its subnet is another one: the list means another interface of the machine
  expect(
    refusal(vip('a', { subnet: 'net2', namespace: 'ns' }), nic({ 'ovn.kubernetes.io/aaps': 'a' })),
  ).toBeUndefined();
  expect(refusal(shared, object('OvnFip', 'fip', { ovnEip: 'e', ipType: 'vip', ipName: 'a' }))).toMatch(
    /by OvnFip fip:/,
  );
  expect(refusal(shared, object('OvnFip', 'fip', { ovnEip: 'e', ipName: 'a' }))).toBeUndefined();
  const balanced = vip('b', { type: 'switch_lb_vip', v4ip: '10.0.0.80' });
  expect(refusal(balanced, rule({}))).toMatch(/in use by SwitchLBRule lb/);
});

test('machine: takes over Vips of its namespace and subnet only', () => {
  const aaps = (names: string) => machine({ 'ovn.kubernetes.io/aaps': names });
  const path = 'metadata.annotations[ovn.kubernetes.io/aaps]';
  const own = vip('own', { namespace: 'ns', v4ip: '10.0.0.9' });
  expect(errors(aaps('own'), [own])).toEqual([]);
  expect(errors(aaps('own,foreign'), [own, vip('foreign', { namespace: 'other' })])).toEqual([
    `${path}: Vip foreign is for machines of namespace other: use one of namespace ns`,
  ]);
  expect(errors(aaps('plain'), [vip('plain', {})])).toEqual([
    `${path}: Vip plain is for machines of no namespace (spec.namespace): use one of namespace ns`,
  ]);
  expect(errors(aaps('far'), [vip('far', { namespace: 'ns', subnet: 'net2' })])).toEqual([
    `${path}: Vip far is of subnet net2, this machine is on net1: use one of its subnet`,
  ]);
  expect(errors(aaps('lb'), [vip('lb', { namespace: 'ns', type: 'switch_lb_vip' })])).toEqual([
    `${path}: Vip lb is of type switch_lb_vip: only one without a type is shared`,
  ]);
  expect(warnings(aaps('later'))).toEqual([expect.stringMatching(/there is no Vip later yet/)]);
});

test('machine: a Vip for its own address, if nobody else has it', () => {
  const takes = (name: string, more: Readonly<Record<string, string>> = {}) =>
    machine({ 'ovn.kubernetes.io/vip': name, ...more });
  const path = 'metadata.annotations[ovn.kubernetes.io/vip]';
  const own = vip('own', { v4ip: '10.0.0.9', macAddress: '02:00:00:00:00:99' });
  expect(errors(takes('own'), [own])).toEqual([]);
  expect(errors(takes('own', { 'ovn.kubernetes.io/ip_address': '10.0.0.9' }), [own])).toEqual([
    `${path}: names a Vip, which has its own addresses and MAC: leave out metadata.annotations[ovn.kubernetes.io/ip_address]`,
  ]);
  expect(errors(takes('own'))).toEqual([`${path}: names Vip own, which does not exist: create it`]);
  expect(
    errors(takes('far'), [vip('far', { subnet: 'net2', v4ip: '10.1.0.9', macAddress: '02:00:00:00:00:98' })]),
  ).toEqual([`${path}: names Vip far of subnet net2, the interface is in net1: choose one of its subnet`]);
  expect(
    errors(takes('own'), [own, { ...takes('own'), metadata: { ...takes('own').metadata, name: 'first' } }]),
  ).toEqual([`${path}: Vip own is the address of VirtualMachine ns/first, which asks for it: choose another one`]);
});

test('subnet: virtual addresses inside of it that nobody has, for machines to name', () => {
  const net = (vips: readonly string[]) =>
    subnet('net1', { vpc: 'red', cidrBlock: '10.0.0.0/16', gateway: '10.0.0.1', vips });
  const old = net([]);
  expect(errors(net(['10.0.0.40']), [], old)).toEqual([]);
  expect(errors(net(['10.7.0.40', '10.0.0.1', '10.0.0.5', '10.0.0.41', '10.0.0.41', 'x']), [], old)).toEqual([
    expect.stringMatching(/^spec.vips\[0\]: is outside of/),
    'spec.vips[1]: is the gateway',
    expect.stringMatching(/^spec.vips\[2\]: it is in use by vm1.ns.a.ns.ovn/),
    'spec.vips[4]: it stands twice',
    expect.stringMatching(/^spec.vips\[5\]: /),
  ]);
  const names = machine({ 'ovn.kubernetes.io/port_vips': '10.0.0.40,10.0.0.41' });
  expect(errors(names, [net(['10.0.0.40'])])).toEqual([
    'metadata.annotations[ovn.kubernetes.io/port_vips]: 10.0.0.41 is none of spec.vips of subnet net1: add it there, or share a Vip',
  ]);
  expect(errors(machine({ 'ovn.kubernetes.io/ip_address': '10.0.0.40' }), [net(['10.0.0.40'])])).toEqual([
    expect.stringMatching(/is one of the virtual addresses of subnet net1/),
  ]);
});

test('SwitchLBRule: an address that can be connected to, ports and protocols, machines of its family', () => {
  const reserved = vip('lb', { type: 'switch_lb_vip', namespace: 'ns', v4ip: '10.0.0.80' });
  expect(errors(rule({}), [reserved])).toEqual([]);
  expect(errors(rule({ vip: '10.0.0' }))).toEqual([expect.stringMatching(/^spec.vip: /)]);
  expect(errors(rule({ vip: '224.0.0.9' }))).toEqual([expect.stringMatching(/^spec.vip: is multicast/)]);
  expect(errors(rule({ ports: [] }))).toEqual(['spec.ports: at least one port is balanced']);
  expect(
    errors(rule({ ports: [{ port: 80, protocol: 'icmp' }, { port: 80 }, { port: 80, protocol: 'tcp' }] })),
  ).toEqual([
    'spec.ports[0].protocol: must be one of TCP, UDP, SCTP',
    'spec.ports[2]: spec.ports[1] is the same port: leave one of them out',
  ]);
  expect(errors(rule({ selector: [] }))).toEqual([expect.stringMatching(/^spec.selector: labels of the machines/)]);
  expect(errors(rule({ namespace: '' }))).toEqual([expect.stringMatching(/^spec.namespace: the namespace/)]);
  expect(errors(rule({ selector: [], endpoints: ['10.0.0.5', 'fd00:1::5', 'x'] }))).toEqual([
    'spec.endpoints[1]: is IPv6, spec.vip is IPv4: make one rule for each family',
    expect.stringMatching(/^spec.endpoints\[2\]: /),
  ]);
});

test('SwitchLBRule: an address and ports that nobody else has', () => {
  const red = { annotations: { 'ovn.kubernetes.io/logical_router': 'red' } };
  expect(errors(rule({ vip: '10.0.0.5' }, 'lb', red))).toEqual([
    'spec.vip: it is the address of interface vm1.ns.a.ns.ovn: choose another one',
  ]);
  expect(errors(rule({ vip: '10.0.0.1' }, 'lb', red))).toEqual(['spec.vip: is the gateway of subnet net1']);
  expect(errors(rule({}, 'lb', red), [vip('shared', { v4ip: '10.0.0.80' })])).toEqual([
    'spec.vip: Vip shared has it, which is not of type switch_lb_vip: make one that is',
  ]);
  expect(warnings(rule({}, 'lb', red))).toEqual([expect.stringMatching(/not reserved, so a machine might get it/)]);
  const other = rule({ ports: [{ port: 80 }, { port: 443 }] }, 'first', red);
  expect(
    errors(
      rule(
        {
          ports: [
            { port: 443, protocol: 'tcp' },
            { port: 53, protocol: 'UDP' },
          ],
        },
        'lb',
        red,
      ),
      [other],
    ),
  ).toEqual(['spec.ports: SwitchLBRule first has them at 10.0.0.80 already: choose others']);
  const blue = { annotations: { 'ovn.kubernetes.io/logical_router': 'blue' } };
  expect(errors(rule({}, 'lb', blue), [other])).toEqual([]);
  expect(errors(rule({}, 'lb', { annotations: { 'ovn.kubernetes.io/logical_router': 'green' } }))).toEqual([
    expect.stringMatching(/there is no VPC of this name/),
  ]);
});
