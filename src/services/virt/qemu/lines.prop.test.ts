import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Line, LineReader } from './lines.ts';

test('however a stream is cut into pieces, and whenever somebody begins to listen, the lines are the same', () => {
  const word = fc.stringMatching(/^[0-9a-z]{1,6}$/);
  const lines = fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { maxLength: 8 });
  fc.assert(
    fc.property(lines, fc.array(fc.nat(40)), fc.nat(5), (said, cuts, late) => {
      const text = said.map((line) => `${line.join(' ')}\n`).join('');
      const places = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
      const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
      const heard: Line[] = [];
      const reader = new LineReader();
      for (const [index, piece] of pieces.entries()) {
        if (index === late) reader.onLine = (line) => heard.push(line);
        reader.read(piece);
      }
      reader.onLine = (line) => heard.push(line);
      expect(heard).toEqual(said);
    }),
  );
});
