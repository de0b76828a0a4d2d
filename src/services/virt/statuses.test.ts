/** What machines and instances say of themselves, state by state. */
import { describe, expect, test } from 'vitest';
import type { VirtualMachine, VirtualMachineInstance, VmiStatus, VmSpec } from '../../kinds/virtual-machine.ts';
import { instanceStatus, isNews, type LauncherState, runningStatus } from './instance-status.ts';
import { machineStatus } from './machine-status.ts';
import type { Pod } from './pod.ts';
import { wishFor } from './run-strategy.ts';

const NOW = '2026-01-01T00:00:00Z';
const LATER = '2026-01-01T00:01:00Z';
const meta = { name: 'web', namespace: 'shop' };
const gone = { deletionTimestamp: NOW };

const machine = (spec: VmSpec = {}, more: object = {}): VirtualMachine => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { ...meta, ...more },
  spec,
});
const instance = (status?: VmiStatus, more: object = {}): VirtualMachineInstance => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachineInstance',
  metadata: { ...meta, ...more },
  spec: {},
  ...(status ? { status } : {}),
});
const pod = (phase: string, more: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'l', namespace: 'shop', ...more },
  spec: { nodeName: 'node1' },
  status: { phase },
});
const placed = (phase: string, nodeReady = true, more: object = {}): LauncherState => ({
  kind: 'placed',
  pod: pod(phase, more),
  nodeReady,
});

describe('run strategies', () => {
  test.each<readonly [VmSpec, VmiStatus['phase'], string]>([
    [{}, undefined, 'run'],
    [{ running: true }, undefined, 'run'],
    [{ running: false }, 'Running', 'stop'],
    [{ runStrategy: 'Always' }, 'Succeeded', 'run'],
    [{ runStrategy: 'Always' }, 'Failed', 'run'],
    [{ runStrategy: 'Halted' }, undefined, 'stop'],
    [{ runStrategy: 'Halted', running: true }, undefined, 'stop'],
    [{ runStrategy: 'Manual' }, undefined, 'keep'],
    [{ runStrategy: 'Once' }, undefined, 'run'],
    [{ runStrategy: 'Once' }, 'Failed', 'keep'],
    [{ runStrategy: 'RerunOnFailure' }, 'Failed', 'run'],
    [{ runStrategy: 'RerunOnFailure' }, 'Succeeded', 'keep'],
  ])('%o with an instance that is %s: %s', (spec, phase, wish) => {
    expect(wishFor(machine(spec), phase && instance({ phase }))).toBe(wish);
  });

  test('a machine whose spec is null runs', () => {
    expect(wishFor({ ...machine(), spec: null as never }, undefined)).toBe('run');
  });
});

describe('instances', () => {
  test.each<readonly [string, LauncherState, VmiStatus['phase'], string, string]>([
    ['refused', { kind: 'refused', reason: 'NotImplemented', message: 'm' }, 'Pending', 'False', 'NotImplemented'],
    ['no node', { kind: 'unschedulable', message: 'm' }, 'Scheduling', 'False', 'GuestNotRunning'],
    ['an earlier one ends', { kind: 'waiting', message: 'm' }, 'Pending', 'False', 'GuestNotRunning'],
    ['on a node', placed('Pending'), 'Scheduled', 'False', 'GuestNotRunning'],
    ['runs', placed('Running'), 'Running', 'True', 'GuestRunning'],
    ['node unknown', placed('Running', false), 'Running', 'False', 'NodeNotReady'],
    ['pod ends', placed('Running', true, gone), 'Running', 'False', 'PodTerminating'],
    ['pod failed', placed('Failed'), 'Failed', 'False', 'GuestNotRunning'],
    ['pod lost', { kind: 'lost', message: 'm' }, 'Failed', 'False', 'PodNotExists'],
  ])('%s', (_what, state, phase, ready, reason) => {
    const status = instanceStatus(instance(), state, NOW);
    expect(status.phase).toBe(phase);
    expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: ready, reason });
    const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
    expect(scheduled?.reason).toBe(state.kind === 'unschedulable' ? 'Unschedulable' : undefined);
  });

  describe('why a guest does not run yet', () => {
    const trouble = (reason: string) =>
      ({ type: 'PodReadyToStartContainers', status: 'False', reason, message: 'the CNI says no' }) as const;
    const warning = { reason: 'NoAddress', message: 'subnet net1 is full' };
    const readyOf = (conditions: Pod['status'] & object, more: object = {}) =>
      instanceStatus(
        instance(),
        { kind: 'placed', pod: { ...pod('Pending'), status: conditions }, nodeReady: true, ...more },
        NOW,
      ).conditions?.[0];

    test.each([
      ['FailedCreatePodSandBox', 'FailedCreatePodSandBox'],
      ['', 'GuestNotRunning'],
    ])('the node’s own words, with reason %j; then those of others', (given, reason) => {
      const message = 'the CNI says no';
      expect(readyOf({ conditions: [trouble(given)] })).toMatchObject({ reason, message });
      const both = `${message}; ${warning.message}`;
      expect(readyOf({ conditions: [trouble(given)] }, { warning })).toMatchObject({ reason, message: both });
    });

    test('until then what was last said of its pod, if anything', () => {
      expect(readyOf({}, { warning })).toMatchObject({ status: 'False', ...warning });
      expect(readyOf({})).toMatchObject({ reason: 'GuestNotRunning', message: 'the guest does not run yet' });
    });

    test('nothing of that once it runs, or has run', () => {
      const ended = { ...trouble('PodFailed'), message: 'the processes are gone' };
      expect(readyOf({ phase: 'Failed', conditions: [ended] }, { warning })).toMatchObject({
        reason: 'PodFailed',
        message: 'the processes are gone',
      });
      expect(readyOf({ phase: 'Running' }, { warning })).toMatchObject({ status: 'True', reason: 'GuestRunning' });
    });
  });

  test('what the node reports is what the controller would: nothing is left to write', () => {
    const faces = [{ name: 'eth0', ipAddress: '10.0.0.2', ipAddresses: ['10.0.0.2'] }];
    const scheduled = instance(instanceStatus(instance(), placed('Pending'), NOW));
    const running = instance(runningStatus(scheduled, 'node1', faces, NOW));
    expect(running.status).toMatchObject({ phase: 'Running', nodeName: 'node1', interfaces: faces });
    expect(isNews(running, instanceStatus(running, placed('Running'), LATER))).toBe(false);
  });

  test('a pod network is not ignored in silence', () => {
    const asks = {
      ...instance(),
      spec: {
        networks: [
          { name: 'a', multus: { networkName: 'x' } },
          { name: 'b', pod: {} },
        ],
      },
    };
    expect(instanceStatus(asks, placed('Running'), NOW).conditions).toContainEqual(
      expect.objectContaining({
        type: 'PodNetwork',
        reason: 'NotImplemented',
        message: expect.stringContaining('spec.networks[1].pod') as string,
      }),
    );
  });
});

describe('machines', () => {
  const ready = (status: 'True' | 'False', reason: string) => [{ type: 'Ready', status, reason, message: 'm' }];
  const unschedulable = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'm' };
  test.each<readonly [string, VirtualMachine, VirtualMachineInstance | undefined, string, boolean]>([
    ['halted', machine({ runStrategy: 'Halted' }), undefined, 'Stopped', false],
    ['about to start', machine(), undefined, 'Starting', false],
    ['made', machine(), instance(), 'Starting', false],
    ['runs', machine(), instance({ phase: 'Running', conditions: ready('True', 'GuestRunning') }), 'Running', true],
    ['told to stop', machine({ running: false }), instance({ phase: 'Running' }), 'Stopping', false],
    [
      'ends',
      machine(),
      instance({ phase: 'Running', conditions: ready('True', 'GuestRunning') }, gone),
      'Stopping',
      false,
    ],
    [
      'fits nowhere',
      machine(),
      instance({ phase: 'Scheduling', conditions: [unschedulable] }),
      'ErrorUnschedulable',
      false,
    ],
    ['failed, starts anew', machine(), instance({ phase: 'Failed' }), 'Starting', false],
    ['failed, once', machine({ runStrategy: 'Once' }), instance({ phase: 'Failed' }), 'Stopped', false],
    ['deleted', machine({}, gone), instance(), 'Terminating', false],
  ])('%s', (_what, vm, vmi, printableStatus, isReady) => {
    const status = machineStatus(vm, vmi, NOW);
    expect(status).toMatchObject({ printableStatus, ready: isReady, created: vmi !== undefined });
    // written once, it is the same a minute later: nothing to write
    expect(machineStatus({ ...vm, status }, vmi, LATER)).toEqual(status);
  });
});
