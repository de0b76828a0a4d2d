/**
 * TCP sockets of the host's loopback that processes in boxes accept on. The supervisor only binds and keeps them; the
 * process that inherits the descriptor listens, in whatever namespace it lives. While it restarts, connections wait in
 * the backlog, because the socket itself never closes.
 */
import * as net from 'node:net';
import { LabError } from './errors.ts';

interface BoundHandle {
  readonly fd: number;
  getsockname(out: { port?: number }): number;
  close(): void;
}

/** What node:cluster itself binds with: the public Server can bind only together with accepting. */
type CreateServerHandle = (address: string, port: number, addressType: 4, fd: -1, flags: 0) => BoundHandle | number;
const { _createServerHandle: createServerHandle } = net as unknown as {
  readonly _createServerHandle: CreateServerHandle;
};

export interface LoopbackSocket {
  readonly fd: number;
  readonly port: number;
  close(): void;
}

/** Binds 127.0.0.1 at the port, or at any when that one is 0 or taken. @throws LabError `port-failed` */
export function bindLoopback(port: number): LoopbackSocket {
  const socket = bindPort(port) ?? bindPort(0);
  if (socket) return socket;
  throw new LabError(
    'port-failed',
    'no port of 127.0.0.1 could be bound',
    'the kernel gave none, not even of its own choice',
    'see whether the loopback device is up (ip link set lo up)',
  );
}

/** undefined when the port is not to be had: libuv tells that only when the name is asked for */
function bindPort(wanted: number): LoopbackSocket | undefined {
  const handle = createServerHandle('127.0.0.1', wanted, 4, -1, 0);
  if (typeof handle === 'number') return undefined;
  const name: { port?: number } = {};
  if (handle.getsockname(name) === 0 && name.port !== undefined)
    return { fd: handle.fd, port: name.port, close: () => handle.close() };
  handle.close();
  return undefined;
}
