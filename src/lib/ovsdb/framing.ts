// Where does one JSON document of a byte stream end? The scanner works on bytes, so a cut anywhere, also inside a
// UTF-8 sequence or an escape, cannot confuse it; text is made, and parsed, once per whole document.
import { OvsdbError } from './errors.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const SPACE = 0x20;

/** The longest message that is taken: V8 has no longer strings. */
const MAX_BYTES = 0x1fff_ffe8;

/** Splits a stream of JSON objects, with or without white space between them. */
export class JsonSplitter {
  readonly #onDocument: (document: unknown) => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(onDocument: (document: unknown) => void) {
    this.#onDocument = onDocument;
  }

  /** True when a document has begun and not ended. */
  get incomplete(): boolean {
    return this.#bytes > 0;
  }

  /** Calls `onDocument` for each document that `chunk` completes. Throws OvsdbError `protocol` for what is not JSON. */
  push(chunk: Buffer): void {
    let start = 0;
    while (start < chunk.length) {
      if (this.#depth === 0) {
        start = firstOfDocument(chunk, start);
        if (start === chunk.length) return;
      }
      const end = this.#scan(chunk, start);
      if (end === -1) return this.#keep(chunk.subarray(start));
      this.#finish(chunk.subarray(start, end));
      start = end;
    }
  }

  /** The index after the end of the current document, or -1 when it goes on in the next chunk. */
  #scan(chunk: Buffer, start: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let at = this.#escaped ? start + 1 : start;
    const { length } = chunk;
    for (; at < length; at++) {
      const byte = chunk[at];
      if (inString) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN) depth++;
      else if (byte === CLOSE && --depth === 0) break;
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = at > length;
    return at < length ? at + 1 : -1;
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > MAX_BYTES) {
      throw new OvsdbError(
        'protocol',
        `The server sent a message of more than ${MAX_BYTES} bytes; monitor fewer columns.`,
      );
    }
    this.#parts.push(part);
  }

  #finish(last: Buffer): void {
    let whole = last;
    if (this.#bytes > 0) {
      whole = Buffer.concat([...this.#parts, last], this.#bytes + last.length);
      this.#parts = [];
      this.#bytes = 0;
    }
    this.#onDocument(parse(whole));
  }
}

function firstOfDocument(chunk: Buffer, start: number): number {
  let at = start;
  while (at < chunk.length && chunk[at]! <= SPACE) at++;
  if (at < chunk.length && chunk[at] !== OPEN) throw garbage(chunk.subarray(at));
  return at;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    throw garbage(bytes, cause);
  }
}

function garbage(bytes: Buffer, cause?: unknown): OvsdbError {
  const shown = JSON.stringify(bytes.toString('latin1', 0, 60));
  return new OvsdbError('protocol', `The server sent what is not a JSON object: ${shown}`, { cause });
}
