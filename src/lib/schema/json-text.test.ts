import { describe, expect, it } from 'vitest';
import { duplicateMembers, parseJson, stringifyJson } from './json-text.ts';

describe('parseJson and stringifyJson', () => {
  it.each([
    '{"free":340282366920938463463374607431768211455}',
    '{"free":-9223372036854775808}',
    '[9007199254740993,1]',
    '{"a":"1234567890123456789"}',
    '{"uid":"11112222333344445555","n":1.5}',
  ])('loses no digit of %s', (text) => {
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  it('keeps numbers that fit as numbers, also beside long ones', () => {
    expect(parseJson('{"a":1,"b":18446744073709551615,"c":0.1234567890123456789}')).toEqual({
      a: 1,
      b: 18446744073709551615n,
      c: 0.12345678901234568,
    });
  });

  it('throws SyntaxError for what is no JSON, with and without long numbers', () => {
    expect(() => parseJson('{"a":')).toThrow(SyntaxError);
    expect(() => parseJson('{"a":12345678901234567890')).toThrow(SyntaxError);
  });
});

describe('duplicateMembers', () => {
  it.each([
    ['{"a":1,"b":2}', []],
    ['{"a":1,"a":2}', ['a']],
    ['{"spec":{"x":1,"y":{"x":2},"x":3}}', ['spec.x']],
    ['{"l":[{"a":1},{"a":1,"a":2}]}', ['l[1].a']],
    ['{"a":"a","b":["a","a"]}', []],
    ['{"a\\"":1,"a\\"":2}', ['a"']],
    ['{"s":"{\\"a\\":1,\\"a\\":2}"}', []],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"\\u0061":1,"a":2}', ['a']],
  ])('%s -> %j', (text, paths) => {
    expect(duplicateMembers(text)).toEqual(paths);
  });
});
