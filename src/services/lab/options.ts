/** What a lab was started with, and what it remembers from start to start. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { LabPaths } from './paths.ts';

const ENCAPS = ['geneve', 'vxlan', 'geneve,vxlan'] as const;
const FAMILIES = ['4', '6', 'dual'] as const;
/** host numbers 11 to 254 of the management network are nodes */
export const MAX_NODES = 244;

export interface LabOptions {
  readonly nodes: number;
  readonly encap: (typeof ENCAPS)[number];
  /** address families of the management network and the underlays */
  readonly ip: (typeof FAMILIES)[number];
  /** `auto`, `host` or a directory, as given */
  readonly engine: string;
}

export const DEFAULT_OPTIONS: LabOptions = { nodes: 3, encap: 'geneve', ip: '4', engine: 'auto' };

export interface LabState {
  readonly options: LabOptions;
  /** root directory that the boxes are made from; `/` for the host's own packages */
  readonly engineRoot: string;
  /** package -> version */
  readonly versions: Readonly<Record<string, string>>;
  /** ports on 127.0.0.1; 0 until they are known */
  readonly ports: { readonly api: number; readonly metrics: number };
}

export async function readState(paths: LabPaths): Promise<LabState | undefined> {
  const text = await readFile(paths.state, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return text === undefined ? undefined : (JSON.parse(text) as LabState);
}

export async function writeState(paths: LabPaths, state: LabState): Promise<void> {
  await writeJson(paths.state, state);
}

/** Replaces a file in one step: a reader sees the old text or the new, and a crash leaves one of them. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
