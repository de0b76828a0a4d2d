/**
 * Strategic merge patch for built-in kinds
 * (https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md).
 * Which lists merge, and by which key, is in Go struct tags upstream; here it is a table by field name.
 */
import { equalJson, isObject, type Json, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { badRequest } from './model/status-error.ts';

/** List fields that merge item by item: field -> keys, of which the first that an item has identifies it. */
const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  ports: ['containerPort', 'port'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  hostAliases: ['ip'],
  podIPs: ['ip'],
  hostIPs: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
  conditions: ['type'],
  addresses: ['type'],
  taints: ['key'],
  ownerReferences: ['uid'],
  resourceClaims: ['name'],
};

/** Lists of plain values that merge as sets. */
const MERGE_SETS: ReadonlySet<string> = new Set(['finalizers']);

const DIRECTIVE = '$patch';
const DELETE_ITEMS = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';
const RETAIN = '$retainKeys';

/** Applies the patch; the target is changed and may be part of the result. @throws StatusError BadRequest */
export function strategicMergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch) as JsonObject;
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge')
    throw badRequest(`unknown ${DIRECTIVE} directive ${JSON.stringify(directive)}: must be merge, replace or delete`);
  const retained = patch[RETAIN];
  if (Array.isArray(retained))
    for (const name of Object.keys(target)) if (!retained.includes(name)) delete target[name];
  for (const [name, value] of Object.entries(patch)) applyMember(target, name, value);
  for (const [name, order] of Object.entries(patch)) if (name.startsWith(ORDER)) applyOrder(target, name, order);
  return target;
}

function applyMember(target: JsonObject, name: string, value: Json): void {
  if (name === DIRECTIVE || name === RETAIN || name.startsWith(ORDER)) return;
  const old = target[name];
  if (name.startsWith(DELETE_ITEMS)) deleteItems(target, name.slice(DELETE_ITEMS.length), value);
  else if (value === null) delete target[name];
  else if (isObject(value)) target[name] = strategicMergePatch(isObject(old) ? old : {}, value);
  else if (Array.isArray(value)) target[name] = mergeList(name, Array.isArray(old) ? old : [], value);
  else target[name] = value;
}

function deleteItems(target: JsonObject, name: string, items: Json): void {
  const list = target[name];
  if (Array.isArray(list) && Array.isArray(items))
    target[name] = list.filter((item) => !items.some((deleted) => equalJson(deleted, item)));
}

function mergeList(name: string, old: readonly Json[], patch: readonly Json[]): Json[] {
  if (MERGE_SETS.has(name)) return [...old, ...patch.filter((item) => !old.some((other) => equalJson(other, item)))];
  const keys = MERGE_KEYS[name];
  const replaces = patch.some(
    (item) => isObject(item) && item[DIRECTIVE] === 'replace' && Object.keys(item).length === 1,
  );
  const objects = [...old, ...patch].every(isObject);
  if (!keys || replaces || !objects)
    return patch.filter((item) => !isObject(item) || item[DIRECTIVE] !== 'replace').map(withoutDirectives);
  const result = [...old] as JsonObject[];
  for (const item of patch as readonly JsonObject[]) mergeItem(name, keys, result, item);
  return result;
}

function mergeItem(name: string, keys: readonly string[], result: JsonObject[], item: JsonObject): void {
  const key = keys.find((candidate) => item[candidate] !== undefined);
  if (key === undefined)
    throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${keys[0]} (${name})`);
  const index = result.findIndex((other) => equalJson(other[key], item[key]));
  if (item[DIRECTIVE] === 'delete') {
    if (index >= 0) result.splice(index, 1);
  } else if (index < 0) result.push(strategicMergePatch({}, item));
  else result[index] = strategicMergePatch(result[index]!, item);
}

/** `$setElementOrder/x`: items of the list come in the given order, the others keep their place behind them. */
function applyOrder(target: JsonObject, name: string, order: Json): void {
  const field = name.slice(ORDER.length);
  const list = target[field];
  if (!Array.isArray(list) || !Array.isArray(order)) return;
  const keys = MERGE_KEYS[field];
  const matches = (wanted: Json, item: Json): boolean => {
    if (!isObject(wanted) || !isObject(item)) return equalJson(wanted, item);
    const key = keys?.find((candidate) => wanted[candidate] !== undefined);
    return key !== undefined && equalJson(wanted[key], item[key]);
  };
  const rank = (item: Json): number => {
    const index = order.findIndex((wanted) => matches(wanted, item));
    return index < 0 ? order.length : index;
  };
  target[field] = list.toSorted((a, b) => rank(a) - rank(b));
}

function withoutDirectives(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([name]) => !name.startsWith('$'));
  return Object.fromEntries(entries.map(([name, member]) => [name, withoutDirectives(member)]));
}
