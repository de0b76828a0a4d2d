/** How a guest of QEMU starts. Pure. */

/** annotation of virtual machines */
export const BOOT_ANNOTATION = 'weft.lab/boot';

/** `clone`: of the golden guest, the default; `cold`: from the kernel on */
const BOOTS = ['clone', 'cold'] as const;

export type Boot = (typeof BOOTS)[number];

/** @returns how, or the sentence that says why it cannot be told */
export function bootOf(annotations: Readonly<Record<string, string>> | undefined): Boot | { readonly problem: string } {
  const wish = annotations?.[BOOT_ANNOTATION] ?? 'clone';
  const problem = `annotation ${BOOT_ANNOTATION} is ${JSON.stringify(wish)}; use ${BOOTS.join(' or ')}, or leave it out`;
  return BOOTS.find((known) => known === wish) ?? { problem };
}
