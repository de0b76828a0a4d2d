/** What nodes say of their networks, in rows and conditions: MTU, broken pairs, the limits of VXLAN. */
import { describe, expect, test } from 'vitest';
import type { NodeUnderlayStatus } from '../../kinds/node-underlay.ts';
import type { SubnetSpec } from '../../kinds/subnet.ts';
import { VXLAN_DATAPATHS, VXLAN_PORTS } from '../underlay/vxlan-limits.ts';
import { Compiler } from './engine.ts';
import { RULES } from './rules.ts';
import { nicChange } from './testing/scale.ts';
import { type Change, type KindName, SETTINGS_KEY } from './world.ts';

const settings: Change = { kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: 1442 } };
const vpc = (name: string): Change => ({
  kind: 'Vpc',
  key: name,
  object: { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name }, spec: {} },
});
const subnet = (name: string, spec: SubnetSpec = {}): Change => ({
  kind: 'Subnet',
  key: name,
  object: {
    apiVersion: 'kubeovn.io/v1',
    kind: 'Subnet',
    metadata: { name },
    spec: {
      vpc: 'v',
      cidrBlock: '10.0.0.0/16',
      gateway: '10.0.0.1',
      enableDHCP: true,
      dhcpV4Options: 'dns_server=9.9.9.9',
      ...spec,
    },
  },
});
const clusterNetwork = (name: string): Change => ({
  kind: 'ClusterNetwork',
  key: name,
  object: { apiVersion: 'network.harvesterhci.io/v1beta1', kind: 'ClusterNetwork', metadata: { name } },
});
type Network = NonNullable<NodeUnderlayStatus['networks']>[number];
const on = (name: string, address: string, more: Partial<Network> = {}): Network => ({
  name,
  address,
  mtu: 1500,
  up: true,
  inUse: true,
  ...more,
});
const node = (key: string, networks: readonly Network[], encapsulations: readonly string[] = ['geneve']): Change => ({
  kind: 'NodeUnderlay',
  key,
  object: { encapsulations, networks },
});

function compiled(...changes: readonly Change[]): Compiler {
  const compiler = new Compiler(RULES);
  compiler.apply([settings, ...changes]);
  return compiler;
}
const said = (compiler: Compiler, kind: KindName, key: string) =>
  compiler.issues(kind, key).map(({ severity, reason, message }) => `${severity ?? 'error'} ${reason}: ${message}`);

describe('MTU', () => {
  const mtuOf = ({ rows }: Compiler) => {
    const router = rows.columns('Logical_Router_Port/v-red')?.['options'] as Record<string, string>;
    const dhcp = [...rows.ids()]
      .filter((id) => id.startsWith('DHCP_Options/'))
      .map((id) => rows.columns(id)!['options'] as Record<string, string>);
    return [router['gateway_mtu'], ...dhcp.map(({ mtu }) => mtu)];
  };
  const nodes = [
    node('node1', [on('data2', '192.168.1.11', { default: true }), on('data3', '192.168.2.11', { mtu: 1400 })]),
    node('node2', [on('data2', '192.168.1.12', { default: true }), on('data3', '192.168.2.12', { mtu: 1300 })]),
  ];

  test('of the nodes’ devices takes the place of the flag, and follows them', () => {
    const compiler = compiled(vpc('v'), subnet('red'));
    expect(mtuOf(compiler)).toEqual(['1442', '1442']);
    compiler.apply([node('node1', [on('data2', '192.168.1.11', { default: true, mtu: 9000 })])]);
    expect(mtuOf(compiler)).toEqual(['8942', '8942']);
    compiler.apply([node('node2', [on('data2', '192.168.1.12', { default: true, mtu: 1400 })])]);
    expect(mtuOf(compiler)).toEqual(['1342', '1342']);
  });

  test('of the chosen network, by nodeNetwork or by the label of the attachment that serves the subnet', () => {
    const attachment: Change = {
      kind: 'NetworkAttachmentDefinition',
      key: 'ns/red',
      object: {
        apiVersion: 'k8s.cni.cncf.io/v1',
        kind: 'NetworkAttachmentDefinition',
        metadata: { name: 'red', namespace: 'ns', labels: { 'network.harvesterhci.io/clusternetwork': 'data3' } },
        spec: { config: '{"cniVersion":"0.3.1","type":"kube-ovn","provider":"red.ns.ovn"}' },
      },
    };
    expect(mtuOf(compiled(...nodes, vpc('v'), subnet('red', { nodeNetwork: 'data3' })))).toEqual(['1242', '1242']);
    const compiler = compiled(...nodes, vpc('v'), subnet('red', { provider: 'red.ns.ovn' }));
    expect(mtuOf(compiler)).toEqual(['1442', '1442']);
    compiler.apply([attachment]);
    expect(mtuOf(compiler)).toEqual(['1242', '1242']);
    compiler.apply([{ kind: 'NetworkAttachmentDefinition', key: 'ns/red', object: undefined }]);
    expect(mtuOf(compiler)).toEqual(['1442', '1442']);
  });

  test('a wish that does not fit is refused, one that fits the chosen network alone is warned of', () => {
    const jumbo = [
      node('node1', [on('data2', '192.168.1.11', { default: true }), on('data3', '192.168.2.11', { mtu: 9000 })]),
    ];
    const [large, wide] = [{ mtu: 9000 }, { nodeNetwork: 'data3', mtu: 8000 }].map((spec) =>
      compiled(...jumbo, vpc('v'), subnet('red', spec)),
    );
    expect(said(large!, 'Subnet', 'red')).toContainEqual(
      expect.stringMatching(/^error InvalidSpec: spec\.mtu: 9000 bytes do not fit .* 1442 do and 1442 are used/),
    );
    expect([mtuOf(wide!), said(wide!, 'Subnet', 'red')]).toEqual([
      ['8000', '8000'],
      expect.arrayContaining([
        expect.stringMatching(/^warning MtuTooLarge: spec\.mtu: packets of more than 1442 bytes pass on data3 only/),
      ]),
    ]);
  });

  test('whom nodes reach changes nothing but the ClusterNetwork', () => {
    const compiler = compiled(...nodes, vpc('v'), subnet('red'), clusterNetwork('data2'));
    const before = { ...compiler.counters.rulesRun };
    const peers = [{ node: 'node2', address: '192.168.1.12', reachable: false }];
    compiler.apply([
      node('node1', [
        on('data2', '192.168.1.11', { default: true, peers }),
        on('data3', '192.168.2.11', { mtu: 1400 }),
      ]),
    ]);
    expect(compiler.counters.rulesRun).toEqual({ ...before, ClusterNetwork: before['ClusterNetwork']! + 1 });
  });
});

describe('what a ClusterNetwork says', () => {
  const peer = (name: string, address: string, more: object = {}) => ({
    node: name,
    address,
    reachable: true,
    mtu: 1500,
    expectedMtu: 1500,
    ...more,
  });
  const of = (...nodes: readonly Change[]) =>
    said(compiled(...nodes, clusterNetwork('data3')), 'ClusterNetwork', 'data3');

  test('nothing, when all is well', () => {
    expect(of(node('node1', [on('data3', '2.11', { peers: [peer('node2', '2.12')] })]))).toEqual([]);
  });
  test('each broken pair once, whoever says it', () => {
    const lost = { reachable: false };
    expect(
      of(
        node('node2', [on('data3', '2.12', { peers: [peer('node1', '2.11', lost), peer('node3', '2.13')] })]),
        node('node1', [on('data3', '2.11', { peers: [peer('node2', '2.12', lost)] })]),
        node('node3', [on('data3', '2.13', { peers: [peer('node1', '2.11', lost)] })]),
      ),
    ).toEqual([
      'error TunnelsBroken: node1 (2.11) and node2 (2.12) do not reach each other on data3; node1 (2.11) and node3 (2.13) do not reach each other on data3: networks that choose it use the default network meanwhile; look at the links, VLANs and firewalls between them',
    ]);
  });
  test('a node that lost its link is named, not its pairs; on the default network guests are cut', () => {
    expect(
      of(
        node('node1', [on('data3', '2.11', { default: true, peers: [peer('node2', '2.12', { reachable: false })] })]),
        node('node2', [on('data3', '2.12', { up: false, reason: 'eth3 has no carrier' })]),
      ),
    ).toEqual([
      'error TunnelsBroken: node2 is off data3: eth3 has no carrier: guests of these nodes do not reach each other; look at the links, VLANs and firewalls between them',
    ]);
  });
  test('the MTU that passes, where it is less than the devices have', () => {
    expect(
      of(
        node('node1', [on('data3', '2.11', { peers: [peer('node2', '2.12', { mtu: 1400 }), peer('node3', '2.13')] })]),
      ),
    ).toEqual([
      expect.stringMatching(
        /^error MtuNotReached: between node1 and node2 packets of 1400 bytes pass on data3, their devices have an MTU of 1500: /,
      ),
    ]);
  });
  test('another network that it does not reach', () => {
    expect(of(node('node1', [on('data3', '2.11', { apart: ['data2:node2'] })]))).toEqual([
      expect.stringMatching(/^warning UnderlaysApart: from data3 node1 \(2\.11\) does not reach node2 on data2: /),
    ]);
  });
  test('nodes without a common encapsulation', () => {
    expect(
      of(node('node1', [on('data3', '2.11')], ['geneve']), node('node2', [on('data3', '2.12')], ['vxlan'])),
    ).toEqual([
      expect.stringMatching(/^error EncapsulationsDiffer: node1 speaks geneve and node2 vxlan, so there is no tunnel/),
    ]);
    expect(
      of(node('node1', [on('data3', '2.11')], ['geneve', 'vxlan']), node('node2', [on('data3', '2.12')], ['vxlan'])),
    ).toEqual([]);
  });
  test('of many pairs five, and how many more', () => {
    const peers = Array.from({ length: 8 }, (_, index) => peer(`x${index}`, `2.${index}`, { reachable: false }));
    expect(of(node('node1', [on('data3', '2.11', { peers })]))[0]).toMatch(/x4 .* and 3 pairs more: /);
  });
});

describe('the limits of VXLAN', () => {
  const speaks = (encapsulation: string) =>
    node('node1', [on('data2', '192.168.1.11', { default: true })], [encapsulation]);
  const vpcs = (count: number) =>
    Array.from({ length: count }, (_, index) => vpc(`v${String(index).padStart(5, '0')}`));
  const last = `v${String(VXLAN_DATAPATHS).padStart(5, '0')}`;

  test('one VPC too many is kept out, the last tenth is warned, older ones hear nothing; with Geneve there is no limit', () => {
    const compiler = compiled(speaks('vxlan'), ...vpcs(VXLAN_DATAPATHS + 1));
    expect(said(compiler, 'Vpc', last)).toEqual([expect.stringMatching(/^error VxlanLimit: is number 4096 /)]);
    expect(compiler.rows.columns(`Logical_Router/${last}`)).toBeUndefined();
    expect(said(compiler, 'Vpc', 'v04000')).toEqual([
      expect.stringMatching(/^warning VxlanLimit: is number 4001 of the 4095 /),
    ]);
    expect(compiler.rows.columns('Logical_Router/v04000')).toBeDefined();
    expect(said(compiler, 'Vpc', 'v00000')).toEqual([]);
    compiler.apply([speaks('geneve')]);
    expect(said(compiler, 'Vpc', last)).toEqual([]);
    expect(compiler.rows.columns(`Logical_Router/${last}`)).toBeDefined();
  });

  test('one that goes makes room', () => {
    const compiler = compiled(speaks('vxlan'), ...vpcs(VXLAN_DATAPATHS + 1));
    compiler.apply([{ kind: 'Vpc', key: 'v00007', object: undefined }]);
    expect(compiler.rows.columns(`Logical_Router/${last}`)).toBeDefined();
  });

  test('interfaces of one subnet', () => {
    const nics = Array.from({ length: VXLAN_PORTS }, (_, index) => nicChange(index, 1));
    const compiler = compiled(speaks('vxlan'), vpc('v'), subnet('net0'), ...nics);
    const out = nics.filter(({ key }) => compiler.rows.columns(`Logical_Switch_Port/${key}`) === undefined);
    expect(out).toHaveLength(1);
    expect(said(compiler, 'IP', out[0]!.key)).toEqual([
      expect.stringMatching(/^error VxlanLimit: subnet net0 has no port left: VXLAN has numbers for 2046 interfaces/),
    ]);
    expect(said(compiler, 'Subnet', 'net0')).toContainEqual(
      expect.stringMatching(/^warning VxlanLimit: 1 interfaces are kept out/),
    );
    compiler.apply([speaks('geneve')]);
    expect(compiler.rows.columns(`Logical_Switch_Port/${out[0]!.key}`)).toBeDefined();
  });

  test('a rule that matches the port that a packet came in by', () => {
    const acls = [
      { action: 'allow' as const, direction: 'to-lport' as const, priority: 1, match: 'inport == "x"' },
      { action: 'allow' as const, direction: 'from-lport' as const, priority: 1, match: 'inport == "x"' },
    ];
    const about = (encapsulation: string) =>
      said(compiled(speaks(encapsulation), vpc('v'), subnet('red', { acls })), 'Subnet', 'red').filter((text) =>
        text.includes('VxlanIngressPort'),
      );
    expect(about('vxlan')).toEqual([expect.stringContaining('spec.acls[0].match: inport is not known')]);
    expect(about('geneve')).toEqual([]);
  });
});
