/** Everything that can go wrong with a lab, with what to do about it. A test holds this table against README.md. */

/** code -> exit code of the command: 1 the answer is no, 2 usage, 3 failed */
export const EXIT_CODES = {
  'not-root': 3,
  'wrong-os': 3,
  'no-disk': 3,
  'no-registry': 3,
  'engine-build': 3,
  'engine-unfit': 3,
  'bad-name': 2,
  'bad-path': 3,
  'name-taken': 3,
  'which-lab': 2,
  'no-such-lab': 2,
  'other-options': 2,
  'no-such-box': 2,
  'bad-node': 2,
  'bad-link': 2,
  'not-running': 3,
  'start-failed': 3,
  'box-failed': 3,
  'port-failed': 3,
  leftovers: 3,
} as const satisfies Readonly<Record<string, 1 | 2 | 3>>;

export type LabErrorCode = keyof typeof EXIT_CODES;

/** One sentence that says what, why and what to do. */
export class LabError extends Error {
  readonly code: LabErrorCode;
  readonly what: string;
  readonly why: string;
  readonly todo: string;

  constructor(code: LabErrorCode, what: string, why: string, todo: string) {
    super(`${what}: ${why}; ${todo}`);
    this.name = 'LabError';
    this.code = code;
    this.what = what;
    this.why = why;
    this.todo = todo;
  }

  /** of the command that met it */
  get exit(): 1 | 2 | 3 {
    return EXIT_CODES[this.code];
  }
}
