import { addressFindings, type Finding } from '../../core/doctor/address-findings.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { LabPaths } from '../../services/lab/paths.ts';
import { readStatus } from '../lab/read-status.ts';
import { type Format, print } from '../terminal/output.ts';
import { whichLab } from '../terminal/which-lab.ts';
import { withLabClient } from '../vm/lab-client.ts';
import { readBooks } from './books.ts';
import { networkProblems, type Problem } from './network-problems.ts';
import { repair } from './repair.ts';

export interface Flags {
  readonly fix?: boolean;
  readonly name?: string;
  readonly output?: Format;
}

/** as printed; `repaired` only with --fix */
interface Line extends Problem {
  readonly repaired?: boolean;
}

/** milliseconds between two looks: what is gone at the second was on its way */
const SETTLE = 1500;

/** @returns whether nothing is wrong, or nothing any more */
export async function examine({ fix, name, output }: Flags): Promise<boolean> {
  const paths = await whichLab(name);
  const { problems: processes } = await readStatus(paths);
  const lines = await withLabClient(paths, async (client): Promise<readonly Line[]> => {
    const found = await lasting(client, paths);
    const networks = await networkProblems(client);
    const addresses: Line[] = [];
    for (const finding of found) {
      const { what, why, todo, repair: wish } = finding;
      const repaired = fix && wish ? { repaired: await repair(client, paths, wish) } : {};
      addresses.push({ what, why, todo, ...repaired });
    }
    return [...processes, ...networks, ...addresses];
  });
  const healthy = lines.every(({ repaired, severity }) => repaired || severity === 'warning');
  await print({ healthy, problems: lines }, output, () => describe(lines, fix === true));
  return healthy;
}

async function lasting(client: KubeClient, paths: LabPaths): Promise<readonly Finding[]> {
  const first = addressFindings(await readBooks(client, paths));
  if (first.length === 0) return first;
  await new Promise((resolve) => setTimeout(resolve, SETTLE));
  const said = new Set(first.map(({ what, why }) => `${what} ${why}`));
  return addressFindings(await readBooks(client, paths)).filter(({ what, why }) => said.has(`${what} ${why}`));
}

function describe(lines: readonly Line[], fixed: boolean): string {
  if (lines.length === 0) return 'nothing is wrong';
  const open = lines.filter(({ repaired, severity }) => !repaired && severity !== 'warning').length;
  const hint = fixed || open === 0 ? [] : ['', '`weft doctor --fix` repairs IP objects and ports; the rest is yours'];
  return [
    ...lines.map(
      ({ what, why, todo, repaired, severity }) =>
        `${repaired ? 'repaired' : severity === 'warning' ? 'warning ' : 'WRONG   '}  ${what}: ${why}${repaired ? '' : `; ${todo}`}`,
    ),
    ...hint,
  ].join('\n');
}
