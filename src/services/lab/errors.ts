/** Everything that can go wrong with a lab, with what to do about it. A test holds this table against docs/errors.md. */
export const LAB_ERRORS = ['not-root', 'wrong-os', 'no-disk', 'no-registry', 'engine-build'] as const;
export type LabErrorCode = (typeof LAB_ERRORS)[number];

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
}
