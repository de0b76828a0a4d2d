// What every benchmark gets and gives.

export interface BenchEnvironment {
  /** Root directory of the engine. */
  readonly engineRoot: string;
  /** True: a small run that only shows that the benchmark works. */
  readonly quick: boolean;
  readonly log: (line: string) => void;
}

export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same measure of the reference, in the same run and unit. */
  readonly reference: number;
  readonly referenceName: string;
  /** Above 1: ahead of the reference, whether more or less is better. */
  readonly ratio: number;
}
