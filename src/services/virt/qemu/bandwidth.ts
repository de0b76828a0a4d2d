/** How fast the memory of a guest is sent when it moves. Pure. */

/** annotation of virtual machines */
export const BANDWIDTH_ANNOTATION = 'weft.lab/migration-bandwidth';

const UNITS = { '': 1, Ki: 1024, Mi: 1_048_576, Gi: 1_073_741_824 } as const;
/** bytes a second: less, and the guest would not arrive today; more, and QEMU would not take it */
const [LEAST, MOST] = [65_536, 1_099_511_627_776];

/** @returns bytes a second, undefined when nothing is asked for, or the sentence that says why it cannot be told */
export function bandwidthOf(
  annotations: Readonly<Record<string, string>> | undefined,
): number | undefined | { readonly problem: string } {
  const wish = annotations?.[BANDWIDTH_ANNOTATION];
  if (wish === undefined) return undefined;
  const [, digits, unit] = /^(\d{1,15})(Ki|Mi|Gi|)$/.exec(wish) ?? [];
  const bytes = Number(digits) * UNITS[(unit ?? '') as keyof typeof UNITS];
  if (bytes >= LEAST && bytes <= MOST) return bytes;
  const problem = `annotation ${BANDWIDTH_ANNOTATION} is ${JSON.stringify(wish)}; use bytes a second from 64Ki to 1024Gi, or leave it out`;
  return { problem };
}
