// The address of a server, in the form of ovsdb(7) "Connection Methods". The only place that opens sockets: TLS
// (`ssl:`) belongs here, and the choice among several remotes and the search for a RAFT leader belong to the caller of
// `dial`, in session.ts.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { OvsdbError } from './errors.ts';

export type Remote =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** `unix:/absolute/path`, `tcp:HOST:PORT`, `tcp:[IPV6]:PORT`; port default 6640. Throws OvsdbError `bad-remote`. */
export function parseRemote(text: string): Remote {
  const unix = /^unix:(\/.+)$/.exec(text);
  if (unix !== null) return { kind: 'unix', path: unix[1]! };
  const tcp = /^tcp:(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const port = Number(tcp?.[3] ?? 6640);
  if (tcp !== null && port > 0 && port < 65536) return { kind: 'tcp', host: (tcp[1] ?? tcp[2])!, port };
  const why = text.startsWith('ssl:') ? 'TLS is not supported yet' : 'it has no known form';
  throw new OvsdbError(
    'bad-remote',
    `Cannot use the remote "${text}": ${why}. Use unix:/PATH, tcp:HOST:PORT or tcp:[IPV6]:PORT.`,
  );
}

/** Begins to connect; the outcome comes as the socket's `connect` or `error` event. */
export function dial(remote: Remote): Socket {
  if (remote.kind === 'unix') return connect({ path: remote.path });
  return connect({ host: remote.host, port: remote.port, noDelay: true });
}
