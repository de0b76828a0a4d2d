/** What the supervisor sees of the lab from outside: API, controller, Southbound database. */
import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { CORE } from '../../lib/kube/resource.ts';
import { OvsdbSession } from '../../lib/ovsdb/session.ts';

/** milliseconds */
const ANSWER_DEADLINE = 2000;

export interface NodeState {
  readonly name: string;
  readonly ready: boolean;
}

interface Node {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

export class Observation {
  readonly #client: KubeClient;
  readonly #metricsPort: number;
  readonly #southbound: OvsdbSession<SouthboundTables>;

  /** Make it when the Southbound database listens. */
  constructor(client: KubeClient, metricsPort: number, sbSocket: string) {
    this.#client = client;
    this.#metricsPort = metricsPort;
    this.#southbound = new OvsdbSession<SouthboundTables>({
      remote: `unix:${sbSocket}`,
      database: 'OVN_Southbound',
      monitor: { Chassis: ['name'] },
    });
  }

  /** Names of the registered chassis; empty while the database is away. */
  chassis(): ReadonlySet<string> {
    if (this.#southbound.state !== 'ready') return new Set();
    return new Set([...this.#southbound.cache.table('Chassis').rows.values()].map(({ name }) => name));
  }

  /** @throws when the API does not answer */
  async nodes(): Promise<readonly NodeState[]> {
    const { items } = await this.#client.list<Node>(CORE.nodes, {}, AbortSignal.timeout(ANSWER_DEADLINE));
    return items.map(({ metadata, status }) => ({
      name: metadata.name,
      ready: status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false,
    }));
  }

  /** @throws Error that says why it is not in sync, or does not answer */
  async controllerReady(): Promise<true> {
    const answer = await fetch(`http://127.0.0.1:${this.#metricsPort}/readyz`, {
      signal: AbortSignal.timeout(ANSWER_DEADLINE),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text.trim());
    return true;
  }
}
