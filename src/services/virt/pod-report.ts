/** What a pod's status says of its guest, as the kubelet writes it. Pure. */
import type { Finding } from '../../core/status/condition.ts';
import type { VmiInterfaceStatus } from '../../kinds/virtual-machine.ts';
import { replaceConditions } from './conditions.ts';
import type { GuestInterface } from './guest-record.ts';
import { SANDBOX_CONDITION } from './instance-status.ts';
import { OFFER_ANNOTATION, type Pod } from './pod.ts';

const NETWORK_STATUS_ANNOTATION = 'k8s.v1.cni.cncf.io/network-status';
const TYPES = ['PodScheduled', 'Initialized', SANDBOX_CONDITION, 'ContainersReady', 'Ready'] as const;

/** A patch of the pod's status: it runs. @param hostIP address of the node, if known @param now RFC 3339 @param offer of its machine */
export function runningPatch(
  pod: Pod,
  interfaces: readonly GuestInterface[],
  hostIP: string | undefined,
  now: string,
  offer?: string,
): object {
  const annotations = {
    [NETWORK_STATUS_ANNOTATION]: networkStatus(interfaces),
    ...(offer === undefined ? {} : { [OFFER_ANNOTATION]: offer }),
  };
  const ips = interfaces.flatMap((face) => face.ips ?? []);
  return {
    metadata: { uid: pod.metadata.uid, annotations },
    status: {
      phase: 'Running',
      startTime: now,
      ...(hostIP === undefined ? {} : { hostIP, hostIPs: [{ ip: hostIP }] }),
      ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
      conditions: conditionsOf(pod, 'True', '', '', now),
      containerStatuses: containerStatuses(pod, true, { running: { startedAt: now } }),
    },
  };
}

/** A patch of the pod's status: its guest cannot be made, for now. */
export function troublePatch(pod: Pod, message: string, now: string): object {
  return {
    metadata: { uid: pod.metadata.uid },
    status: {
      phase: 'Pending',
      conditions: conditionsOf(pod, 'False', 'FailedCreatePodSandBox', message, now),
      containerStatuses: containerStatuses(pod, false, { waiting: { reason: 'ContainerCreating' } }),
    },
  };
}

/** A patch of the pod's status: its machine has moved to another node, and it has nothing left to do. */
export function succeededPatch(pod: Pod, now: string): object {
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now };
  return {
    metadata: { uid: pod.metadata.uid },
    status: {
      phase: 'Succeeded',
      conditions: conditionsOf(pod, 'False', 'PodCompleted', '', now),
      containerStatuses: containerStatuses(pod, false, { terminated }),
    },
  };
}

/** A patch of the pod's status: its guest ended by itself. */
export function failedPatch(pod: Pod, message: string, now: string): object {
  const terminated = { exitCode: 137, reason: 'Error', startedAt: now, finishedAt: now };
  return {
    metadata: { uid: pod.metadata.uid },
    status: {
      phase: 'Failed',
      reason: 'SandboxEnded',
      message,
      conditions: conditionsOf(pod, 'False', 'PodFailed', message, now),
      containerStatuses: containerStatuses(pod, false, { terminated }),
    },
  };
}

/** Interfaces as the instance's status lists them. */
export function interfaceStatuses(interfaces: readonly GuestInterface[]): readonly VmiInterfaceStatus[] {
  return interfaces.map(({ name, device, mac, ips = [] }) => ({
    name,
    interfaceName: device,
    ...(mac === undefined ? {} : { mac }),
    ...(ips[0] === undefined ? {} : { ipAddress: ips[0] }),
    ipAddresses: ips,
  }));
}

/** As Multus writes it (network-status, de-facto standard v1.3). */
function networkStatus(interfaces: readonly GuestInterface[]): string {
  return JSON.stringify(
    interfaces.map(({ network, device, mac, ips = [] }) => ({ name: network, interface: device, ips, mac, dns: {} })),
  );
}

/** scheduled is true of every pod that gets here; the rest is as good as the sandbox */
function conditionsOf(pod: Pod, status: 'True' | 'False', reason: string, message: string, now: string) {
  const findings = TYPES.map((type): Finding => {
    const good = status === 'True' || type === 'PodScheduled' || type === 'Initialized';
    return { type, status: good ? 'True' : 'False', reason: good ? '' : reason, message: good ? '' : message };
  });
  return replaceConditions(pod.status?.conditions, [], findings, now);
}

function containerStatuses(pod: Pod, ready: boolean, state: object): readonly object[] {
  return (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
    name,
    image,
    imageID: '',
    ready,
    started: ready,
    restartCount: 0,
    state,
  }));
}
