import { expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import { admit } from './admit.ts';
import { World } from '../compile/world.ts';
import { macFor } from '../ovn/mac.ts';
import { subnet } from './testing/neighbours.ts';

const object = (kind: string, name: string, spec: object, namespace?: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace ? { namespace } : {}) },
  spec,
});

/** subnet net (dual) on network shop/blue, IPv4 subnet other on shop/red by its provider; vm1 has 10.0.0.5, a pool for gold, a Vip */
function world(...machines: readonly VirtualMachine[]): World {
  const made = new World();
  const put = (each: KubeObject) =>
    made.apply({
      kind: each.kind,
      key: each.metadata.namespace ? `${each.metadata.namespace}/${each.metadata.name}` : each.metadata.name,
      object: each,
    } as never);
  const config = (text: object) => ({ config: JSON.stringify({ type: 'kube-ovn', ...text }) });
  put(
    subnet('net', {
      vpc: 'red',
      cidrBlock: '10.0.0.0/24,fd00::/64',
      gateway: '10.0.0.1,fd00::1',
      provider: 'ovn',
      excludeIps: ['10.0.0.1', '10.0.0.200..10.0.0.210'],
    }),
  );
  put(subnet('other', { vpc: 'red', cidrBlock: '10.1.0.0/24', gateway: '10.1.0.1', provider: 'red.shop.ovn' }));
  put(object('NetworkAttachmentDefinition', 'blue', config({ ipam: { subnet: 'net' } }), 'shop'));
  put(object('NetworkAttachmentDefinition', 'red', config({ provider: 'red.shop.ovn' }), 'shop'));
  put(
    object('IP', 'vm1.shop.blue.shop.ovn', { subnet: 'net', v4IpAddress: '10.0.0.5', macAddress: '02:00:00:00:00:05' }),
  );
  put(object('IPPool', 'gold', { subnet: 'net', ips: ['10.0.0.50..10.0.0.60'], namespaces: ['gold'] }));
  put(object('Vip', 'shared', { subnet: 'net', v4ip: '10.0.0.9' }));
  for (const machine of machines) put(machine);
  return made;
}

interface Said {
  readonly template?: Readonly<Record<string, string>>;
  readonly own?: Readonly<Record<string, string>>;
  readonly mac?: string;
  readonly networks?: readonly string[];
}

function machine(name: string, { template = {}, own = {}, mac, networks = ['blue'] }: Said = {}): VirtualMachine {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name, namespace: 'shop', annotations: own },
    spec: {
      template: {
        metadata: { annotations: template },
        spec: {
          networks: networks.map((network, index) => ({ name: `nic-${index}`, multus: { networkName: network } })),
          domain: {
            devices: {
              interfaces: networks.map((_, index) => ({ name: `nic-${index}`, ...(mac ? { macAddress: mac } : {}) })),
            },
          },
        },
      },
    },
  };
}

const blue = (address: string) => ({ 'blue.shop.ovn.kubernetes.io/ip_address': address });
const errors = (vm: VirtualMachine, among = world(), old?: VirtualMachine) =>
  admit(vm, old, among).errors.map(({ path, detail }) => `${path}: ${detail}`);

test.each<[address: string, why: RegExp]>([
  ['10.0.1.5', /10.0.1.5 is outside of subnet net \(10.0.0.0\/24\)/],
  ['10.0.0.1', /10.0.0.1 is the gateway of subnet net/],
  ['10.0.0.255', /is the network or broadcast address/],
  ['10.0.0.205', /is excluded \(spec.excludeIps of subnet net has 10.0.0.200..10.0.0.210\)/],
  ['10.0.0.5', /10.0.0.5 is in use by vm1.shop.blue.shop.ovn in subnet net: choose another address/],
  ['10.0.0.9', /is in use by Vip shared/],
  ['10.0.0.55', /belongs to IPPool gold, which is for namespaces gold/],
  ['10.0.0.7', /is in use by VirtualMachine shop\/asker, which asks for it/],
  ['nonsense', /is not an IP address/],
])('%s is refused when the machine is applied', (address, why) => {
  const among = world(machine('asker', { own: { 'static-ip.harvesterhci.io/nic-0': '10.0.0.7' } }));
  expect(errors(machine('vm2', { template: blue(address) }), among)).toEqual([
    expect.stringMatching(/^spec\.template\.metadata\.annotations\[blue\.shop\.ovn\.kubernetes\.io\/ip_address\]: /),
  ]);
  expect(errors(machine('vm2', { own: { 'static-ip.harvesterhci.io/nic-0': address } }), among)).toEqual([
    expect.stringMatching(why),
  ]);
});

test('wrong family, network found by its provider', () => {
  const said = { 'red.shop.ovn.kubernetes.io/ip_address': 'fd00::5' };
  expect(errors(machine('vm2', { networks: ['red'], template: said }))).toEqual([
    expect.stringMatching(/fd00::5 is IPv6, subnet other is 10.1.0.0\/24/),
  ]);
});

test('MAC addresses: of another interface, of the router, of another machine that asks', () => {
  expect(errors(machine('vm2', { mac: '02:00:00:00:00:05' }))).toEqual([
    expect.stringMatching(
      /interfaces\[name=nic-0\].macAddress: MAC 02:00:00:00:00:05 is in use by vm1.shop.blue.shop.ovn/,
    ),
  ]);
  expect(errors(machine('vm2', { mac: macFor('red-net') }))).toEqual([expect.stringMatching(/in use by the router/)]);
  expect(
    errors(machine('vm2', { mac: '02:00:00:00:00:0A' }), world(machine('asker', { mac: '02:00:00:00:00:0a' }))),
  ).toEqual([expect.stringMatching(/in use by VirtualMachine shop\/asker/)]);
  expect(errors(machine('vm2', { mac: '02:00:00:00:00:0a', networks: ['blue', 'blue'] }))).toEqual([
    expect.stringMatching(/in use by another interface of this machine/),
  ]);
});

test('pools and DHCP options', () => {
  const pool = (text: string) => errors(machine('vm2', { template: { 'ovn.kubernetes.io/ip_pool': text } }));
  expect(pool('gold')).toEqual([expect.stringMatching(/IPPool gold is for namespaces gold, not for shop/)]);
  expect(pool('lead')).toEqual([expect.stringMatching(/there is no IPPool lead/)]);
  expect(pool('10.0.0.20,10.9.0.1')).toEqual([expect.stringMatching(/10.9.0.1 is outside of subnet net/)]);
  expect(pool('10.0.0.20,10.0.0.21')).toEqual([]);
  expect(errors(machine('vm2', { template: { 'blue.shop.ovn.kubernetes.io/dhcp-v4-options': 'mtu=1' } }))).toEqual([
    expect.stringMatching(/option mtu must be a whole number/),
  ]);
});

test('its own address is free for it, also an excluded one that an IP object reserves; what it had before is not judged again', () => {
  expect(errors(machine('vm1', { template: blue('10.0.0.5') }))).toEqual([]);
  const reserved = world();
  const name = 'vm3.shop.blue.shop.ovn';
  reserved.apply({
    kind: 'IP',
    key: name,
    object: object('IP', name, { subnet: 'net', v4IpAddress: '10.0.0.205' }) as never,
  });
  expect(errors(machine('vm3', { template: blue('10.0.0.205') }), reserved)).toEqual([]);
  const taken = machine('vm2', { template: blue('10.0.0.5') });
  expect(errors({ ...taken, spec: { ...taken.spec, running: false } }, world(), taken)).toEqual([]);
});

test('a network that is attached a second time renames its interfaces, and a warning says what follows', () => {
  const [one, two] = [machine('vm2'), machine('vm2', { networks: ['blue', 'blue'] })];
  const had = (port: string) => {
    const made = world();
    made.apply({
      kind: 'IP',
      key: port,
      object: object('IP', port, { subnet: 'net', v4IpAddress: '10.0.0.22' }) as never,
    });
    return made;
  };
  expect(admit(two, one, world()).warnings).toEqual([]);
  expect(admit(two, one, had('vm2.shop.blue.shop.ovn')).warnings).toEqual([
    expect.stringMatching(
      /network nic-0 becomes vm2\.shop\.blue\.shop\.ovn\.pod\w+ instead of vm2\.shop\.blue\.shop\.ovn, because its network is attached more than once now/,
    ),
  ]);
  // taken back before the machine started anew: it has had the old name all along
  expect(admit(one, two, had('vm2.shop.blue.shop.ovn')).warnings).toEqual([]);
  expect(admit(machine('vm2', { networks: ['blue', 'red'] }), one, had('vm2.shop.blue.shop.ovn')).warnings).toEqual([]);
});

test('networks that do not exist yet are no reason to refuse', () => {
  expect(
    errors(
      machine('vm2', { networks: ['nowhere'], template: { 'nowhere.shop.ovn.kubernetes.io/ip_address': '10.0.0.5' } }),
    ),
  ).toEqual([]);
});

test('a copy, known by the mark of its original, gets its own addresses and says which it did not keep', () => {
  const original = admit(machine('vm9', { template: blue('10.0.0.33'), mac: '02:00:00:00:00:33' }), undefined, world())
    .object as VirtualMachine;
  expect(original.metadata.annotations).toEqual({ 'network.harvesterhci.io/addresses-of': 'shop/vm9' });
  expect(admit(original, original, world(original)).object).toEqual(original);
  const clone: VirtualMachine = { ...original, metadata: { ...original.metadata, name: 'clone' } };
  const verdict = admit(clone, undefined, world(original));
  expect(verdict.errors).toEqual([]);
  expect(verdict.warnings).toEqual([
    expect.stringMatching(/is a copy of shop\/vm9, which keeps 10.0.0.33, 02:00:00:00:00:33/),
  ]);
  expect(verdict.object).toEqual({
    ...machine('clone'),
    metadata: {
      name: 'clone',
      namespace: 'shop',
      annotations: { 'network.harvesterhci.io/addresses-not-copied': '10.0.0.33, 02:00:00:00:00:33 of shop/vm9' },
    },
  });
});

test('a copy of a machine that is gone keeps its addresses: it takes its place', () => {
  const original = admit(machine('vm9', { template: blue('10.0.0.33') }), undefined, world()).object as VirtualMachine;
  const renamed: VirtualMachine = { ...original, metadata: { ...original.metadata, name: 'vm10' } };
  const verdict = admit(renamed, undefined, world());
  expect(verdict).toMatchObject({ errors: [], warnings: [] });
  expect(verdict.object.metadata.annotations).toEqual({ 'network.harvesterhci.io/addresses-of': 'shop/vm10' });
});

test('a copy keeps what is its own: only what the original has is taken out', () => {
  const original = admit(machine('vm9', { template: blue('10.0.0.33'), mac: '02:00:00:00:00:33' }), undefined, world())
    .object as VirtualMachine;
  const clone = machine('clone', {
    template: blue('10.0.0.34'),
    mac: '02:00:00:00:00:33',
    own: original.metadata.annotations ?? {},
  });
  const { object: stored, errors: refused } = admit(clone, undefined, world(original));
  expect(refused).toEqual([]);
  expect(stored.metadata.annotations).toEqual({
    'network.harvesterhci.io/addresses-of': 'shop/clone',
    'network.harvesterhci.io/addresses-not-copied': '02:00:00:00:00:33 of shop/vm9',
  });
  expect((stored as VirtualMachine).spec?.template?.metadata?.annotations).toEqual(blue('10.0.0.34'));
  expect(JSON.stringify(stored)).not.toContain('macAddress');
});

test('wishes that nobody hears, words that are none, options that do not fit, a wish under a running guest', () => {
  const warned = (said: Said) => admit(machine('vm2', said), undefined, world()).warnings;
  expect(warned({ own: { 'static-ip.harvesterhci.io/nic-9': '10.0.0.40' } })).toEqual([
    expect.stringMatching(
      /static-ip\.harvesterhci\.io\/nic-9\]: no interface of this machine answers to this key, so it has no effect: its interfaces are blue\.shop\.ovn \(nic-0\)/,
    ),
  ]);
  expect(warned({ template: { 'red.shop.ovn.kubernetes.io/ip_adress': '10.0.0.40' } })).toHaveLength(1);
  expect(
    warned({ networks: ['blue', 'blue'], template: { 'blue.shop.ovn.nic-1.kubernetes.io/ip_address': '10.0.0.40' } }),
  ).toEqual([]);
  expect(
    errors(
      machine('vm2', {
        networks: ['blue', 'blue'],
        template: { 'blue.shop.ovn.nic-1.kubernetes.io/ip_address': '10.9.0.40' },
      }),
    ),
  ).toHaveLength(1);
  expect(errors(machine('vm2', { template: { 'blue.shop.ovn.kubernetes.io/default_route': 'no' } }))).toEqual([
    expect.stringMatching(/default_route\]: must be "true" or "false"/),
  ]);
  expect(
    errors(machine('vm2', { template: { 'blue.shop.ovn.kubernetes.io/dhcp-v4-options': 'router=10.9.0.1' } })),
  ).toEqual([expect.stringMatching(/option router 10.9.0.1 is outside of 10.0.0.0\/24/)]);
  expect(admit(machine('vm1', { template: blue('10.0.0.6') }), undefined, world()).warnings).toEqual([
    expect.stringMatching(/a machine that runs keeps 10.0.0.5 until it starts anew/),
  ]);
});

test('lists of addresses: of another namespace’s pool, or all in use', () => {
  const pool = (text: string) => errors(machine('vm2', { template: { 'ovn.kubernetes.io/ip_pool': text } }));
  expect(pool('10.0.0.50,10.0.0.20')).toEqual([expect.stringMatching(/10.0.0.50 belongs to IPPool gold/)]);
  expect(pool('10.0.0.5,10.0.0.9')).toEqual([expect.stringMatching(/all of them are in use in subnet net/)]);
  expect(pool('10.0.0.5,10.0.0.20')).toEqual([]);
});
