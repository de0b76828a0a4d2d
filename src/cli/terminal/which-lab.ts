import type { LabPaths } from '../../services/lab/paths.ts';

/** The lab of `--name`, else of $WEFT_LAB, else the only one. @throws LabError */
export async function whichLab(name: string | undefined): Promise<LabPaths> {
  const [{ findLab }, { homeDirectory }] = await Promise.all([
    import('../../services/lab/find-lab.ts'),
    import('../../services/lab/paths.ts'),
  ]);
  return findLab(homeDirectory(process.env), name ?? (process.env['WEFT_LAB'] || undefined));
}
