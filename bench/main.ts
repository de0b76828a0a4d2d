// Runs the measurements: `node bench/main.ts [--quick] [--list] [--output=json|yaml] [NAME...]`; users say `./weft bench`.
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { ensureEngine } from '../src/services/lab/engine.ts';
import { benchCompile } from './compile.ts';
import { benchControlPlane } from './control-plane.ts';
import { benchOvsdbCoalesced } from './ovsdb-coalesced.ts';
import { benchOvsdbSerial } from './ovsdb-serial.ts';
import { benchOvsdbSync } from './ovsdb-sync.ts';
import { benchGateway } from './gateway.ts';
import { benchLab } from './lab.ts';
import { benchVm } from './vm.ts';
import { benchVmStart } from './vm-start.ts';
import { benchQemuMigration } from './qemu-migration.ts';
import { benchRouting } from './routing.ts';
import { benchRoutingLoss } from './routing-loss.ts';
import { benchNextHops } from './next-hops.ts';
import { benchTranslations } from './translations.ts';
import { benchVipTakeover } from './vip-takeover.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

interface Bench {
  /** the results it gives */
  readonly names: readonly string[];
  readonly run: (environment: BenchEnvironment) => Promise<BenchResult[]>;
}

const BENCHES: readonly Bench[] = [
  { names: ['compile'], run: benchCompile },
  { names: ['ovsdb serial'], run: benchOvsdbSerial },
  { names: ['ovsdb coalesced'], run: benchOvsdbCoalesced },
  { names: ['ovsdb sync'], run: benchOvsdbSync },
  { names: ['vm commit', 'load', 'restart', 'memory'], run: benchControlPlane },
  {
    names: [
      'routing static route',
      'routing policy route',
      'routing acl',
      'routing allowSubnets',
      'routing apply',
      'routing restart',
    ],
    run: benchRouting,
  },
  { names: ['routing loss'], run: benchRoutingLoss },
  { names: ['gateway'], run: benchGateway },
  { names: ['gateway next hop'], run: benchNextHops },
  { names: ['gateway vip'], run: benchVipTakeover },
  { names: ['translations'], run: benchTranslations },
  { names: ['vm ping', 'lab'], run: benchLab },
  { names: ['vm start'], run: benchVmStart },
  { names: ['vm migrate'], run: benchVm },
  { names: ['vm qemu migration'], run: benchQemuMigration },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    output: { type: 'string' },
  },
});

/** "ovsdb serial" may come as one word or as two; words that are no beginning together are several measurements */
const wanted = positionals.join(' ');
const begins = (words: readonly string[]) =>
  BENCHES.filter(({ names }) => names.some((name) => words.some((word) => name.startsWith(word))));
const chosen = begins([wanted]).length > 0 ? begins([wanted]) : begins(positionals);

async function measure(): Promise<BenchResult[]> {
  const { root } = await ensureEngine(process.env['WEFT_HOME'] || '/var/lib/weft', (what) => console.error(what));
  const results: BenchResult[] = [];
  for (const { run } of chosen)
    results.push(...(await run({ engineRoot: root, quick: values.quick, log: (line) => console.error(line) })));
  return results;
}

function text(results: readonly BenchResult[]): string {
  const rows = results.map(({ name, value, unit, reference, referenceName, ratio }) => [
    name,
    `${rounded(value)} ${unit}`,
    reference === 0 ? '' : `${rounded(reference)} (${referenceName})`,
    reference === 0 ? '' : `${ratio.toFixed(2)}x`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

if (chosen.length === 0) {
  console.error(
    `weft: no measurement is named ${JSON.stringify(wanted)}: ${BENCHES.flatMap(({ names }) => names).join(', ')}`,
  );
  process.exitCode = 2;
} else if (values.list) {
  for (const { names } of chosen) for (const name of names) console.log(name);
} else {
  const results = await measure();
  console.log(
    values.output === 'json'
      ? JSON.stringify(results, undefined, 2)
      : values.output === 'yaml'
        ? stringify(results)
        : text(results),
  );
}
