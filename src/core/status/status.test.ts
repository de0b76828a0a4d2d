import { expect, test } from 'vitest';
import type { Condition } from '../../kinds/object.ts';
import type { Issue } from '../compile/rule.ts';
import { readyCondition, withCondition } from './condition.ts';
import { subnetStatus } from './subnet-status.ts';
import { vpcStatus } from './vpc-status.ts';

const unbuilt: Issue = {
  reason: 'NotImplemented',
  field: 'spec.enableExternal',
  message: 'spec.enableExternal is not built yet',
};
const broken: Issue = { reason: 'CidrOverlap', field: 'spec.cidrBlock', message: 'overlaps subnet b' };

test('what is broken gives the reason, everything is said', () => {
  expect(readyCondition({ issues: [unbuilt, broken], committed: true, generation: 3 })).toEqual({
    type: 'Ready',
    status: 'False',
    reason: 'CidrOverlap',
    message: 'spec.enableExternal is not built yet; overlaps subnet b',
    observedGeneration: 3,
  });
  expect(readyCondition({ issues: [unbuilt], committed: true, generation: 1 })).toMatchObject({
    status: 'False',
    reason: 'NotImplemented',
  });
  expect(readyCondition({ issues: [], committed: false, generation: 1 })).toMatchObject({
    status: 'False',
    reason: 'Pending',
  });
  expect(readyCondition({ issues: [], committed: true, generation: 1 })).toMatchObject({
    status: 'True',
    reason: 'Ready',
  });
  expect(readyCondition({ issues: [], committed: true, generation: 1, waitsFor: 'vm a uses it' })).toMatchObject({
    status: 'False',
    reason: 'Deleting',
    message: 'vm a uses it',
  });
});

test('times: the transition time moves with the status only; nothing new is the same array', () => {
  const pending = readyCondition({ issues: [], committed: false, generation: 1 });
  const first = withCondition(undefined, pending, 'T1');
  expect(withCondition(first, pending, 'T2')).toBe(first);
  const second = withCondition(first, readyCondition({ issues: [broken], committed: false, generation: 1 }), 'T2');
  expect(second).toMatchObject([{ lastTransitionTime: 'T1', lastUpdateTime: 'T2' }]);
  const third = withCondition(second, readyCondition({ issues: [], committed: true, generation: 1 }), 'T3');
  expect(third).toMatchObject([{ lastTransitionTime: 'T3', lastUpdateTime: 'T3' }]);
  const foreign: Condition = { type: 'Audited', status: 'True', reason: 'Yes', message: '' };
  expect(withCondition([foreign, ...third], pending, 'T4')[0]).toBe(foreign);
});

test('counters beyond 2^53 are exact; foreign status fields stay', () => {
  const subnet = {
    apiVersion: 'kubeovn.io/v1',
    kind: 'Subnet',
    metadata: { name: 'n' },
    status: { mcastQuerierIP: 'x' } as never,
  };
  const usage = { available: 2n ** 64n - 3n, availableRange: 'a-b', using: 2n, usingRange: 'c' };
  const status = subnetStatus(
    subnet,
    undefined,
    usage,
    readyCondition({ issues: [], committed: true, generation: 1 }),
    undefined,
    { dhcp: { v4: 'uuid-4', v6: undefined }, router: undefined },
    'T',
  );
  expect(status).toMatchObject({
    v4usingIPs: 0,
    v4availableIPs: 0,
    v6availableIPs: 18446744073709551613n,
    v6usingIPs: 2,
    dhcpV4OptionsUUID: 'uuid-4',
    dhcpV6OptionsUUID: '',
    mcastQuerierIP: 'x',
  });
  const vpc = vpcStatus(
    { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name: 'v' } },
    ['b', 'a'],
    { peers: ['w'], externals: ['outside'], standby: true },
    { ready: readyCondition({ issues: [], committed: true, generation: 1 }), warning: undefined, now: 'T' },
  );
  expect(vpc).toMatchObject({
    standby: true,
    router: 'v',
    subnets: ['a', 'b'],
    vpcPeerings: ['w'],
    default: false,
    enableExternal: false,
  });
});
