import { isObject, type Json, type StructuralSchema } from './structural-schema.ts';

/** What a resource embedded in another one always may have (x-kubernetes-embedded-resource). */
const EMBEDDED_MEMBERS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

export interface PruneOptions {
  /** the value is itself a resource: keep apiVersion, kind and metadata whatever the schema says */
  readonly isResource?: boolean;
}

/**
 * Drops every member that the schema does not know, in place (upstream: apiextensions structural-schema pruning).
 * @returns the paths of what was dropped, in document order
 */
export function prune(schema: StructuralSchema, value: Json, options: PruneOptions = {}): string[] {
  const pruned: string[] = [];
  pruneValue(schema, value, options.isResource ?? false, '', pruned);
  return pruned;
}

function pruneValue(schema: StructuralSchema, value: Json, isResource: boolean, path: string, pruned: string[]): void {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items) value.forEach((item, i) => pruneValue(items, item, isEmbedded(items), `${path}[${i}]`, pruned));
    return;
  }
  if (!isObject(value)) return;
  const unknownKept = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  for (const name of Object.keys(value)) {
    if (isResource && EMBEDDED_MEMBERS.has(name)) continue;
    const memberPath = path === '' ? name : `${path}.${name}`;
    const memberSchema = memberSchemaOf(schema, name);
    if (memberSchema) pruneValue(memberSchema, value[name]!, isEmbedded(memberSchema), memberPath, pruned);
    else if (!unknownKept) {
      delete value[name];
      pruned.push(memberPath);
    }
  }
}

function isEmbedded(schema: StructuralSchema): boolean {
  return schema['x-kubernetes-embedded-resource'] === true;
}

/** The schema of a member: its own, else that of additional properties. */
export function memberSchemaOf(schema: StructuralSchema, name: string): StructuralSchema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}
