// The requests by which a fresh connection learns the schema and what the cache has to hold:
//
//   get_schema -> monitor_cond_since (from the last transaction known)
//                   \-> unknown method -> monitor_cond
import type { Connection } from './connection.ts';
import { fromServerError } from './errors.ts';
import type { InitialUpdate, MonitorMethod, MonitorRequest } from './monitor.ts';
import { monitorRequest, readInitialUpdate } from './monitor.ts';
import { NO_UUID } from './notation.ts';
import type { DatabaseSchema } from './schema.ts';
import { parseSchema } from './schema.ts';

export interface SynchroniseOptions {
  readonly database: string;
  readonly monitorId: string;
  readonly monitor: Readonly<Record<string, unknown>>;
  /** Where to resume. */
  readonly since: ResumePoint;
}

/** What the cache holds: everything up to this transaction, in columns of these types. */
export interface ResumePoint {
  readonly lastTransaction: string | undefined;
  readonly signature: string;
}

/** What the server answered. */
export interface Synchronised {
  readonly schema: DatabaseSchema;
  readonly request: MonitorRequest;
  readonly initial: InitialUpdate;
}

/**
 * Calls `done` from within the handling of the server's last reply, so that no later message is handled before.
 * Errors of the server are thrown into the connection, which then closes with them.
 */
export function synchronise(
  connection: Connection,
  options: SynchroniseOptions,
  done: (outcome: Synchronised) => void,
): void {
  const { database, since } = options;
  connection.request('get_schema', [database], (reply) => {
    if (reply.kind === 'lost') return;
    if (reply.kind === 'error') throw fromServerError(reply.error, `Reading the schema of database ${database}`);
    const schema = parseSchema(reply.result);
    const request = monitorRequest(schema, options.monitor);
    const from = request.signature === since.signature ? since.lastTransaction : undefined;
    startMonitor(connection, options, { schema, request, from }, 'monitor_cond_since', done);
  });
}

interface Plan {
  readonly schema: DatabaseSchema;
  readonly request: MonitorRequest;
  readonly from: string | undefined;
}

function startMonitor(
  connection: Connection,
  options: SynchroniseOptions,
  plan: Plan,
  method: MonitorMethod,
  done: (outcome: Synchronised) => void,
): void {
  const { database, monitorId } = options;
  const params: unknown[] = [database, monitorId, plan.request.tables];
  if (method === 'monitor_cond_since') params.push(plan.from ?? NO_UUID);
  connection.request(method, params, (reply) => {
    if (reply.kind === 'lost') return;
    if (reply.kind === 'error') {
      const error = fromServerError(reply.error, `${method} of database ${database}`);
      if (method === 'monitor_cond' || error.serverError !== 'unknown method') throw error;
      return startMonitor(connection, options, plan, 'monitor_cond', done);
    }
    const { schema, request } = plan;
    done({ schema, request, initial: readInitialUpdate(method, reply.result) });
  });
}
