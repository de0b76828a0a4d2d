/** What this node says of its networks: its NodeUnderlay, and its part of the status of HostNetworkConfigs that it makes. Written when it is different. */
import { equal } from '../../core/ovn/equal.ts';
import { withCondition } from '../../core/status/condition.ts';
import { hostNetworkConfigKind } from '../../kinds/host-network-config.ts';
import {
  type NodeUnderlayStatus,
  type NodeUplink,
  nodeUnderlayKind,
  type UnderlayPeer,
} from '../../kinds/node-underlay.ts';
import type { Condition, KubeObject } from '../../kinds/object.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { notMade, type Underlays } from './underlays.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface ReporterOptions {
  readonly client: KubeClient;
  readonly node: string;
  readonly encaps: readonly string[];
  readonly makes: boolean;
  readonly underlays: Underlays;
  readonly uplinks: () => readonly NodeUplink[];
  readonly log: (sentence: string) => void;
}

/** milliseconds in which what changes together is written once */
const SETTLE = 200;
const RETRY = 2000;

export class Reporter {
  readonly #options: ReporterOptions;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #written: NodeUnderlayStatus | undefined;
  #stopped = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Something may be different. */
  soon(delay = SETTLE): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => this.now(), delay);
  }

  /** Something is different that others wait for. */
  now(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#stopped) return;
    this.#writing = (this.#writing ?? Promise.resolve()).then(() => this.#report());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#writing;
  }

  async #report(): Promise<void> {
    try {
      await this.#reportNode();
      if (this.#options.makes) await this.#reportConfigs();
    } catch (error) {
      this.#options.log(`status of the underlays: ${messageOf(error)}`);
      this.soon(RETRY);
    }
  }

  async #reportNode(): Promise<void> {
    const { client, node: name, underlays } = this.#options;
    const stored = underlays.reports.get(name);
    const status = this.#status();
    if (stored && equal(stored.status, status) && equal(this.#written ?? status, status)) return;
    if (!stored) {
      const owner = underlays.node;
      if (!owner) return;
      const { group, version, kind } = nodeUnderlayKind;
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid: owner.metadata.uid ?? '' }];
      const object = { apiVersion: `${group}/${version}`, kind, metadata: { name, ownerReferences } };
      await client.create(nodeUnderlayKind, object).catch((error: unknown) => {
        if (!isReason(error, 'AlreadyExists')) throw error;
      });
    }
    // a merge patch replaces lists as a whole: nothing of an older report stays
    await client.patch(nodeUnderlayKind, { name }, { status }, { subresource: 'status' });
    this.#written = status;
  }

  #status(): NodeUnderlayStatus {
    const { underlays, encaps } = this.#options;
    const used = new Set(underlays.plan().addresses);
    const networks = underlays.networks.map(({ name, address, device, mtu, isDefault, up, reason }) => {
      const why = reason ?? underlays.reason(name);
      const apart = underlays.apartFrom(name);
      return {
        name,
        address,
        device,
        mtu,
        default: isDefault,
        up,
        inUse: used.has(address),
        ...(why === undefined ? {} : { reason: why }),
        peers: this.#peersOn(name, mtu),
        ...(apart.length === 0 ? {} : { apart }),
      };
    });
    return {
      encapsulations: encaps,
      addresses: networks.map(({ name, address }) => (name === '' ? address : `${name}=${address}`)),
      networks,
      uplinks: this.#options.uplinks(),
      unreachable: networks.flatMap(({ name, peers }) =>
        peers.filter(({ reachable }) => !reachable).map(({ node }) => `${name}:${node}`),
      ),
    };
  }

  #peersOn(network: string, mtu: number): readonly UnderlayPeer[] {
    const { node: own, underlays } = this.#options;
    return [...underlays.reports.values()]
      .flatMap(({ metadata: { name: node }, status }): UnderlayPeer[] => {
        const there = node === own ? undefined : status?.networks?.find(({ name }) => name === network);
        const { reachable, mtu: passing } = underlays.prober.result({ here: network, there: network, node });
        if (!there || reachable === undefined) return [];
        return [
          {
            node,
            address: there.address,
            reachable,
            expectedMtu: Math.min(mtu, there.mtu ?? mtu),
            ...(passing === undefined ? {} : { mtu: passing }),
          },
        ];
      })
      .toSorted((a, b) => (a.node < b.node ? -1 : 1));
  }

  async #reportConfigs(): Promise<void> {
    const { node, underlays } = this.#options;
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const mine = new Map(underlays.hostNetworks().map((network) => [network.config, network]));
    for (const { metadata, status } of underlays.configs.values()) {
      const network = mine.get(metadata.name);
      const old = status?.nodeStatus?.[node];
      if (!network) {
        if (old) await this.#patchConfig(metadata.name, null);
        continue;
      }
      const { name, vlanId, mode } = network;
      const problem = notMade(network, node) ?? underlays.networks.find((one) => one.name === name)?.reason;
      const finding = {
        type: 'ready',
        status: problem === undefined ? 'True' : 'False',
        reason: problem === undefined ? 'Ready' : 'NotReady',
        message: problem ?? `${network.address} is there`,
      } as const;
      const conditions = withCondition(old?.conditions as readonly Condition[] | undefined, finding, now);
      const next = { clusterNetwork: name, vlanID: vlanId, mode, conditions };
      if (!equal(old, next)) await this.#patchConfig(metadata.name, next);
    }
  }

  async #patchConfig(name: string, value: unknown): Promise<void> {
    const { client, node } = this.#options;
    await client
      .patch<KubeObject>(
        hostNetworkConfigKind,
        { name },
        { status: { nodeStatus: { [node]: value } } },
        { subresource: 'status' },
      )
      .catch((error: unknown) => {
        if (!isReason(error, 'NotFound')) throw error;
      });
  }
}
