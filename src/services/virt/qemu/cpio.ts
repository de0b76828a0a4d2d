/**
 * Archives in the "newc" form, of which the kernel unpacks its first file system.
 * https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
 */
import { Buffer } from 'node:buffer';
import type { FileEntry } from './file-entry.ts';

const TYPE_BITS = { directory: 0o040755, link: 0o120777, file: 0o100000 } as const;
const END = 'TRAILER!!!';

/** The same entries give the same bytes: no owner but root, no time. Directories come before what is in them. */
export function cpio(entries: readonly FileEntry[]): Buffer {
  const records = entries.map((entry, index) => record(entry.path, index + 1, modeOf(entry), contentOf(entry)));
  return Buffer.concat([...records, record(END, 0, 0, Buffer.alloc(0))]);
}

function modeOf(entry: FileEntry): number {
  return entry.type === 'file' ? TYPE_BITS.file | entry.mode : TYPE_BITS[entry.type];
}

function contentOf(entry: FileEntry): Buffer {
  if (entry.type === 'file') return entry.content;
  return Buffer.from(entry.type === 'link' ? entry.target : '');
}

function record(path: string, inode: number, mode: number, content: Buffer): Buffer {
  const name = Buffer.from(`${path}\0`);
  //              ino    mode  uid gid nlink time size        devices      namesize     checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([aligned(Buffer.concat([Buffer.from(header), name])), aligned(content)]);
}

function aligned(data: Buffer): Buffer {
  const rest = data.length % 4;
  return rest === 0 ? data : Buffer.concat([data, Buffer.alloc(4 - rest)]);
}
