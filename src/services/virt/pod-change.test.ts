import { expect, test } from 'vitest';
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import { GUEST_ANNOTATION, type Pod } from './pod.ts';
import { isWork } from './pod-change.ts';
import { runningPatch, troublePatch } from './pod-report.ts';

const NOW = '2026-01-01T00:00:00Z';
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'shop', uid: '1', annotations: { [NETWORKS_ANNOTATION]: 'blue' } },
  spec: { nodeName: 'node1' },
};
const withMeta = (more: object): Pod => ({ ...pod, metadata: { ...pod.metadata, ...more } });
const annotated = (more: object): Pod => withMeta({ annotations: { ...pod.metadata.annotations, ...more } });
const withStatus = (patch: object): Pod => ({ ...pod, status: (patch as Pod).status ?? {} });

test.each<readonly [string, Pod | undefined, Pod | undefined]>([
  ['made', undefined, pod],
  ['gone', pod, undefined],
  ['another one', pod, withMeta({ uid: '2' })],
  ['on a node', { ...pod, spec: {} }, pod],
  ['other networks', pod, annotated({ [NETWORKS_ANNOTATION]: 'red' })],
  ['another sort of guest', pod, annotated({ [GUEST_ANNOTATION]: 'namespace' })],
  ['ended by somebody', pod, withStatus({ status: { phase: 'Succeeded' } })],
  ['being deleted', pod, withMeta({ deletionTimestamp: NOW })],
  [
    'being deleted, and written by others',
    withMeta({ deletionTimestamp: NOW }),
    withMeta({ deletionTimestamp: NOW, resourceVersion: '7' }),
  ],
])('%s: work', (_what, old, now) => {
  expect(isWork(old, now)).toBe(true);
});

test.each<readonly [string, Pod]>([
  ['the failure that virt reports', withStatus(troublePatch(pod, 'no', NOW))],
  ['the success that virt reports', withStatus(runningPatch(pod, [], undefined, NOW))],
  ['addresses of the controller', annotated({ 'blue.shop.ovn.kubernetes.io/allocated': 'true' })],
  ['labels', withMeta({ labels: { a: 'b' } })],
  ['nothing but the version', withMeta({ resourceVersion: '2' })],
])('%s: no work', (_what, now) => {
  expect(isWork(pod, now)).toBe(false);
});
