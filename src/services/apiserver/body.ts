import type { IncomingMessage } from 'node:http';
import { parseAllDocuments } from 'yaml';
import { duplicateMembers, parseJson } from '../../lib/schema/json-text.ts';
import { isObject, type Json, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { decodeProtobuf, PROTOBUF_MEDIA_TYPE } from './protobuf.ts';
import { badRequest, StatusError, unsupportedMediaType } from './model/status-error.ts';
import { messageOf } from '../../lib/error/message.ts';

/** bytes; upstream's limit on request bodies */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

export interface Body {
  readonly bytes: Buffer;
  readonly text: string;
  /** lower case, without parameters; '' when the header is absent */
  readonly mediaType: string;
}

/** @throws StatusError RequestEntityTooLarge above 3 MiB */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES)
      throw new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${MAX_BODY_BYTES}`);
    chunks.push(chunk);
  }
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';');
  const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return { bytes: whole, text: whole.toString('utf8'), mediaType: mediaType.trim().toLowerCase() };
}

export interface Decoded {
  readonly value: JsonObject;
  /** paths of members that occur twice */
  readonly duplicates: readonly string[];
}

const OBJECT_MEDIA_TYPES = ['application/json', 'application/yaml'] as const;

/** Decodes a body that holds one object. @throws StatusError BadRequest or UnsupportedMediaType */
export function decodeObject(body: Body, options: { readonly findDuplicates: boolean }): Decoded {
  const value = body.mediaType === PROTOBUF_MEDIA_TYPE ? fromProtobuf(body) : decodeText(body);
  if (!isObject(value)) throw badRequest(`the body of the request must be an object: ${kindOfValue(value)} found`);
  const json = body.mediaType === '' || body.mediaType === 'application/json';
  return { value, duplicates: options.findDuplicates && json ? duplicateMembers(body.text) : [] };
}

function fromProtobuf({ bytes }: Body): JsonObject {
  let value: JsonObject | undefined;
  try {
    value = decodeProtobuf(bytes);
  } catch (error) {
    throw badRequest(`the body cannot be decoded: ${messageOf(error)}`);
  }
  // as upstream answers for kinds that have no protobuf form
  if (!value) throw unsupportedMediaType(OBJECT_MEDIA_TYPES);
  return value;
}

function decodeText(body: Body): Json {
  if (body.mediaType === '' || body.mediaType === 'application/json') return parseBody(body.text);
  if (body.mediaType !== 'application/yaml') throw unsupportedMediaType(OBJECT_MEDIA_TYPES);
  const [document] = parseAllDocuments(body.text, { version: '1.2', intAsBigInt: true });
  if (!document || !('errors' in document) || document.errors.length > 0)
    throw badRequest(
      `couldn't get version/kind; YAML parse error: ${document && 'errors' in document ? document.errors[0]?.message : 'empty'}`,
    );
  return safeIntegers(document.toJS() as Json);
}

/** @throws StatusError BadRequest when the text is no JSON */
export function parseBody(text: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${messageOf(error)}`);
  }
}

function kindOfValue(value: Json): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** YAML integers were read as bigint, to lose no digit: those that fit become numbers again. */
function safeIntegers(value: Json): Json {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(safeIntegers);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, safeIntegers(member)]));
}
