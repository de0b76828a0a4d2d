/** Labels as Kube-OVN's objects choose by them: a list of `key:value`, all of which must be there. */

export interface Label {
  readonly key: string;
  readonly value: string;
}

/** RFC 1123 subdomain and `/` before the name, both as Kubernetes' labels have them */
const KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

/** undefined: this is no label */
export function parseLabel(text: string): Label | undefined {
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  const [key, value] = [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  return KEY.test(key) && VALUE.test(value) ? { key, value } : undefined;
}

/** @returns the labels, or undefined when one of them cannot be read: a rule must not choose more than it was meant to */
export function parseLabels(texts: readonly string[]): readonly Label[] | undefined {
  const labels = texts.map(parseLabel);
  return labels.includes(undefined) ? undefined : (labels as readonly Label[]);
}
