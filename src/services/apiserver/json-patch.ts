import jsonPatchLibrary, { type Operation } from 'fast-json-patch';
import { cloneJson, isObject, type Json, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { plainText } from './model/objects.ts';
import { badRequest, StatusError } from './model/status-error.ts';

// the package is CommonJS whose names Node cannot see
const { applyOperation, getValueByPointer, JsonPatchError } = jsonPatchLibrary;

/** upstream's limit on the operations of one patch */
const MAX_OPERATIONS = 10_000;

/**
 * RFC 6902. The document is changed.
 * @throws StatusError BadRequest for a malformed patch, Invalid for one that does not fit the document
 */
export function jsonPatch(document: JsonObject, patch: Json): Json {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch must be a list of operations');
  if (patch.length > MAX_OPERATIONS)
    throw new StatusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  let result: Json = document;
  for (const operation of patch) result = applyOne(result, operation);
  return result;
}

function applyOne(document: Json, operation: Json): Json {
  if (!isObject(operation) || typeof operation.op !== 'string' || typeof operation.path !== 'string')
    throw badRequest('error decoding patch: an operation must have op and path');
  try {
    const plain = withoutCopy(document, operation);
    return applyOperation<Json>(document, plain, true, true).newDocument;
  } catch (error) {
    // a pointer into nothing throws a TypeError in the library
    const why = error instanceof JsonPatchError ? error.name : 'the path does not exist';
    throw new StatusError(
      'Invalid',
      `the server rejected our request due to an error in our request: ${operation.op} ${operation.path}: ${why}`,
    );
  }
}

/** The library copies by JSON text, which knows no bigint: a copy is an addition of our own copy. */
function withoutCopy(document: Json, operation: JsonObject): Operation {
  if (operation.op !== 'copy') return operation as unknown as Operation;
  const value = cloneJson(getValueByPointer(document, plainText(operation.from)) as Json);
  return { op: 'add', path: plainText(operation.path), value };
}
