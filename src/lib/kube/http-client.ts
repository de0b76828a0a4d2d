/**
 * What requests need of undici. Its entry point also loads fetch, caches, proxies, mocks and WebSockets: 60 ms of CPU time at the
 * start of each of the nine processes of a lab. These files are no public interface: package.json pins the version, tests of the
 * client hold them.
 */
import { createRequire } from 'node:module';
import type { Agent as AgentClass, Dispatcher, Pool as PoolClass } from 'undici';

type Request = (this: Dispatcher, options: Dispatcher.RequestOptions) => Promise<Dispatcher.ResponseData>;

const load = createRequire(import.meta.url);

/** connections to one origin */
export const Pool = load('undici/lib/dispatcher/pool.js') as typeof PoolClass;
/** connections to any origin */
export const Agent = load('undici/lib/dispatcher/agent.js') as typeof AgentClass;
/** one request through a pool or an agent: `request.call(pool, options)` */
export const request = load('undici/lib/api/api-request.js') as Request;
