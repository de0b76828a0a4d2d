/**
 * What the two nodes of a migration are to do next, each from the instance's migrationState and from what it remembers of its own guest. Pure.
 *
 * The machine is at one place at any time. Whoever has it says how the migration ended, and nobody else: the source, that it failed; the
 * target, that it is complete.
 */
import type { MigrationState } from '../../kinds/virtual-machine.ts';

export interface SourceView {
  readonly pod: string;
  readonly state: MigrationState | undefined;
  /** the machine has been sent */
  readonly left: boolean;
}

export type SourceStep =
  /** nothing to do, the machine runs here */
  | 'stay'
  /** writes startTimestamp, against the version that was looked at */
  | 'begin'
  | 'send'
  /** writes that it failed: the machine is here, and was asked to stay */
  | 'refuse'
  /** the machine has been sent; the target has not said yet that it runs */
  | 'wait'
  /** writes that it was asked to stop too late */
  | 'regret'
  /** the pod has done its work */
  | 'succeed'
  /** the machine was sent, and never came */
  | 'lose';

export function sourceStep({ pod, state, left }: SourceView): SourceStep {
  if (state?.sourcePod !== pod) return left ? 'lose' : 'stay';
  if (state.completed) return 'succeed';
  if (state.failed) return left ? 'lose' : 'stay';
  if (left) return state.abortRequested && state.abortStatus !== 'Failed' ? 'regret' : 'wait';
  if (state.targetNodeAddress === undefined) return 'stay';
  if (state.startTimestamp === undefined) return 'begin';
  return state.abortRequested ? 'refuse' : 'send';
}

export interface TargetView {
  readonly pod: string;
  readonly state: MigrationState | undefined;
  /** a machine is expected here */
  readonly prepared: boolean;
  /** it is here */
  readonly arrived: boolean;
}

export type TargetStep =
  | 'wait'
  /** prepares for the machine, and writes targetNodeAddress */
  | 'receive'
  /** waits until the machine is here */
  | 'arrive'
  /** writes that it is complete */
  | 'complete'
  /** the machine runs here, and everybody knows */
  | 'stay'
  /** the machine does not come */
  | 'abandon';

export function targetStep({ pod, state, prepared, arrived }: TargetView): TargetStep {
  if (state?.targetPod !== pod) return arrived ? 'stay' : 'wait';
  if (state.completed) return 'stay';
  if (arrived) return 'complete';
  if (state.failed) return 'abandon';
  if (!prepared || state.targetNodeAddress === undefined) return 'receive';
  return state.startTimestamp === undefined ? 'wait' : 'arrive';
}
