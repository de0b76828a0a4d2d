/** Every answer that is not a success, as metav1.Status: one function per reason (k8s.io/apimachinery/pkg/api/errors). */
import { causeReason, renderErrorBody, renderFieldErrors, type FieldError } from '../../../lib/schema/field-error.ts';
import type { JsonObject } from '../../../lib/schema/structural-schema.ts';

/** HTTP code of each reason that this server gives. */
const STATUS_REASONS = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  Conflict: 409,
  AlreadyExists: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  NotImplemented: 501,
  Timeout: 504,
} as const;
export type StatusReason = keyof typeof STATUS_REASONS;

/** What a message is about: kind or resource with its group, and the name of the object. */
export interface Subject {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

export class StatusError extends Error {
  readonly code: number;
  readonly reason: StatusReason;
  readonly details: JsonObject | undefined;
  /** metav1.ListMeta of the answer */
  readonly metadata: JsonObject;

  constructor(reason: StatusReason, message: string, details?: JsonObject, metadata: JsonObject = {}) {
    super(message);
    this.name = 'StatusError';
    this.code = STATUS_REASONS[reason];
    this.reason = reason;
    this.details = details;
    this.metadata = metadata;
  }

  /** The body of the answer. */
  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

function detailsOf({ group, kind, name }: Subject): JsonObject {
  return { ...(name ? { name } : {}), ...(group ? { group } : {}), ...(kind ? { kind } : {}) };
}

function qualified({ group, kind }: Subject): string {
  return group === '' ? kind : `${kind}.${group}`;
}

export function notFound(subject: Subject): StatusError {
  return new StatusError('NotFound', `${qualified(subject)} "${subject.name}" not found`, detailsOf(subject));
}

export function noSuchRoute(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(subject: Subject): StatusError {
  return new StatusError('AlreadyExists', `${qualified(subject)} "${subject.name}" already exists`, detailsOf(subject));
}

export function conflict(subject: Subject, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`;
  return new StatusError('Conflict', message, detailsOf(subject));
}

export function modifiedMeanwhile(subject: Subject): StatusError {
  return conflict(
    subject,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
}

export function forbidden(subject: Subject, why: string, causes: readonly JsonObject[] = []): StatusError {
  const details = { ...detailsOf(subject), ...(causes.length > 0 ? { causes: [...causes] } : {}) };
  return new StatusError('Forbidden', `${qualified(subject)} "${subject.name}" is forbidden: ${why}`, details);
}

export function invalid(subject: Subject, errors: readonly FieldError[]): StatusError {
  const causes = errors.map((error) => ({
    reason: causeReason(error),
    message: renderErrorBody(error),
    field: error.path === '' ? '<nil>' : error.path,
  }));
  const message = `${qualified(subject)} "${subject.name}" is invalid: ${renderFieldErrors(errors)}`;
  return new StatusError('Invalid', message, { ...detailsOf(subject), causes });
}

/** 429: not now; kubectl drain asks again. */
export function tooManyRequests(message: string): StatusError {
  return new StatusError('TooManyRequests', message, { causes: [{ reason: 'DisruptionBudget', message }] });
}

export function badRequest(message: string): StatusError {
  return new StatusError('BadRequest', message);
}

/** 410: the revision that was asked for is no longer known; the client lists again. */
export function expired(message: string): StatusError {
  return new StatusError('Expired', message);
}

export function methodNotAllowed(): StatusError {
  return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new StatusError('UnsupportedMediaType', message, {});
}

export function notAcceptable(accepted: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${accepted.join(', ')}`;
  return new StatusError('NotAcceptable', message, {});
}
