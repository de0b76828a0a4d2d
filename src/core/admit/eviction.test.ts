import { expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import { evictionRefusal } from './eviction.ts';

const owner = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', name: 'web', uid: 'u1' };
const pod = (phase: string, more: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'virt-launcher-web-x', namespace: 'shop', ownerReferences: [owner], ...more },
  status: { phase },
});
const instance = (spec: object = {}, more: object = {}, phase = 'Running'): KubeObject => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachineInstance',
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', ...more },
  spec,
  status: { phase },
});
const refusal = (of: KubeObject, vmi: KubeObject | undefined) => evictionRefusal(of, () => vmi);

test('a machine that runs moves first', () => {
  expect(refusal(pod('Running'), instance())).toMatch(/^Eviction triggered evacuation of VMI "shop\/web"/);
  expect(refusal(pod('Running'), instance({ evictionStrategy: 'LiveMigrate' }))).toBeDefined();
});

test.each([
  ['may be ended', pod('Running'), instance({ evictionStrategy: 'None' })],
  ['has moved away', pod('Succeeded'), instance()],
  ['has failed', pod('Failed'), instance()],
  ['ends already', pod('Running', { deletionTimestamp: '2026-01-01T00:00:00Z' }), instance()],
  ['is gone', pod('Running'), undefined],
  ['is another one of that name', pod('Running'), instance({}, { uid: 'u2' })],
  ['is being deleted', pod('Running'), instance({}, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
  ['does not run yet: its network is not there', pod('Pending'), instance({}, {}, 'Scheduled')],
  ['runs, and the pod is a target that waits for its network', pod('Pending'), instance()],
  ['is not said to run yet', pod('Running'), instance({}, {}, 'Scheduled')],
  ['is none', pod('Running', { ownerReferences: [] }), instance()],
])('its pod can go when the machine %s', (_what, of, vmi) => {
  expect(refusal(of, vmi)).toBeUndefined();
});
