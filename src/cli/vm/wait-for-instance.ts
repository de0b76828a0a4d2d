import { type VirtualMachineInstance, virtualMachineInstanceKind } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer } from '../../lib/kube/informer.ts';
import { CliError } from '../terminal/failure.ts';

export interface Wait {
  readonly namespace: string;
  readonly name: string;
  readonly wanted: (instance: VirtualMachineInstance | undefined) => boolean;
  /** seconds */
  readonly deadline: number;
  /** told of what becomes of the instance on the way */
  readonly say: (text: string) => void;
}

/** Follows an instance until it is as wanted. @returns it, if there is one then @throws CliError after the deadline */
export async function waitForInstance(
  client: KubeClient,
  { namespace, name, wanted, deadline, say }: Wait,
): Promise<VirtualMachineInstance | undefined> {
  const reached = Promise.withResolvers<VirtualMachineInstance | undefined>();
  let said = '';
  const look = (instance: VirtualMachineInstance | undefined) => {
    const text = describe(instance);
    if (text !== said) say((said = text));
    if (wanted(instance)) reached.resolve(instance);
  };
  const informer = new Informer<VirtualMachineInstance>(client, virtualMachineInstanceKind, {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    onChanges: (changes) => {
      for (const { new: instance } of changes) look(instance as VirtualMachineInstance | undefined);
    },
  });
  const timer = setTimeout(() => {
    const todo = `see \`kubectl -n ${namespace} describe vmi ${name}\`, or wait longer with --deadline`;
    reached.reject(new CliError(3, `${namespace}/${name} is not there after ${deadline} s: ${said}; ${todo}`));
  }, deadline * 1000);
  // also while nothing waits for it yet, a deadline that passes is no crash
  reached.promise.catch(() => undefined);
  try {
    await Promise.race([informer.start(), reached.promise]);
    if (informer.size === 0) look(undefined);
    return await reached.promise;
  } finally {
    clearTimeout(timer);
    await informer.stop();
  }
}

function describe(instance: VirtualMachineInstance | undefined): string {
  if (!instance) return 'no instance';
  if (instance.metadata.deletionTimestamp) return 'the instance ends';
  const { message } = instance.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
  return `the instance is ${instance.status?.phase ?? 'new'}${message ? `: ${message}` : ''}`;
}
