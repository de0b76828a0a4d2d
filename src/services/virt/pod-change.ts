/** Which changes of a pod are work for its node. Pure. */
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import { GUEST_ANNOTATION, isFinished, isGuest, type Pod } from './pod.ts';

/**
 * Statuses and addresses are written by virt and Weft themselves, while a guest is being made and after it could not be: if these were work,
 * each report of a failure would be the next try, and no delay between tries would last.
 */
export function isWork(old: Pod | undefined, pod: Pod | undefined): boolean {
  // letting a pod go meets conflicts with whoever else writes it, and counts on the other's change
  if (!old || !pod || pod.metadata.deletionTimestamp) return true;
  return wishOf(old) !== wishOf(pod);
}

function wishOf(pod: Pod): string {
  const { uid, annotations } = pod.metadata;
  return JSON.stringify([
    uid,
    pod.spec?.nodeName,
    annotations?.[NETWORKS_ANNOTATION],
    annotations?.[GUEST_ANNOTATION],
    isGuest(pod),
    isFinished(pod),
  ]);
}
