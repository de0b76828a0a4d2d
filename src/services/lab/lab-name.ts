/** Names: of a lab, of its boxes' network namespaces. */
import { LabError } from './errors.ts';

const LAB_NAME = /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/;

/** @throws LabError `bad-name` */
export function checkLabName(name: string): string {
  if (LAB_NAME.test(name)) return name;
  throw new LabError(
    'bad-name',
    `${JSON.stringify(name)} cannot name a lab`,
    'a name has 1 to 15 small letters, digits and inner dashes',
    'give another --name',
  );
}

/** The network namespace of a box, as `ip netns` shows it. */
export function namespaceOf(lab: string, box: string): string {
  return `weft-${lab}-${box}`;
}

/** The box of a lab that a network namespace belongs to. Box names have no dash, so lab `a` never takes those of lab `a-b`. */
export function boxOfNamespace(lab: string, namespace: string): string | undefined {
  const prefix = `weft-${lab}-`;
  const box = namespace.startsWith(prefix) ? namespace.slice(prefix.length) : '';
  return /^[a-z]+[0-9]*$/.test(box) ? box : undefined;
}
