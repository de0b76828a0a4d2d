/** The compiler alone: a world of 10,000 interfaces in 100 VPCs from nothing, and one more. */
import { Compiler } from '../src/core/compile/engine.ts';
import { RULES } from '../src/core/compile/rules.ts';
import { largeWorld, nicChange } from '../src/core/compile/testing/scale.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const NICS = 10_000;
const VPCS = 100;
/** a spike of such an engine, measured before the design: seconds, microseconds */
const SPIKE = { full: 0.17, one: 10 };

export async function benchCompile({ log }: BenchEnvironment): Promise<BenchResult[]> {
  log('compile: from nothing, and one more');
  const full: number[] = [];
  const one: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const compiler = new Compiler(RULES);
    const world = largeWorld(NICS, VPCS);
    const started = performance.now();
    compiler.apply(world);
    full.push((performance.now() - started) / 1000);
    for (let index = 0; index < 500; index += 1) {
      const begun = performance.now();
      compiler.apply([nicChange(NICS + index, VPCS)]);
      one.push((performance.now() - begun) * 1000);
    }
  }
  return [
    result('compile full', percentile(full, 50), 's', SPIKE.full),
    result('compile one more', percentile(one, 50), 'us', SPIKE.one),
  ];
}

function result(name: string, value: number, unit: string, reference: number): BenchResult {
  return { name, value, unit, reference, referenceName: 'a 150-line spike', ratio: reference / value };
}
