/** The commands' side of the supervisor: its methods, typed. `supervisor-server.ts` is the other side. */
import { callRpc, type CallOptions } from './rpc.ts';
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
    readonly params: { readonly node: string; readonly device: string; readonly up: boolean };
    readonly result: null;
  };
}

/** @throws NoListenerError when the supervisor is not there, LabError */
export async function callSupervisor<M extends keyof Methods>(
  { supervisorSocket }: LabPaths,
  method: M,
  params: Methods[M]['params'],
  options: CallOptions = {},
): Promise<Methods[M]['result']> {
  return (await callRpc(supervisorSocket, method, params, options)) as Methods[M]['result'];
}

/** Waits for the end of the start. */
export async function followStart(paths: LabPaths, onStep: (event: StepEvent) => void): Promise<void> {
  await callSupervisor(paths, 'follow', {}, { onNotify: (event) => onStep(event as StepEvent) });
}
