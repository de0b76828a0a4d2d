/** Ports of a translation: one, or FIRST-LAST. */

/** ports that one rule may forward: OVN has one entry for each */
export const MOST_PORTS = 1000;

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** @returns a sentence about what is wrong, if something is */
export function parsePorts(text: string): PortRange | string {
  const found = /^([1-9][0-9]{0,4})(?:-([1-9][0-9]{0,4}))?$/.exec(text.trim());
  if (!found) return 'is no port (1 to 65535) and no range FIRST-LAST';
  const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])];
  if (first > 65535 || last > 65535) return 'ports end at 65535';
  if (last < first) return 'ends before it begins';
  if (last - first >= MOST_PORTS) return `has ${last - first + 1} ports, one rule forwards at most ${MOST_PORTS}`;
  return { first, last };
}

export function portCount({ first, last }: PortRange): number {
  return last - first + 1;
}

/** [external, internal] for each port. @returns a sentence about what is wrong, if something is */
export function portPairs(external: string, internal: string): readonly (readonly [number, number])[] | string {
  const outer = parsePorts(external);
  if (typeof outer === 'string') return `externalPort ${JSON.stringify(external)} ${outer}`;
  const inner = internal.trim() === '' ? outer : parsePorts(internal);
  if (typeof inner === 'string') return `internalPort ${JSON.stringify(internal)} ${inner}`;
  if (portCount(inner) !== portCount(outer))
    return `externalPort has ${portCount(outer)} ports, internalPort has ${portCount(inner)}`;
  return Array.from({ length: portCount(outer) }, (_, index) => [outer.first + index, inner.first + index] as const);
}

/** Under which a rule that forwards a port of an OvnEip is found. */
export function portKey(eip: string, protocol: string, port: number): string {
  return `${eip}|${protocol || 'tcp'}|${port}`;
}
