/**
 * Decoding of protobuf bodies, for the few kinds that kubectl sends that way whatever the server says
 * (`kubectl create namespace|configmap|secret|serviceaccount|service`). Wire format: protobuf.dev/programming-guides/encoding;
 * envelope: k8s.io/apimachinery/pkg/runtime/serializer/protobuf. Answers are JSON, which every client accepts.
 */
import type { Json, JsonObject } from '../../lib/schema/structural-schema.ts';
import { MESSAGES, type FieldType, type Message } from './protobuf-messages.ts';

export const PROTOBUF_MEDIA_TYPE = 'application/vnd.kubernetes.protobuf';

const MAGIC = Buffer.from('k8s\0');

/** @returns undefined for a kind without a table @throws RangeError for malformed bytes */
export function decodeProtobuf(bytes: Buffer): JsonObject | undefined {
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw new RangeError('no Kubernetes protobuf: the magic number is missing');
  const envelope = [...new Reader(bytes.subarray(4)).fields()];
  const part = (number: number): Buffer =>
    (envelope.find((field) => field.number === number)?.value as Buffer) ?? Buffer.of();
  const { apiVersion = 'v1', kind = '' } = decodeMessage(
    { 1: ['apiVersion', 'string'], 2: ['kind', 'string'] },
    part(1),
  );
  const message = MESSAGES[String(kind as string)];
  return message && { apiVersion, kind, ...decodeMessage(message, part(2)) };
}

/** Go writes every member, also empty ones, which JSON omits: they are omitted here too. */
function decodeMessage(message: Message, bytes: Buffer): JsonObject {
  const object: JsonObject = {};
  for (const { number, value } of new Reader(bytes).fields()) {
    const field = message[number];
    if (!field) continue;
    const [name, type] = field;
    if (typeof type === 'object' && 'repeated' in type)
      ((object[name] ??= []) as Json[]).push(decodeValue(type.repeated, value));
    else if (typeof type === 'object' && 'map' in type)
      addEntry((object[name] ??= {}) as JsonObject, type.map, value as Buffer);
    else {
      const decoded = decodeValue(type, value);
      if (!isEmpty(decoded)) object[name] = decoded;
    }
  }
  return object;
}

function addEntry(object: JsonObject, type: FieldType, bytes: Buffer): void {
  let [key, decoded]: [string, Json] = ['', ''];
  for (const { number, value } of new Reader(bytes).fields()) {
    if (number === 1) key = (value as Buffer).toString('utf8');
    if (number === 2) decoded = decodeValue(type, value);
  }
  object[key] = decoded;
}

function decodeValue(type: FieldType, value: bigint | Buffer): Json {
  if (typeof value === 'bigint') return type === 'bool' ? value !== 0n : Number(BigInt.asIntN(64, value));
  if (type === 'string') return value.toString('utf8');
  if (type === 'bytes') return value.toString('base64');
  if (type === 'time') return decodeTime(value);
  if (type === 'intOrString') {
    const {
      type: isText,
      number,
      text,
    } = decodeMessage({ 1: ['type', 'int'], 2: ['number', 'int'], 3: ['text', 'string'] }, value);
    return isText === 1 ? (text ?? '') : (number ?? 0);
  }
  return typeof type === 'object' && 'message' in type ? decodeMessage(type.message, value) : null;
}

/** metav1.Time and MicroTime; the zero time is nothing */
function decodeTime(bytes: Buffer): Json {
  const { seconds = 0, nanos = 0 } = decodeMessage({ 1: ['seconds', 'int'], 2: ['nanos', 'int'] }, bytes);
  if (seconds === 0) return '';
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return nanos === 0 ? `${text}Z` : `${text}.${String(Math.trunc(Number(nanos) / 1000)).padStart(6, '0')}Z`;
}

function isEmpty(value: Json): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false || value === null;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  *fields(): Iterable<{ number: number; value: bigint | Buffer }> {
    while (this.#at < this.#bytes.length) {
      const tag = Number(this.#varint());
      yield { number: tag >>> 3, value: this.#value(tag & 7) };
    }
  }

  #value(wireType: number): bigint | Buffer {
    if (wireType === 0) return this.#varint();
    if (wireType === 1) return this.#take(8);
    if (wireType === 2) return this.#take(Number(this.#varint()));
    if (wireType === 5) return this.#take(4);
    throw new RangeError(`protobuf: wire type ${wireType} at byte ${this.#at}`);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#take(1)[0]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError(`protobuf: a number longer than 10 bytes at byte ${this.#at}`);
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length)
      throw new RangeError(`protobuf: ${length} bytes at byte ${this.#at} of ${this.#bytes.length}`);
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
