// Values: JavaScript form <-> the JSON notation of RFC 7047 section 5.1, by column type.
import { OvsdbError } from './errors.ts';
import type { AtomicType, ColumnType } from './schema.ts';

export type Atom = string | number | boolean;
/** A set: sorted (see `sortedSet`), no element twice. */
export type SetValue = readonly Atom[];
/** A map: a plain object without inherited names, so that any key is safe; integer keys become their decimal text. */
export type MapValue = Readonly<Record<string, Atom>>;
/** A column's value. Integers beyond 2^53 lose precision, as in all of JSON.parse. */
export type Value = Atom | SetValue | MapValue | undefined;

/** The uuid that a scalar uuid column has by default. */
export const NO_UUID = '00000000-0000-0000-0000-000000000000';

// Objects made by this constructor inherit from an empty object: `__proto__` and `constructor` are ordinary keys,
// and, unlike with Object.create(null), V8 keeps them in its fast form.
const BareObject = function () {} as unknown as new () => Record<string, Atom>;
BareObject.prototype = Object.create(null);

/** An empty map, to be filled by its maker only. */
export function emptyMap(): Record<string, Atom> {
  return new BareObject();
}

/** The map form of any object or list of entries. */
export function mapValue(entries: Readonly<Record<string, Atom>> | Iterable<readonly [string, Atom]>): MapValue {
  const map = emptyMap();
  const pairs = Symbol.iterator in entries ? (entries as Iterable<readonly [string, Atom]>) : Object.entries(entries);
  for (const [key, value] of pairs) map[key] = value;
  return map;
}

/** The set form of any values: strings by UTF-16 code units, numbers by size, without repetition. */
export function sortedSet<A extends Atom>(values: Iterable<A>): readonly A[] {
  return [...new Set(values)].sort(compareAtoms);
}

function compareAtoms(a: Atom, b: Atom): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Equality of two values of one column. Sets must be sorted, as all sets of this room are. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (isSet(a) || isSet(b)) return isSet(a) && isSet(b) && equalSets(a, b);
  return equalMaps(a, b);
}

function isSet(value: SetValue | MapValue): value is SetValue {
  return Array.isArray(value);
}

function equalSets(a: SetValue, b: SetValue): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function equalMaps(a: MapValue, b: MapValue): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  // Values are never undefined: an absent key differs from every value (inherited names are functions).
  for (const key of keys) if (a[key] !== b[key]) return false;
  return true;
}

// ---- from the wire

/** The value of a column of which the server sends nothing in an `insert` or `initial` update. */
export function defaultValue(type: ColumnType): Value {
  if (type.kind === 'scalar') return DEFAULT_ATOMS[type.key];
  if (type.kind === 'set') return NO_ELEMENTS;
  return type.kind === 'map' ? NO_ENTRIES : undefined;
}

const DEFAULT_ATOMS = { string: '', integer: 0, real: 0, boolean: false, uuid: NO_UUID } as const;
const NO_ELEMENTS: SetValue = Object.freeze([]);
const NO_ENTRIES: MapValue = Object.freeze(emptyMap());

/** Throws OvsdbError `protocol` when the JSON does not have the form of the type. */
export function decodeValue(type: ColumnType, json: unknown): Value {
  if (type.kind === 'scalar') return decodeAtom(type.key, json);
  if (type.kind === 'map') return decodeMap(type, json);
  if (type.kind === 'set') return decodeSet(type.key, json);
  const elements = decodeSet(type.key, json);
  if (elements.length > 1) throw notThe('optional value', json);
  return elements[0];
}

function decodeAtom(type: AtomicType, json: unknown): Atom {
  if (type === 'uuid') {
    if (Array.isArray(json) && json[0] === 'uuid' && typeof json[1] === 'string') return json[1];
  } else if (typeof json === JS_TYPES[type]) {
    return json as Atom;
  }
  throw notThe(type, json);
}

const JS_TYPES = { string: 'string', integer: 'number', real: 'number', boolean: 'boolean', uuid: 'string' } as const;

/** A set of one element is sent as the bare element. */
function decodeSet(type: AtomicType, json: unknown): SetValue {
  if (!Array.isArray(json) || json[0] !== 'set') return [decodeAtom(type, json)];
  const elements: unknown = json[1];
  if (!Array.isArray(elements)) throw notThe('set', json);
  if (elements.length === 0) return NO_ELEMENTS;
  const values: Atom[] = [];
  let sorted = true;
  for (const element of elements) {
    const atom = decodeAtom(type, element);
    if (values.length > 0 && !(values.at(-1)! < atom)) sorted = false;
    values.push(atom);
  }
  // The server sorts by UTF-8 bytes: the same order, but for characters beyond U+FFFF.
  return sorted ? values : sortedSet(values);
}

function decodeMap(type: ColumnType, json: unknown): MapValue {
  if (!Array.isArray(json) || json[0] !== 'map' || !Array.isArray(json[1])) throw notThe('map', json);
  const map = emptyMap();
  for (const pair of json[1] as unknown[]) {
    if (!Array.isArray(pair)) throw notThe('map', json);
    map[String(decodeAtom(type.key, pair[0]))] = decodeAtom(type.value!, pair[1]);
  }
  return map;
}

function notThe(what: string, json: unknown): OvsdbError {
  const text = JSON.stringify(json) ?? 'nothing';
  const shown = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return new OvsdbError('protocol', `The server sent ${shown} where a value of type ${what} belongs.`);
}

// ---- to the wire

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** True for the 36 characters of a uuid, in lower case as the server writes them. */
function isUuid(text: string): boolean {
  return text.length === 36 && UUID.test(text);
}

/**
 * The JSON of a value. In a uuid column a string that is not a uuid is the `uuidName` of an insert of the same
 * transaction. Throws OvsdbError `bad-value` with a sentence that starts with "takes".
 */
export function encodeValue(type: ColumnType, value: Value): unknown {
  if (type.kind === 'map') return encodeMap(type, value);
  if (type.kind === 'scalar') return encodeAtom(type.key, value);
  if (Array.isArray(value)) return encodeSet(type, value);
  if (value === undefined && type.kind === 'optional') return ['set', []];
  return encodeAtom(type.key, value);
}

function encodeSet(type: ColumnType, values: SetValue): unknown {
  if (type.kind === 'optional' && values.length > 1) throw doesNotFit('at most one value', values);
  if (values.length === 1) return encodeAtom(type.key, values[0]);
  return ['set', values.map((value) => encodeAtom(type.key, value))];
}

function encodeMap(type: ColumnType, value: Value): unknown {
  if (typeof value !== 'object' || isSet(value)) throw doesNotFit('a map (an object)', value);
  const pairs = Object.keys(value).map((key) => [encodeKey(type.key, key), encodeAtom(type.value!, value[key])]);
  return ['map', pairs];
}

/** The keys of an entry to be deleted from a map: `mutate` with `delete` takes them as a set. */
export function encodeKeys(type: ColumnType, keys: SetValue): unknown {
  return ['set', keys.map((key) => encodeKey(type.key, String(key)))];
}

function encodeKey(type: AtomicType, key: string): unknown {
  if (type === 'string' || type === 'uuid') return encodeAtom(type, key);
  if (type === 'boolean') return encodeAtom(type, key === 'true' ? true : key === 'false' ? false : key);
  return encodeAtom(type, key.trim() === '' ? key : Number(key));
}

function encodeAtom(type: AtomicType, value: unknown): unknown {
  if (type === 'string') {
    if (typeof value === 'string') return value;
  } else if (type === 'uuid') {
    if (typeof value === 'string' && isUuid(value)) return ['uuid', value];
    if (typeof value === 'string' && NAME.test(value)) return ['named-uuid', value];
  } else if (type === 'boolean') {
    if (typeof value === 'boolean') return value;
  } else if (type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value)) {
    return value;
  }
  throw doesNotFit(ATOM_NAMES[type], value);
}

const ATOM_NAMES = {
  string: 'a string',
  uuid: 'a uuid, or the uuidName of an insert in the same transaction',
  boolean: 'a boolean',
  integer: 'an integer below 2^53',
  real: 'a finite number',
} as const;

function doesNotFit(wanted: string, value: unknown): OvsdbError {
  return new OvsdbError('bad-value', `takes ${wanted}, not ${JSON.stringify(value) ?? String(value)}`);
}
