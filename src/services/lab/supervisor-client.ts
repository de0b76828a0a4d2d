/** The commands' side of the supervisor: its methods, typed. `supervisor-server.ts` is the other side. */
import { LabError } from './errors.ts';
import type { Cut } from './fabric.ts';
import { callRpc, type CallOptions, NoListenerError } from './rpc.ts';
import type { LabPaths } from './paths.ts';
import type { LabStatus } from './status.ts';
import type { StepEvent } from './steps.ts';

export interface Methods {
  /** waits for the end of the start, telling its steps */
  readonly follow: { readonly params: Record<string, never>; readonly result: null };
  readonly status: { readonly params: Record<string, never>; readonly result: LabStatus };
  readonly addNode: { readonly params: Record<string, never>; readonly result: string };
  readonly stopNode: {
    readonly params: { readonly node: string; readonly how: 'stop' | 'kill' };
    readonly result: null;
  };
  readonly startNode: { readonly params: { readonly node: string }; readonly result: null };
  readonly setLink: {
    readonly params: { readonly node: string; readonly device: string; readonly up: boolean; readonly how?: Cut };
    readonly result: null;
  };
}

/** @throws LabError; `not-running` when there is no supervisor */
export async function callSupervisor<M extends keyof Methods>(
  { name, supervisorSocket }: LabPaths,
  method: M,
  params: Methods[M]['params'],
  options: CallOptions = {},
): Promise<Methods[M]['result']> {
  try {
    return (await callRpc(supervisorSocket, method, params, options)) as Methods[M]['result'];
  } catch (error) {
    if (!(error instanceof NoListenerError)) throw error;
    const todo = `\`weft lab up --name ${name}\` starts it again with the same objects`;
    throw new LabError(
      'not-running',
      `lab ${name} has no supervisor`,
      'it has died, or the machine was restarted',
      todo,
    );
  }
}

/** The lab has files, but nobody who runs it. */
export function isNotRunning(error: unknown): boolean {
  return error instanceof LabError && error.code === 'not-running';
}

/** Waits for the end of the start. */
export async function followStart(paths: LabPaths, onStep: (event: StepEvent) => void): Promise<void> {
  await callSupervisor(paths, 'follow', {}, { onNotify: (event) => onStep(event as StepEvent) });
}
