/** The door for what concerns interfaces: IP objects, network attachments, machines, and kinds that are not built. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import { admit } from './admit.ts';
import { errorsOf, ip, neighbours } from './testing/neighbours.ts';

describe('IP: an address is unique', () => {
  test.each([
    ['in use', ip('vm2.ns', 'net1', '10.0.0.5'), /^spec\.v4IpAddress: it is in use by vm1\.ns\.a\.ns\.ovn/],
    ['outside', ip('vm2.ns', 'net1', '10.7.0.5'), /outside of subnet net1/],
    ['another spelling', ip('vm2.ns', 'net2', 'x'), /^spec\.v4IpAddress/],
    ['the gateway', ip('vm2.ns', 'net1', '10.0.0.1'), /is the gateway of subnet net1/],
    ['the broadcast address', ip('vm2.ns', 'net1', '10.0.255.255'), /network or broadcast address of 10\.0\.0\.0\/16/],
    [
      'a MAC in use',
      {
        ...ip('vm2.ns', 'net1', '10.0.0.9'),
        spec: { subnet: 'net1', v4IpAddress: '10.0.0.9', macAddress: '02:00:00:00:00:05' },
      },
      /^spec\.macAddress: it is in use by vm1\.ns\.a\.ns\.ovn/,
    ],
    [
      'a group MAC',
      {
        ...ip('vm2.ns', 'net1', '10.0.0.9'),
        spec: { subnet: 'net1', v4IpAddress: '10.0.0.9', macAddress: '03:00:00:00:00:09' },
      },
      /no unicast MAC/,
    ],
    ['unknown subnet', ip('vm2.ns', 'nowhere', '10.0.0.5'), /^spec\.subnet: create the subnet first/],
  ])('%s', (_, object, error) => {
    expect(errorsOf(object)[0]).toMatch(error);
  });

  test('the same address in another subnet, and an update of its own, are fine', () => {
    expect(errorsOf(ip('vm1.ns.a.ns.ovn', 'net1', '10.0.0.5'), ip('vm1.ns.a.ns.ovn', 'net1', '10.0.0.5'))).toEqual([]);
    expect(errorsOf(ip('vm2.ns', 'net1', '10.0.0.6'))).toEqual([]);
  });
});

test('an IP object stays in its subnet', () => {
  expect(errorsOf(ip('vm1.ns.a.ns.ovn', 'net2', '10.1.0.5'), ip('vm1.ns.a.ns.ovn', 'net1', '10.0.0.5'))[0]).toMatch(
    /^spec\.subnet: cannot change from net1 to net2/,
  );
});

test.each(['MultiNetworkPolicy'])('%s is refused until it is built', (kind) => {
  expect(errorsOf({ apiVersion: 'x/v1', kind, metadata: { name: 'new', namespace: 'ns' } })[0]).toMatch(
    /^kind: .*not built yet/,
  );
});

describe('migrations', () => {
  const migration = (spec?: object): KubeObject => ({
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceMigration',
    metadata: { name: 'm', namespace: 'ns' },
    ...(spec ? { spec } : {}),
  });
  test.each([
    [undefined, /^spec\.vmiName: .*name the VirtualMachineInstance/],
    [{ vmiName: 7 }, /^spec\.vmiName/],
    [{ vmiName: 'web', addedNodeSelector: ['node1'] }, /^spec\.addedNodeSelector: .*labels and their values/],
    [{ vmiName: 'web', addedNodeSelector: { a: 1 } }, /^spec\.addedNodeSelector/],
  ])('%j', (spec, error) => {
    expect(errorsOf(migration(spec))[0]).toMatch(error);
  });

  test('say of which instance, and stay as they are', () => {
    expect(errorsOf(migration({ vmiName: 'web', addedNodeSelector: { a: 'b' } }))).toEqual([]);
    expect(errorsOf(migration({ vmiName: 'db' }), migration({ vmiName: 'web' }))[0]).toMatch(
      /^spec: .*cannot be changed/,
    );
  });
});

describe('networks', () => {
  const definition = (config: string): KubeObject => ({
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name: 'a', namespace: 'ns' },
    spec: { config },
  });
  test.each([
    ['{"type":"kube-ovn"', /is not JSON/],
    ['[]', /must be a JSON object/],
    ['{"type":"kube-ovn","provider":"b.ns.ovn"}', /its provider must be a\.ns\.ovn/],
    ['{"type":"kube-ovn","ipam":{"subnet":7}}', /ipam\.subnet must be the name/],
  ])('%s', (config, error) => {
    expect(errorsOf(definition(config))[0]).toMatch(error);
  });

  test('a subnet that is not there yet is a warning; other CNI types pass', () => {
    expect(
      admit(definition('{"type":"kube-ovn","ipam":{"subnet":"later"}}'), undefined, neighbours()).warnings,
    ).toHaveLength(1);
    expect(admit(definition('{"type":"bridge","provider":"x"}'), undefined, neighbours())).toMatchObject({
      warnings: [],
      errors: [],
    });
  });

  test('a virtual machine whose networks cannot be read', () => {
    const vm = (networks: string): KubeObject => ({
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: { name: 'vm', namespace: 'ns', annotations: { 'k8s.v1.cni.cncf.io/networks': networks } },
    });
    expect(errorsOf(vm('a, ns/b@eth1'))).toEqual([]);
    expect(errorsOf(vm('a/b/c'))[0]).toMatch(/network 1 must be/);
    const template = (networks: unknown): KubeObject => ({ ...vm(''), spec: { template: { spec: { networks } } } });
    expect(errorsOf(template('abc'))).toEqual([
      expect.stringMatching(/^spec\.template\.spec\.networks: spec\.networks must be a list/),
    ]);
    expect(errorsOf(template([{ name: 'n', multus: { networkName: 'n1 ;reboot' } }]))[0]).toMatch(/network 1 must be/);
    expect(errorsOf({ ...vm('a'), metadata: { ...vm('a').metadata, name: 'x'.repeat(245) } })[0]).toMatch(
      /^metadata\.name: is too long: the interface x+\.ns\.a\.ns\.ovn has 257 characters, 253 are possible/,
    );
    expect(errorsOf(vm('a@net7,b@net7'))[0]).toMatch(/interface name net7 stands twice/);
    expect(errorsOf(vm('[{"name":"a","interface":"../x"}]'))[0]).toMatch(/interface name/);
  });
});
