/** What an instance's status says, from what is known of its launcher. Pure. */
import { equal } from '../../core/ovn/equal.ts';
import type { Finding } from '../../core/status/condition.ts';
import type { VirtualMachineInstance, VmiInterfaceStatus, VmiStatus, VmNetwork } from '../../kinds/virtual-machine.ts';
import { conditionOf, replaceConditions } from './conditions.ts';
import type { Pod } from './pod.ts';
import type { Warning } from './pod-warnings.ts';

/** What is known of an instance's launcher. */
export type LauncherState =
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string }
  | { readonly kind: 'unschedulable'; readonly message: string }
  /** a launcher of an earlier instance of that name still ends */
  | { readonly kind: 'waiting'; readonly message: string }
  | { readonly kind: 'lost'; readonly message: string }
  | {
      readonly kind: 'placed';
      readonly pod: Pod;
      readonly nodeReady: boolean;
      /** what was last said of the pod */
      readonly warning?: Warning;
    };

/** condition types that virt writes on instances */
const OURS = ['Ready', 'PodScheduled', 'PodNetwork'];

export function instanceStatus(instance: VirtualMachineInstance, state: LauncherState, now: string): VmiStatus {
  const phase = phaseOf(state);
  const findings = [readyFinding(state, phase), ...schedulingFinding(state), ...podNetworkFinding(instance)];
  const node = state.kind === 'placed' ? state.pod.spec?.nodeName : instance.status?.nodeName;
  const { nodeName: _node, ...rest } = instance.status ?? {};
  return {
    ...rest,
    phase,
    ...(node === undefined ? {} : { nodeName: node }),
    conditions: replaceConditions(instance.status?.conditions as VmiStatus['conditions'] & [], OURS, findings, now),
  };
}

/** The status of an instance whose guest runs on `nodeName` with these interfaces. */
export function runningStatus(
  instance: VirtualMachineInstance,
  nodeName: string,
  interfaces: readonly VmiInterfaceStatus[],
  now: string,
): VmiStatus {
  const running = { status: { phase: 'Running' }, spec: { nodeName } } as unknown as Pod;
  return { ...instanceStatus(instance, { kind: 'placed', pod: running, nodeReady: true }, now), interfaces };
}

/** The networks that a guest has, as its spec names them; undefined while it does not say. */
export function namesOfInterfaces(status: VmiStatus | undefined): ReadonlySet<string> | undefined {
  if (status?.phase !== 'Running' || !status.interfaces) return undefined;
  return new Set(status.interfaces.flatMap(({ name }) => name ?? []));
}

/** Why a launcher does not run yet, in its node's words and in those of whoever gives it its network; undefined when nothing is said. */
export function troubleOfLauncher(pod: Pod, warning: Warning | undefined): Warning | undefined {
  const trouble = troubleOf(pod);
  const sentences = [trouble?.message, warning?.message].filter((text) => text !== undefined && text !== '');
  if (sentences.length === 0) return undefined;
  return {
    reason: trouble?.reason || (!trouble && warning?.reason) || 'GuestNotRunning',
    message: sentences.join('; '),
  };
}

export function isNews(instance: VirtualMachineInstance, status: VmiStatus): boolean {
  return !equal(instance.status ?? {}, status);
}

function phaseOf(state: LauncherState): NonNullable<VmiStatus['phase']> {
  if (state.kind === 'lost') return 'Failed';
  if (state.kind === 'unschedulable') return 'Scheduling';
  if (state.kind !== 'placed') return 'Pending';
  const phase = state.pod.status?.phase;
  return phase === 'Running' || phase === 'Succeeded' || phase === 'Failed' ? phase : 'Scheduled';
}

function readyFinding(state: LauncherState, phase: VmiStatus['phase']): Finding {
  const not = (reason: string, message: string): Finding => ({ type: 'Ready', status: 'False', reason, message });
  if (state.kind === 'refused') return not(state.reason, state.message);
  if (state.kind === 'lost') return not('PodNotExists', state.message);
  if (state.kind !== 'placed') return not('GuestNotRunning', state.message);
  const { pod } = state;
  if (pod.metadata?.deletionTimestamp) return not('PodTerminating', 'the launcher pod is being deleted');
  if (!state.nodeReady) return not('NodeNotReady', `node ${pod.spec?.nodeName} has stopped reporting`);
  if (phase === 'Running') return { type: 'Ready', status: 'True', reason: 'GuestRunning', message: 'the guest runs' };
  // a guest that has ended was warned of something else before
  const trouble = troubleOfLauncher(pod, phase === 'Scheduled' ? state.warning : undefined);
  return not(trouble?.reason ?? 'GuestNotRunning', trouble?.message ?? 'the guest does not run yet');
}

/** The node's own words, once it has tried; they may be no more than that others know why. */
function troubleOf({ status }: Pod): Partial<Warning> | undefined {
  const condition = conditionOf(status?.conditions, SANDBOX_CONDITION);
  return condition?.status === 'False' && condition.message ? condition : undefined;
}

/** the kubelet's condition: the pod's sandbox is there and its network is configured (KEP-3085) */
export const SANDBOX_CONDITION = 'PodReadyToStartContainers';

function schedulingFinding(state: LauncherState): readonly Finding[] {
  if (state.kind !== 'unschedulable') return [];
  return [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: state.message }];
}

/** The lab has no network of pods: a field that asks for it is not ignored in silence. */
function podNetworkFinding({ spec }: VirtualMachineInstance): readonly Finding[] {
  const networks: unknown = spec?.networks;
  const index = Array.isArray(networks) ? networks.findIndex((network: VmNetwork | null) => network?.pod) : -1;
  if (index < 0) return [];
  const message = `spec.networks[${index}].pod: the lab has no pod network; the guest runs without it, on its multus networks`;
  return [{ type: 'PodNetwork', status: 'False', reason: 'NotImplemented', message }];
}
