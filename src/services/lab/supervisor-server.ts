/** Serves the methods of `supervisor-client.ts`. */
import type { Server } from 'node:net';
import { serveRpc } from './rpc.ts';
import type { Supervisor } from './supervisor.ts';
import type { Methods } from './supervisor-client.ts';

type Handlers = {
  readonly [M in keyof Methods]: (params: Methods[M]['params'], notify: (params: unknown) => void) => Promise<unknown>;
};

export async function serveSupervisor(path: string, supervisor: Supervisor): Promise<Server> {
  const handlers: Handlers = {
    follow: async (_, notify) => {
      if (supervisor.isUp) return;
      const stop = supervisor.steps.follow(notify);
      await supervisor.start().finally(stop);
    },
    status: () => supervisor.status(),
    addNode: () => supervisor.addNode(),
    stopNode: ({ node, how }) => supervisor.stopNode(node, how),
    startNode: ({ node }) => supervisor.startNode(node),
    setLink: ({ node, device, up, how }) => supervisor.setLink(node, device, up, how),
  };
  return serveRpc(path, async (method, params, notify) => {
    if (!Object.hasOwn(handlers, method)) throw new Error(`the supervisor has no method ${method}`);
    return handlers[method as keyof Handlers](params as never, notify);
  });
}
