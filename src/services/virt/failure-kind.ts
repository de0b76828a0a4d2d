/** Which failures are the same one again: what differs between two tries of the same thing is masked. Pure. */

const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\/proc\/[^\s:,;'"()]+/g, '/proc/*'],
  // devices and containers are named by digests, and by kernels that count
  [/\w*[0-9a-f]{8,}\w*/gi, '*'],
  [/\b(?:veth|tap|weft)[0-9a-z]+\b/gi, '*'],
  [/\b(pid|process)([ =:]+)\d+/gi, '$1$2*'],
  // other numbers of processes, ports and milliseconds
  [/\b\d{4,}\b/g, '*'],
];

/** The same text for failures that a person would call the same. */
export function failureKind(message: string): string {
  return MASKS.reduce((text, [what, mask]) => text.replace(what, mask), message);
}
