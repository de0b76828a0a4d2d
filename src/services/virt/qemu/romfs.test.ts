/** Read back by a reader that knows only the layout (https://docs.kernel.org/filesystems/romfs.html). */
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import type { FileEntry } from './file-entry.ts';
import { romfs } from './romfs.ts';

/** what is in the image: path -> what it is; a hard link is told by where it leads */
type Found = Map<
  string,
  { readonly type: number; readonly place: number; readonly content: Buffer; readonly to: number }
>;

const [HARD_LINK, DIRECTORY, FILE, LINK] = [0, 1, 2, 3];
const EXECUTABLE = 8;

function wordSum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0;
  return sum;
}

/** A name, zero-terminated, in steps of 16 bytes. @returns it, and the place behind it */
function nameAt(image: Buffer, place: number): readonly [string, number] {
  const end = image.indexOf(0, place);
  return [image.toString('utf8', place, end), place + (Math.floor((end - place) / 16) + 1) * 16];
}

function readDirectory(image: Buffer, first: number, path: string, found: Found): Found {
  for (let place = first; place !== 0; ) {
    const word = image.readUInt32BE(place);
    const [to, size] = [image.readUInt32BE(place + 4), image.readUInt32BE(place + 8)];
    const [name, start] = nameAt(image, place + 16);
    expect([place % 16, name, wordSum(image.subarray(place, start))]).toEqual([0, name, 0]);
    const type = word & 0xf;
    found.set(path + name, { type, place, to, content: image.subarray(start, start + size) });
    if ((type & 7) === DIRECTORY && name !== '.') readDirectory(image, to, `${path}${name}/`, found);
    place = (word & ~0xf) >>> 0;
  }
  return found;
}

function read(image: Buffer): Found {
  expect(image.toString('latin1', 0, 8)).toBe('-rom1fs-');
  expect(image.readUInt32BE(8)).toBeLessThanOrEqual(image.length);
  expect(wordSum(image.subarray(0, 512))).toBe(0);
  return readDirectory(image, nameAt(image, 16)[1], '', new Map());
}

const file = (path: string, content: Buffer, mode = 0o644): FileEntry => ({ path, type: 'file', mode, content });

test('what is written is read back: files, links, directories, modes, names of every length', () => {
  const long = 'x'.repeat(200);
  const entries: FileEntry[] = [
    file('bin/tool', Buffer.from([0, 1, 2, 255, 10]), 0o755),
    file('bin/data', Buffer.from('a'.repeat(5000))),
    { path: 'bin/alias', type: 'link', target: '../lib/deep/er/thing' },
    file('lib/deep/er/thing', Buffer.alloc(16, 7)),
    file('lib/deep/none', Buffer.alloc(0)),
    file(`lib/${long}`, Buffer.from('long')),
    // a name and its end fill one step, and two
    file('lib/123456789012345', Buffer.from('15')),
    file('lib/1234567890123456', Buffer.from('16')),
    file('lib/grüße', Buffer.from('utf-8')),
    { path: 'empty', type: 'directory' },
  ];
  const image = romfs(entries);
  expect(image.length % 4096).toBe(0);
  const found = read(image);
  const kinds = { directory: DIRECTORY, link: LINK, file: FILE };
  for (const entry of entries) {
    const node = found.get(entry.path);
    expect([entry.path, (node?.type ?? -1) & 7]).toEqual([entry.path, kinds[entry.type]]);
    if (entry.type === 'file') {
      expect([entry.path, node!.content.equals(entry.content)]).toEqual([entry.path, true]);
      expect([entry.path, (node!.type & EXECUTABLE) !== 0]).toEqual([entry.path, (entry.mode & 0o100) !== 0]);
    }
    if (entry.type === 'link') expect(node!.content.toString()).toBe(entry.target);
  }
  const named = [...found.keys()].filter((path) => !/(^|\/)\.{1,2}$/.test(path));
  const parents = ['bin', 'lib', 'lib/deep', 'lib/deep/er'];
  expect(named.toSorted()).toEqual([...parents, ...entries.map(({ path }) => path)].toSorted());
});

test('the dots of a directory lead to itself and to the one it is in', () => {
  const found = read(romfs([file('a/b/c', Buffer.from('c'))]));
  const place = (path: string) => found.get(path)!.place;
  const dots = ['a/.', 'a/..', 'a/b/.', 'a/b/..', '..'].map((path) => [found.get(path)!.type, found.get(path)!.to]);
  expect(dots).toEqual([place('a'), place('.'), place('a/b'), place('a'), place('.')].map((to) => [HARD_LINK, to]));
  expect([found.get('.')!.type & 7, found.get('.')!.to]).toEqual([DIRECTORY, place('.')]);
});

test('an image without files is one, and is not larger than a block', () => {
  const image = romfs([]);
  expect([image.length, [...read(image).keys()]]).toEqual([4096, ['.', '..']]);
});
