import { memberSchemaOf } from './prune.ts';
import {
  cloneJson,
  isObject,
  setMember,
  type Json,
  type JsonObject,
  type StructuralSchema,
} from './structural-schema.ts';

/**
 * Gives absent members their default, in place, and drops nulls that the schema does not allow and that have no default
 * (upstream: PruneNonNullableNullsWithoutDefaults, then Default). `spec:` with nothing after it is thus as good as no spec.
 */
export function applyDefaults(schema: StructuralSchema, value: Json): void {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (!items) return;
    for (const [i, item] of value.entries()) {
      if (item === null && !items.nullable && items.default !== undefined) value[i] = cloneJson(items.default);
      applyDefaults(items, value[i]!);
    }
  } else if (isObject(value)) {
    dropForbiddenNulls(schema, value);
    addAbsentMembers(schema, value);
    for (const name of Object.keys(value)) {
      const memberSchema = memberSchemaOf(schema, name);
      if (memberSchema) applyDefaults(memberSchema, value[name]!);
    }
  }
}

function dropForbiddenNulls(schema: StructuralSchema, value: JsonObject): void {
  for (const name of Object.keys(value)) {
    if (value[name] !== null) continue;
    const memberSchema = memberSchemaOf(schema, name);
    if (memberSchema && !memberSchema.nullable && memberSchema.type !== undefined) delete value[name];
  }
}

function addAbsentMembers(schema: StructuralSchema, value: JsonObject): void {
  for (const [name, memberSchema] of Object.entries(schema.properties ?? {})) {
    if (memberSchema.default !== undefined && !Object.hasOwn(value, name))
      setMember(value, name, cloneJson(memberSchema.default));
  }
}
