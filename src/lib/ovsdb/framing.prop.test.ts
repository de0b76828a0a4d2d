import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OvsdbError } from './errors.ts';
import { JsonSplitter } from './framing.ts';

function splitAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
}

function documentsOf(chunks: readonly Buffer[]): unknown[] {
  const documents: unknown[] = [];
  const splitter = new JsonSplitter((document) => documents.push(document));
  for (const chunk of chunks) splitter.push(chunk);
  expect(splitter.incomplete).toBe(false);
  return documents;
}

// Strings full of what a scanner could trip over: quotes, escapes, braces, and 1 to 4 bytes of UTF-8.
const trickyText = fc
  .array(fc.constantFrom('"', '\\', '{', '}', '[', ']', 'a', 'é', '中', '😀', '\n', '\u0000', '\\"', '}{'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));
const trickyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    trickyText,
    fc.jsonValue(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(trickyText, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const documents = fc.array(fc.dictionary(trickyText, trickyJson, { maxKeys: 5 }).map(reparsed), {
  minLength: 1,
  maxLength: 5,
});
const spaces = fc.constantFrom('', '\n', ' \t\r\n');

/** -0 and null prototypes do not survive JSON: compare what does. */
function reparsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

test('any documents, cut anywhere, come out whole and in order', () => {
  fc.assert(
    fc.property(documents, spaces, fc.array(fc.nat(), { maxLength: 20 }), (expected, space, cuts) => {
      const bytes = Buffer.from(expected.map((document) => JSON.stringify(document) + space).join(''));
      expect(documentsOf(splitAt(bytes, cuts))).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test('every single cut of a document, and one byte at a time', () => {
  const expected = [{ 'a"\\': ['}{', '"', '\\', { 'é中😀': '\\"' }], b: {} }, {}];
  const bytes = Buffer.from(expected.map((document) => JSON.stringify(document)).join(''));
  for (let cut = 0; cut <= bytes.length; cut++) expect(documentsOf(splitAt(bytes, [cut]))).toEqual(expected);
  expect(documentsOf(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(expected);
});

test.each(['garbage', '[1]', '{}x', '{"a":}', '}'])('refuses %s with a sentence that shows it', (text) => {
  const push = (): void => new JsonSplitter(() => {}).push(Buffer.from(text));
  expect(push).toThrow(OvsdbError);
  expect(push).toThrow(/^The server sent what is not a JSON object: "/);
});

test('knows that a document is incomplete', () => {
  const splitter = new JsonSplitter(() => {});
  splitter.push(Buffer.from('{"a":'));
  expect(splitter.incomplete).toBe(true);
  splitter.push(Buffer.from('1}'));
  expect(splitter.incomplete).toBe(false);
});
