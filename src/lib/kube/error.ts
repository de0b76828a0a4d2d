/** An answer of the API server that is not success (metav1.Status). */
export class KubeError extends Error {
  /** HTTP status code */
  readonly code: number;
  /** metav1.StatusReason: NotFound, AlreadyExists, Conflict, Invalid, Expired, ... */
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.name = 'KubeError';
    this.code = code;
    this.reason = reason;
  }

  /** the request may succeed when it is made again later */
  get retryable(): boolean {
    return this.code === 429 || this.code >= 500;
  }
}

export function isReason(error: unknown, reason: string): boolean {
  return error instanceof KubeError && error.reason === reason;
}

/** The object of a write is gone, or is another one or another version by now: its own change brings whoever follows it back. */
export function isOvertaken(error: unknown): boolean {
  return isReason(error, 'NotFound') || isReason(error, 'Conflict');
}
