import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { stringifyJson } from '../../lib/schema/json-text.ts';
import type { Json } from '../../lib/schema/structural-schema.ts';
import { StatusError } from './model/status-error.ts';
import { messageOf } from '../../lib/error/message.ts';

/** One request on its way through the server. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** texts for Warning headers, in order */
  readonly warnings: string[];
}

/** Sends JSON text. */
export function sendText(
  { response, warnings }: Exchange,
  code: number,
  text: string,
  contentType = 'application/json',
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(text);
  const headers: OutgoingHttpHeaders = {
    'content-type': contentType,
    'content-length': body.length,
    'cache-control': 'no-cache, private',
  };
  if (warnings.length > 0) headers.warning = fitting([...new Set(warnings)].map(warningHeader)) as unknown as string;
  response.writeHead(code, headers);
  response.end(body);
}

export function sendJson(exchange: Exchange, code: number, value: Json, contentType?: string): void {
  sendText(exchange, code, stringifyJson(value), contentType);
}

/** Sends what went wrong as metav1.Status; what is no StatusError is an internal error. */
export function sendError(exchange: Exchange, error: unknown): void {
  const status =
    error instanceof StatusError
      ? error
      : new StatusError('InternalError', `Internal error occurred: ${messageOf(error)}`);
  // the rest of a refused body is not read: the connection cannot be used again
  if (status.code === 413) exchange.response.setHeader('connection', 'close');
  sendJson(exchange, status.code, status.toStatus());
}

/** bytes of all warnings of an answer, as Kubernetes limits them: clients refuse answers with large headers */
const WARNINGS_MAX = 4096;

function fitting(headers: readonly string[]): readonly string[] {
  let room = WARNINGS_MAX;
  const count = headers.findIndex((header) => (room -= header.length) < 0);
  if (count < 0) return headers;
  return [...headers.slice(0, count), warningHeader(`${headers.length - count} more warnings do not fit here`)];
}

/** RFC 9111 section 5.5 (obsoleted there, but in use by Kubernetes): `299 - "text"`; header values are printable ASCII. */
function warningHeader(text: string): string {
  return `299 - "${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
