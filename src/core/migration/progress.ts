/**
 * What is to be done next for a migration, from what is: the part of the controller. Pure and level-triggered: it may be asked at any time, by
 * whoever has just started, and answers from the objects alone.
 *
 *     Pending -> Scheduling -> Scheduled -> PreparingTarget -> TargetReady -> Running -> Succeeded
 *                target pod    runs         handed over        it listens     is sent
 *
 * Until the source has begun (`startTimestamp`, a write that fails if anybody wrote before it) the controller alone may call it off. From then
 * on only the nodes know where the machine is: the source says that it failed, the target that it is complete, and the controller only asks the source to
 * stop. It ends a migration itself only when nobody is left who could.
 */
import type { MigrationPhase, MigrationState } from '../../kinds/virtual-machine.ts';

export interface PodView {
  readonly name: string;
  readonly node: string;
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  /** it was asked to end */
  readonly deleting: boolean;
  /** its node reports */
  readonly nodeReady: boolean;
}

export interface MigrationView {
  readonly uid: string;
  readonly phase: MigrationPhase | undefined;
  /** the migration was called off */
  readonly deleting: boolean;
  /** name of an older migration of the same instance that has not ended */
  readonly other: string | undefined;
  /** undefined: there is none that runs */
  readonly instance: { readonly state: MigrationState | undefined } | undefined;
  readonly source: PodView | undefined;
  readonly target: PodView | undefined;
}

export type MigrationStep =
  | { readonly do: 'phase'; readonly phase: Exclude<MigrationPhase, 'Failed'> }
  | { readonly do: 'fail'; readonly reason: string }
  | { readonly do: 'createTarget' }
  /** writes the instance's migrationState, against the version that was looked at */
  | { readonly do: 'handOver'; readonly state: MigrationState }
  /** changes the instance's migrationState, against the version that was looked at */
  | { readonly do: 'giveUp'; readonly reason: string; readonly aborted: boolean }
  | { readonly do: 'requestAbort'; readonly reason: string }
  | { readonly do: 'deleteTarget' }
  | { readonly do: 'release' };

export function hasFinished(phase: MigrationPhase | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** In order; each is needed, and none of them contradicts what was looked at. */
export function migrationSteps(view: MigrationView): readonly MigrationStep[] {
  const { phase, deleting } = view;
  if (hasFinished(phase)) return afterwards(view);
  const state = ownState(view);
  if (state?.completed) return [{ do: 'phase', phase: 'Succeeded' }];
  if (state?.failed) return [{ do: 'fail', reason: state.failureReason ?? 'the machine could not be sent' }];
  const trouble = troubleOf(view);
  if (trouble !== undefined) {
    if (!state) return [{ do: 'fail', reason: trouble }];
    return endOf(view, state, trouble);
  }
  if (deleting) return state ? [] : [{ do: 'fail', reason: CANCELLED }];
  const due = duePhase(view, state);
  const steps: MigrationStep[] = phase === due ? [] : [{ do: 'phase', phase: due }];
  if (!view.target) return [...steps, { do: 'createTarget' }];
  if (due === 'Scheduled') return [...steps, { do: 'handOver', state: handOver(view.uid, view.source!, view.target) }];
  return steps;
}

const CANCELLED = 'it was cancelled';

/** The migrationState of the instance, when it tells of this migration. */
function ownState({ uid, instance }: MigrationView): MigrationState | undefined {
  const state = instance?.state;
  return state?.migrationUid === uid ? state : undefined;
}

/** why it cannot go on */
function troubleOf(view: MigrationView): string | undefined {
  const { deleting, other, instance, source, target, phase } = view;
  if (!instance) return 'the instance does not run';
  if (other !== undefined) return `migration ${other} of the same instance is under way`;
  if (!source || isOver(source)) return 'the launcher that the machine runs in is gone';
  if (!source.nodeReady) return `node ${source.node} of the machine has stopped reporting`;
  const begun = phase !== undefined && phase !== 'Pending';
  if (!target && begun) return 'the target pod is gone';
  if (target && isOver(target)) return `target pod ${target.name} has ended`;
  if (target && !target.nodeReady) return `target node ${target.node} has stopped reporting`;
  return deleting ? CANCELLED : undefined;
}

function isOver({ phase, deleting }: PodView): boolean {
  return deleting || phase === 'Succeeded' || phase === 'Failed';
}

function endOf(view: MigrationView, state: MigrationState, reason: string): readonly MigrationStep[] {
  const { deleting, instance, source, target } = view;
  // the source has answered that the machine is on its way, or cannot answer
  const sent = isLost(source) || state.abortStatus === 'Failed';
  const nobody = !instance || (sent && isLost(target));
  if (state.startTimestamp === undefined || nobody) return [{ do: 'giveUp', reason, aborted: deleting }];
  // the source may have sent the machine before it was lost: the target knows, and says so
  if (isLost(source) || state.abortRequested) return [];
  return [{ do: 'requestAbort', reason }];
}

function isLost(pod: PodView | undefined): boolean {
  return !pod || isOver(pod) || !pod.nodeReady;
}

function duePhase({ target }: MigrationView, state: MigrationState | undefined): Exclude<MigrationPhase, 'Failed'> {
  if (state?.startTimestamp !== undefined) return 'Running';
  if (state?.targetNodeAddress !== undefined) return 'TargetReady';
  if (state) return 'PreparingTarget';
  if (target?.phase === 'Running') return 'Scheduled';
  return target ? 'Scheduling' : 'Pending';
}

function handOver(uid: string, source: PodView, target: PodView): MigrationState {
  return {
    migrationUid: uid,
    sourceNode: source.node,
    sourcePod: source.name,
    targetNode: target.node,
    targetPod: target.name,
    mode: 'PreCopy',
  };
}

/** What a failed one leaves behind goes; then the object may go. */
function afterwards({ phase, deleting, target }: MigrationView): readonly MigrationStep[] {
  const steps: MigrationStep[] = [];
  if (phase === 'Failed' && target && !target.deleting) steps.push({ do: 'deleteTarget' });
  if (deleting) steps.push({ do: 'release' });
  return steps;
}
