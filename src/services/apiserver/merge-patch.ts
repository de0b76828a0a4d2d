import { isObject, setMember, type Json, type JsonObject } from '../../lib/schema/structural-schema.ts';

/** RFC 7386: null deletes, objects merge, everything else replaces. The target is changed and may be part of the result. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? target : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else setMember(result, name, mergePatch(Object.hasOwn(result, name) ? result[name] : undefined, value));
  }
  return result;
}
