/** Why a guest cannot be entered, in the words of the API. */
import type { KubeClient } from '../../lib/kube/client.ts';
import { CORE } from '../../lib/kube/resource.ts';
import { instanceOwner, isGuest, type Pod } from '../../services/virt/pod.ts';
import { CliError } from '../terminal/failure.ts';
import { getMachine, getOrNone, type Machine } from './find-machine.ts';

/** @param name of a virtual machine, or else of a pod */
export async function guestAbsence(client: KubeClient, namespace: string, name: string): Promise<CliError> {
  const [found, pod] = await Promise.all([
    getMachine(client, namespace, name),
    getOrNone<Pod>(client, CORE.pods, namespace, name),
  ]);
  if (found.machine || found.instance) return machineAbsence(found, namespace, name);
  if (pod) return podAbsence(pod, namespace, name);
  return new CliError(
    3,
    `there is no virtual machine and no pod ${name} in namespace ${namespace}: \`weft vm list\` and \`kubectl get pods\` show those that are there, -n says where to look`,
  );
}

function machineAbsence({ machine, instance }: Machine, namespace: string, name: string): CliError {
  const { phase, nodeName, conditions } = instance?.status ?? {};
  if (phase === 'Running') return lost('virtual machine', namespace, name, nodeName);
  const state = stateOf(phase ?? machine?.status?.printableStatus, wordsOf(conditions, ['Ready']));
  const todo = instance
    ? `see \`kubectl -n ${namespace} describe vmi ${name}\``
    : `start it with \`weft vm start -n ${namespace} ${name}\``;
  return new CliError(1, `virtual machine ${namespace}/${name} does not run: it is ${state}; ${todo}`);
}

function podAbsence(pod: Pod, namespace: string, name: string): CliError {
  const machine = instanceOwner(pod)?.name;
  if (machine !== undefined)
    return new CliError(
      1,
      `pod ${namespace}/${name} launches virtual machine ${machine}: enter that, \`weft vm exec -n ${namespace} ${machine} -- COMMAND\``,
    );
  if (!isGuest(pod))
    return new CliError(1, `pod ${namespace}/${name} asks for no network, so the lab makes no guest of it`);
  const { phase, conditions } = pod.status ?? {};
  if (phase === 'Running') return lost('pod', namespace, name, pod.spec?.nodeName);
  const state = stateOf(phase, wordsOf(conditions, ['PodScheduled', 'Ready']));
  return new CliError(
    1,
    `pod ${namespace}/${name} does not run: it is ${state}; see \`kubectl -n ${namespace} describe pod ${name}\``,
  );
}

function lost(what: string, namespace: string, name: string, node = 'no node'): CliError {
  return new CliError(
    1,
    `${what} ${namespace}/${name} cannot be entered: the API says that it runs on ${node}, but its processes there are gone; see whether the node is up (\`weft lab status\`)`,
  );
}

function stateOf(phase: string | undefined, words: string | undefined): string {
  return `${phase ?? 'Pending'}${words ? ` (${words})` : ''}`;
}

/** what the first of these conditions that is not true says */
function wordsOf(
  conditions: readonly { readonly type: string; readonly status: string; readonly message?: string }[] = [],
  types: readonly string[],
): string | undefined {
  return types
    .map((type) => conditions.find((condition) => condition.type === type))
    .find((condition) => condition && condition.status !== 'True' && condition.message)?.message;
}
