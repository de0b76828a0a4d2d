// One error class for the whole room. The code says what a caller can do; the sentence is for people.

/** Every code an OvsdbError can carry, with what it means. */
export const OVSDB_ERROR_CODES = {
  'constraint-violation': 'a value or a unique index of the schema forbids the change',
  'referential-integrity': 'a strong reference would point at a row that is not there',
  'timed-out': 'a `wait` operation did not find what it waits for: somebody else changed the row',
  'domain-error': 'a mutation is outside its domain, for example a division by zero',
  'range-error': 'a mutation leaves the range of its column',
  'duplicate-name': 'two inserts of one transaction use the same uuid-name',
  aborted: 'the transaction holds an `abort` operation',
  'not-owner': 'an `assert` operation names a lock that this session does not hold',
  permission: 'the server refuses the operation to this client (RBAC, or a read-only remote)',
  resources: 'the server is out of memory or disk, or another input/output error hit it',
  cluster: 'the server is not the leader, or has no quorum: send it again when there is one',
  syntax: 'the server does not understand the request: unknown table, column or form',
  'bad-value': 'found before sending: an operation does not fit the schema',
  'bad-remote': 'the address of the server is not one this client can dial',
  'not-connected': 'nothing was sent, because there is no synchronised connection now',
  'not-applied': 'the connection died; reading afterwards showed that the transaction was not applied',
  'fate-unknown': 'the connection died before the reply, and nobody said how to find out what became of it',
  closed: 'the session was closed by its owner',
  protocol: 'the server broke the protocol, or stopped answering',
  other: 'any other error of the server; see `serverError` and `details`',
} as const;

export type OvsdbErrorCode = keyof typeof OVSDB_ERROR_CODES;

/** The error strings of RFC 7047 (3.1, 5.2) and of ovsdb-server, as codes of ours. */
const SERVER_ERRORS: Readonly<Record<string, OvsdbErrorCode>> = {
  'constraint violation': 'constraint-violation',
  'referential integrity violation': 'referential-integrity',
  'timed out': 'timed-out',
  'domain error': 'domain-error',
  'range error': 'range-error',
  'duplicate uuid-name': 'duplicate-name',
  'duplicate uuid': 'constraint-violation',
  aborted: 'aborted',
  'not owner': 'not-owner',
  'permission error': 'permission',
  'not allowed': 'permission',
  'resources exhausted': 'resources',
  'I/O error': 'resources',
  'cluster error': 'cluster',
  'not leader': 'cluster',
  'try again': 'cluster',
  'syntax error': 'syntax',
  'unknown database': 'syntax',
  'unknown method': 'syntax',
};

export class OvsdbError extends Error {
  override readonly name = 'OvsdbError';
  readonly code: OvsdbErrorCode;
  /** Index of the failing operation; absent when the whole transaction failed, for example at commit. */
  readonly operation: number | undefined;
  /** The server's own error string, for example "constraint violation". */
  readonly serverError: string | undefined;
  /** The server's own explanation. */
  readonly details: string | undefined;

  constructor(
    code: OvsdbErrorCode,
    message: string,
    about: { operation?: number; serverError?: string; details?: string; cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.operation = about.operation;
    this.serverError = about.serverError;
    this.details = about.details;
  }
}

/** The error member of a reply or of one operation's result: a bare string, or `{error, details}`. */
export function fromServerError(json: unknown, what: string, operation?: number): OvsdbError {
  const { error, details } = readServerError(json);
  const why = details === undefined ? error : `${error}: ${details}`;
  return new OvsdbError(SERVER_ERRORS[error] ?? 'other', `${what} failed: ${why}`, {
    serverError: error,
    ...(details === undefined ? {} : { details }),
    ...(operation === undefined ? {} : { operation }),
  });
}

function readServerError(json: unknown): { error: string; details: string | undefined } {
  if (typeof json === 'string') return { error: json, details: undefined };
  if (typeof json !== 'object' || json === null)
    return { error: JSON.stringify(json) ?? 'undefined', details: undefined };
  const { error, details } = json as { error?: unknown; details?: unknown };
  return {
    error: typeof error === 'string' ? error : JSON.stringify(json),
    details: typeof details === 'string' ? details : undefined,
  };
}

/** Anything thrown, as an OvsdbError. */
export function asOvsdbError(thrown: unknown): OvsdbError {
  if (thrown instanceof OvsdbError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new OvsdbError('protocol', message, { cause: thrown });
}
