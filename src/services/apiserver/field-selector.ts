import type { KubeObject } from './model/objects.ts';
import { compileJsonPath, textOf } from './model/json-path.ts';
import type { ServedResource } from './registry.ts';
import { badRequest } from './model/status-error.ts';

export type FieldTest = (object: KubeObject) => boolean;

interface Requirement {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

/**
 * Parses a field selector: `metadata.name=x,spec.nodeName!=y`.
 * @returns undefined for an empty one @throws StatusError BadRequest for a field that the kind does not offer
 */
export function parseFieldSelector(text: string, { resource, version }: ServedResource): FieldTest | undefined {
  if (text.trim() === '') return undefined;
  const requirements = splitUnescaped(text).map((part) => parseRequirement(text, part));
  const paths = new Map(
    (version.selectableFields ?? []).map((path) => [path.replace(/^\./, ''), compileJsonPath(path)]),
  );
  const fieldsOf = (object: KubeObject): Readonly<Record<string, string>> => ({
    'metadata.name': object.metadata.name ?? '',
    'metadata.namespace': object.metadata.namespace ?? '',
    ...Object.fromEntries([...paths].map(([field, path]) => [field, textOf(path(object)[0])])),
    ...resource.strategy.fields?.(object),
  });
  const known = fieldsOf({
    apiVersion: '',
    kind: '',
    metadata: { name: '', uid: '', resourceVersion: '', creationTimestamp: '' },
  });
  for (const { field } of requirements)
    if (!Object.hasOwn(known, field)) throw badRequest(`field label not supported: ${field}`);
  return (object) => {
    const fields = fieldsOf(object);
    return requirements.every(({ field, value, equal }) => (fields[field] === value) === equal);
  };
}

/** The only name that a selector admits, if it names one: then no list needs to be walked. */
export function selectedName(text: string): string | undefined {
  return /(?:^|,)metadata\.name==?([^,=!\\]+)(?:,|$)/.exec(text)?.[1];
}

function splitUnescaped(text: string): string[] {
  return text.match(/(?:\\.|[^,\\])+/gs) ?? [];
}

function parseRequirement(selector: string, part: string): Requirement {
  const match = /^\s*([^=!\s]+)\s*(!=|==|=)(.*)$/s.exec(part);
  if (!match)
    throw badRequest(`invalid field selector ${JSON.stringify(selector)}; can't understand ${JSON.stringify(part)}`);
  const [, field = '', operator, value = ''] = match;
  return { field, value: value.trim().replace(/\\([\\,=])/g, '$1'), equal: operator !== '!=' };
}
