import { type Migration, virtualMachineInstanceMigrationKind } from '../../kinds/virtual-machine.ts';
import { hasFinished } from '../../core/migration/progress.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { Informer } from '../../lib/kube/informer.ts';
import { CliError } from '../terminal/failure.ts';

export interface MigrationWait {
  readonly namespace: string;
  readonly name: string;
  /** seconds */
  readonly deadline: number;
  /** told of each phase */
  readonly say: (text: string) => void;
}

/** Follows a migration to its end. One that finds no node, or has not ended by the deadline, is called off. @throws CliError */
export async function waitForMigration(
  client: KubeClient,
  { namespace, name, deadline, say }: MigrationWait,
): Promise<Migration> {
  const ended = Promise.withResolvers<Migration>();
  // also while nothing waits for it yet, an early end is no crash
  ended.promise.catch(() => undefined);
  let said = '';
  let why = '';
  const look = (migration: Migration | undefined) => {
    if (!migration)
      return ended.reject(new CliError(1, `migration ${namespace}/${name} was deleted: it was called off`));
    const { phase, conditions } = migration.status ?? {};
    if (phase !== undefined && phase !== said) say((said = phase));
    const trouble = conditions?.find(({ type, status }) => type === 'TargetPodReady' && status === 'False')?.message;
    if (trouble !== undefined && trouble !== why) say(trouble);
    why = trouble ?? '';
    if (hasFinished(phase)) return ended.resolve(migration);
    const scheduled = conditions?.find(({ type }) => type === 'PodScheduled');
    if (scheduled?.status === 'False' && (phase === undefined || phase === 'Pending'))
      ended.reject(new CliError(1, `no node can take the machine: ${scheduled.message}`));
  };
  const informer = new Informer<Migration>(client, virtualMachineInstanceMigrationKind, {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    onChanges: (changes) => {
      for (const { new: migration } of changes) look(migration as Migration | undefined);
    },
  });
  const timer = setTimeout(() => {
    const reached = [said || 'new', why].filter((text) => text !== '').join('; ');
    ended.reject(new CliError(3, `the migration has not ended after ${deadline} s and is called off (${reached})`));
  }, deadline * 1000);
  try {
    await Promise.race([informer.start(), ended.promise]);
    return await ended.promise;
  } catch (error) {
    await callOff(client, namespace, name);
    throw error;
  } finally {
    clearTimeout(timer);
    await informer.stop();
  }
}

async function callOff(client: KubeClient, namespace: string, name: string): Promise<void> {
  try {
    await client.delete(virtualMachineInstanceMigrationKind, { namespace, name });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
}
