/**
 * A file system to read from, for the programs of a guest: on a disk they cost memory only while they are used, in the first file system they
 * would cost it for good. https://docs.kernel.org/filesystems/romfs.html
 *
 *     "-rom1fs-" size checksum name | header name content | header name content | ...        all in steps of 16 bytes, numbers big-endian
 *     header: place of the next one in the same directory and type; info; size; checksum
 */
import { Buffer } from 'node:buffer';
import { type FileEntry, withDirectories } from './file-entry.ts';

const STEP = 16;
const HEADER = 16;
const VOLUME = 'weft';
const TYPES = { hardLink: 0, directory: 1, file: 2, link: 3 } as const;
const EXECUTABLE = 8;
/** a disk has whole blocks */
const BLOCK = 4096;
/** what the checksum of the whole is made over */
const CHECKED = 512;

interface Node {
  readonly name: string;
  readonly entry: FileEntry | undefined;
  readonly children: Map<string, Node>;
  place: number;
}

export function romfs(entries: readonly FileEntry[]): Buffer {
  const root = treeOf(entries);
  const chunks: Chunk[] = [];
  const end = layOut(root, root, aligned(HEADER + VOLUME.length + 1), chunks);
  const image = Buffer.alloc(Math.ceil(end / BLOCK) * BLOCK);
  for (const chunk of chunks) write(image, chunk);
  image.write('-rom1fs-', 'latin1');
  image.writeUInt32BE(end, 8);
  image.write(VOLUME, HEADER, 'latin1');
  seal(image, 0, 12, Math.min(CHECKED, image.length));
  return image;
}

function treeOf(entries: readonly FileEntry[]): Node {
  const root: Node = { name: '.', entry: undefined, children: new Map(), place: 0 };
  for (const entry of withDirectories(entries)) {
    const names = entry.path.split('/');
    const name = names.pop()!;
    let parent = root;
    for (const step of names) parent = parent.children.get(step)!;
    parent.children.set(name, { name, entry, children: new Map(), place: 0 });
  }
  return root;
}

interface Chunk {
  readonly place: number;
  readonly name: string;
  readonly type: number;
  readonly info: () => number;
  readonly content: Buffer;
  next: number;
}

/** Gives a directory's own entries their places, then what is in them. @returns the first place behind all of it */
function layOut(directory: Node, parent: Node, start: number, chunks: Chunk[]): number {
  const isRoot = directory === parent;
  // the root is described by its own "."
  if (isRoot) directory.place = start;
  const none = Buffer.alloc(0);
  const dots = isRoot
    ? [{ name: '.', type: TYPES.directory | EXECUTABLE, info: () => start, content: none }]
    : [{ name: '.', type: TYPES.hardLink, info: () => directory.place, content: none }];
  const up = { name: '..', type: TYPES.hardLink, info: () => parent.place, content: none };
  const firstOf = new Map<Node, number>();
  const own = [...directory.children.values()].map((node) => ({ node, ...describe(node, firstOf) }));
  let place = start;
  const put = (chunk: Omit<Chunk, 'place' | 'next'>): Chunk => {
    const placed = { ...chunk, place, next: 0 };
    place = aligned(place + headerSize(chunk.name) + chunk.content.length);
    chunks.push(placed);
    return placed;
  };
  const listed = [...dots, up].map(put);
  for (const { node, ...chunk } of own) {
    const placed = put(chunk);
    node.place = placed.place;
    listed.push(placed);
  }
  for (const [index, chunk] of listed.entries()) chunk.next = listed[index + 1]?.place ?? 0;
  for (const { node } of own) {
    if (node.entry?.type !== 'directory') continue;
    firstOf.set(node, place);
    place = layOut(node, directory, place, chunks);
  }
  return place;
}

function describe(node: Node, firstOf: ReadonlyMap<Node, number>): Omit<Chunk, 'place' | 'next'> {
  const { name, entry } = node;
  if (entry?.type === 'file') {
    const type = TYPES.file | (entry.mode & 0o100 ? EXECUTABLE : 0);
    return { name, type, info: () => 0, content: entry.content };
  }
  if (entry?.type === 'link') return { name, type: TYPES.link, info: () => 0, content: Buffer.from(entry.target) };
  return { name, type: TYPES.directory | EXECUTABLE, info: () => firstOf.get(node)!, content: Buffer.alloc(0) };
}

function write(image: Buffer, { place, name, type, info, content, next }: Chunk): void {
  image.writeUInt32BE(next | type, place);
  image.writeUInt32BE(info(), place + 4);
  image.writeUInt32BE(content.length, place + 8);
  image.write(name, place + HEADER, 'utf8');
  seal(image, place, 12, headerSize(name));
  content.copy(image, place + headerSize(name));
}

/** Makes the sum of all words of a stretch zero by one of them. */
function seal(image: Buffer, start: number, at: number, length: number): void {
  let sum = 0;
  for (let offset = 0; offset + 4 <= length; offset += 4) sum = (sum + image.readUInt32BE(start + offset)) >>> 0;
  image.writeUInt32BE(-sum >>> 0, start + at);
}

function headerSize(name: string): number {
  return HEADER + aligned(Buffer.byteLength(name) + 1);
}

function aligned(size: number): number {
  return Math.ceil(size / STEP) * STEP;
}
