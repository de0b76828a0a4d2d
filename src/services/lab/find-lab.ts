/** Which lab a command means. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from './errors.ts';
import { type LabPaths, labPaths, labsDirectory } from './paths.ts';

/** Names of the labs that have a state, running or not. */
export async function labNames(home: string): Promise<readonly string[]> {
  const names = await readdir(labsDirectory(home)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => existsSync(join(labsDirectory(home), name, 'state.json'))).toSorted();
}

/** The lab that is named, else the only one. @throws LabError `which-lab`, `no-such-lab` */
export async function findLab(home: string, name: string | undefined): Promise<LabPaths> {
  const names = await labNames(home);
  if (name !== undefined) {
    const paths = labPaths(home, name);
    if (names.includes(name)) return paths;
    throw new LabError(
      'no-such-lab',
      `there is no lab ${name}`,
      names.length === 0 ? `${labsDirectory(home)} holds none` : `there are ${names.join(', ')}`,
      `start it with \`weft lab up --name ${name}\``,
    );
  }
  if (names.length === 1) return labPaths(home, names[0]!);
  if (names.length === 0)
    throw new LabError(
      'no-such-lab',
      'there is no lab',
      `${labsDirectory(home)} holds none`,
      'start one with `weft lab up`',
    );
  throw new LabError(
    'which-lab',
    'it is not clear which lab is meant',
    `there are ${names.join(', ')}`,
    'say --name, or set WEFT_LAB (eval "$(weft lab env --name NAME)")',
  );
}
