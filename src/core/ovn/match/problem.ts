/** What is wrong with a match, and where: `column` counts UTF-16 code units of the text from 1. */
export interface MatchProblem {
  readonly column: number;
  readonly message: string;
}

/** Carries a problem from the depth of the parser to its door; it never leaves this folder. */
export class MatchError extends Error {
  readonly problem: MatchProblem;

  /** `offset` counts from 0 */
  constructor(offset: number, message: string) {
    super(message);
    this.name = 'MatchError';
    this.problem = { column: offset + 1, message };
  }
}
