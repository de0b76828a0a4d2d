/** The one place that says whether a network works: which part's word it repeats. */
import { describe, expect, test } from 'vitest';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork, VirtualNetworkSpec } from '../../kinds/virtual-network.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import {
  type NetworkFacts,
  virtualNetworkReady,
  virtualNetworkStatus,
  virtualNetworkWarning,
} from './virtual-network-status.ts';

const network = (spec: Partial<VirtualNetworkSpec> = {}): VirtualNetwork => ({
  apiVersion: 'network.harvesterhci.io/v1beta1',
  kind: 'VirtualNetwork',
  metadata: { name: 'web', namespace: 'shop', generation: 3 },
  spec: { cidrs: ['10.0.0.0/24'], ...spec },
});

interface Said {
  readonly type?: string;
  readonly status?: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
  readonly observedGeneration?: number;
}
const condition = ({ type = 'Ready', status = 'True', ...more }: Said = {}) => ({
  type,
  status,
  reason: 'Ready',
  message: 'in force',
  observedGeneration: 2,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  lastUpdateTime: '2026-01-01T00:00:00Z',
  ...more,
});
const vpc = (...said: readonly Said[]): Vpc => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Vpc',
  metadata: { name: 'web.shop.vpc', generation: 2 },
  spec: {},
  status: { conditions: said.map(condition) } as never,
});
const subnet = (...said: readonly Said[]): Subnet => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Subnet',
  metadata: { name: 'web', generation: 2 },
  spec: { gateway: '10.0.0.1,fd00::1' },
  status: { conditions: said.map(condition), v4usingIPs: 2, v4availableIPs: 251 } as never,
});

const well: NetworkFacts = {
  vpc: vpc({}),
  subnet: subnet({}),
  hasAttachment: true,
  issues: [],
  notes: [],
  waitsFor: undefined,
  machines: 2,
};
const ready = (facts: Partial<NetworkFacts>, spec?: Partial<VirtualNetworkSpec>) => {
  const { status, reason, message, observedGeneration } = virtualNetworkReady(network(spec), { ...well, ...facts });
  expect(observedGeneration).toBe(3);
  return `${status} ${reason}: ${message}`;
};

describe('Ready', () => {
  const broken = { status: 'False', reason: 'CidrOverlap', message: 'spec.cidrBlock: overlaps' } as const;

  test('when all parts are in force for what they say now', () => {
    expect(ready({})).toBe('True Ready: in force: machines name it shop/web');
  });

  test('with what its Subnet adds', () => {
    expect(ready({ subnet: subnet({ message: 'in force; unicast prefers data3; broadcast does not' }) })).toBe(
      'True Ready: in force: machines name it shop/web; unicast prefers data3; broadcast does not',
    );
  });

  test.each<[string, Partial<NetworkFacts>, string]>([
    ['no VPC yet', { vpc: undefined }, 'False Pending: its VPC is not there yet'],
    ['no Subnet yet', { subnet: undefined }, 'False Pending: its Subnet is not there yet'],
    ['no attachment yet', { hasAttachment: false }, 'False Pending: its NetworkAttachmentDefinition is not there yet'],
    ['a Subnet that nobody judged', { subnet: subnet() }, 'False Pending: Subnet web: accepted, on its way into OVN'],
    [
      'a Subnet that was judged before its last change',
      { subnet: subnet({ observedGeneration: 1 }) },
      'False Pending: Subnet web: accepted, on its way into OVN',
    ],
    ['a broken Subnet', { subnet: subnet(broken) }, 'False CidrOverlap: Subnet web: spec.cidrBlock: overlaps'],
    [
      'two broken parts: both are said',
      { subnet: subnet(broken), vpc: vpc({ ...broken, reason: 'NextHopUnreachable', message: 'no way' }) },
      'False NextHopUnreachable: Vpc web.shop.vpc: no way; Subnet web: spec.cidrBlock: overlaps',
    ],
    [
      'what is broken comes before what is on its way',
      { vpc: undefined, subnet: subnet(broken) },
      'False CidrOverlap: Subnet web: spec.cidrBlock: overlaps',
    ],
    [
      'a name that is taken',
      { subnet: undefined, issues: [{ reason: 'NameTaken', message: 'Subnet web belongs to another' }] },
      'False NameTaken: Subnet web belongs to another',
    ],
    ['deletion before all', { subnet: undefined, waitsFor: 'somebody uses it' }, 'False Deleting: somebody uses it'],
  ])('%s', (_, facts, sentence) => {
    expect(ready(facts)).toBe(sentence);
  });

  test('what is not built is said after what is broken, and does not hide it', () => {
    expect(ready({}, { internet: 'routed' })).toContain('False NotImplemented: spec.internet: routed is not built yet');
    expect(ready({ subnet: subnet(broken) }, { internet: 'routed' })).toMatch(
      /^False CidrOverlap: Subnet web: .*; spec.internet: routed is not built yet/,
    );
    expect(ready({}, { internet: 'none' })).toContain('True');
  });

  test('a VPC of others may be broken where this network is not concerned: that is a warning', () => {
    const facts = { ...well, vpc: { ...vpc(broken), metadata: { name: 'red' } } };
    expect(virtualNetworkReady(network({ vpc: 'red' }), facts).status).toBe('True');
    expect(virtualNetworkWarning(network({ vpc: 'red' }), facts)).toMatchObject({
      status: 'True',
      reason: 'CidrOverlap',
      message: 'Vpc red: spec.cidrBlock: overlaps',
    });
  });
});

test('warnings of all parts are gathered', () => {
  const facts: NetworkFacts = {
    ...well,
    subnet: subnet({}, { type: 'Warning', reason: 'NoDnsServer', message: 'no DNS' }),
    notes: [{ reason: 'StillUsed', message: 'a VPC is left' }],
  };
  expect(virtualNetworkWarning(network(), facts)).toMatchObject({
    reason: 'StillUsed',
    message: 'a VPC is left; Subnet web: no DNS',
  });
  expect(virtualNetworkWarning(network(), well)).toBeUndefined();
});

test('what is wrong with its VPC gives the reason, before what its Subnet lacks from the start', () => {
  const broken = { status: 'False', reason: 'CidrOverlap', message: 'spec.cidrBlock: overlaps' } as const;
  const noDns = { type: 'Warning', reason: 'NoDnsServer', message: 'no DNS' };
  const facts = { ...well, subnet: subnet({}, noDns), vpc: { ...vpc(broken), metadata: { name: 'red' } } };
  expect(virtualNetworkWarning(network({ vpc: 'red' }), facts)).toMatchObject({
    reason: 'CidrOverlap',
    message: 'Vpc red: spec.cidrBlock: overlaps; Subnet web: no DNS',
  });
});

test('the rest of the status is the Subnet’s, and stays as it is when nothing is new', () => {
  const first = virtualNetworkStatus(network(), well, '2026-01-01T00:00:01Z');
  expect(first).toMatchObject({
    vpc: 'web.shop.vpc',
    subnet: 'web',
    networkAttachmentDefinition: 'shop/web',
    gateways: ['10.0.0.1', 'fd00::1'],
    v4UsingIPs: 2,
    v4AvailableIPs: 251,
    v6UsingIPs: 0,
    virtualMachines: 2,
  });
  expect(virtualNetworkStatus({ ...network(), status: first }, well, '2026-01-01T00:00:09Z')).toEqual(first);
});
