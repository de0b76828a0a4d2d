/** A VPC in many peerings: links whose addresses overlap are found, and one peering more costs no look at the others. */
import { expect, test } from 'vitest';
import { Compiler } from './engine.ts';
import { RULES } from './rules.ts';
import { type Change, SETTINGS_KEY } from './world.ts';

/** the hub's end of each link is its own; `spokes[i]` is what peering i says of its link */
function hub(spokes: readonly (string | undefined)[]): { compiler: Compiler; add: (linkCIDR?: string) => void } {
  const compiler = new Compiler(RULES);
  let next = 0;
  const vpc = (name: string, namespace: string): Change => ({
    kind: 'Vpc',
    key: name,
    object: { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name }, spec: { namespaces: ['all', namespace] } },
  });
  const spoke = (linkCIDR?: string): readonly Change[] => {
    const index = next++;
    const metadata = { name: `p${index}`, namespace: 'all', creationTimestamp: `2026-01-01T00:${10 + index}:00Z` };
    const spec = { localVpc: `spoke${index}`, remoteVpc: 'hub', ...(linkCIDR === undefined ? {} : { linkCIDR }) };
    const object = { apiVersion: 'network.harvesterhci.io/v1beta1', kind: 'VpcPeering', metadata, spec };
    return [vpc(`spoke${index}`, `n${index}`), { kind: 'VpcPeering', key: `all/p${index}`, object }];
  };
  compiler.apply([
    { kind: 'Settings', key: SETTINGS_KEY, object: { tunnelMtu: 1442 } },
    vpc('hub', 'all'),
    ...spokes.flatMap(spoke),
  ]);
  return { compiler, add: (linkCIDR) => void compiler.apply(spoke(linkCIDR)) };
}

const issues = (compiler: Compiler, name: string) =>
  compiler.issues('VpcPeering', `all/${name}`).map(({ message }) => message);

test.each([
  ['the same', '192.0.2.0/30', '192.0.2.0/30'],
  ['a wider one', '192.0.2.4/30', '192.0.2.0/24'],
  ['one inside', '192.0.2.0/24', '192.0.2.4/30'],
])('a link that overlaps an older one of the same VPC: %s', (_, older, younger) => {
  const { compiler, add } = hub([older, undefined]);
  add(younger);
  expect(issues(compiler, 'p0')).toEqual([]);
  expect(issues(compiler, 'p1')).toEqual([]);
  expect(issues(compiler, 'p2')).toEqual([
    `spec.linkCIDR: the link ${younger} overlaps that of VpcPeering all/p0 of VPC hub: say another prefix in spec.linkCIDR`,
  ]);
  compiler.apply([{ kind: 'VpcPeering', key: 'all/p0', object: undefined }]);
  expect(issues(compiler, 'p2')).toEqual([]);
});

test('what another object of the pair says of the link counts', () => {
  const { compiler, add } = hub([undefined]);
  const metadata = { name: 'q0', namespace: 'all', creationTimestamp: '2026-01-01T00:05:00Z' };
  const spec = { localVpc: 'hub', remoteVpc: 'spoke0', linkCIDR: '192.0.2.0/30' };
  const object = { apiVersion: 'network.harvesterhci.io/v1beta1', kind: 'VpcPeering', metadata, spec };
  compiler.apply([{ kind: 'VpcPeering', key: 'all/q0', object }]);
  add('192.0.2.0/30');
  expect(issues(compiler, 'p1')).toHaveLength(1);
});

test('one more runs its own rule and those of its two VPCs, whatever else the hub is in', () => {
  const { compiler, add } = hub(Array.from({ length: 40 }, () => undefined));
  const before = { ...compiler.counters.rulesRun };
  add();
  const { Vpc, VpcPeering } = compiler.counters.rulesRun;
  expect(VpcPeering! - before['VpcPeering']!).toBe(1);
  expect(Vpc! - before['Vpc']!).toBe(2);
});
