/** The control plane without a lab: the embedded API server, a real Northbound ovsdb-server, and the controller, in one process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { coreAdmission } from '../../src/bin/core-admission.ts';
import { followedColumns } from '../../src/core/ovn/tables.ts';
import type { NorthboundTables } from '../../src/core/ovn/generated/nb.ts';
import { everything, plan } from '../../src/core/plan/plan.ts';
import type { Condition, KubeObject } from '../../src/kinds/object.ts';
import { KubeClient, type KubeObjectLike } from '../../src/lib/kube/client.ts';
import { readKubeconfig } from '../../src/lib/kube/kubeconfig.ts';
import type { MonitorOptions } from '../../src/lib/ovsdb/monitor.ts';
import { OvsdbSession } from '../../src/lib/ovsdb/session.ts';
import { TestServer } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ApiServer } from '../../src/services/apiserver/api-server.ts';
import { loadCertificates } from '../../src/services/apiserver/certificates.ts';
import { kubeconfig } from '../../src/services/apiserver/kubeconfig.ts';
import { Controller } from '../../src/services/controller/controller.ts';
import { southboundSession } from '../../src/services/controller/port-bindings.ts';
import { Metrics } from '../../src/services/controller/metrics.ts';
import { applyDefinitions } from '../../src/services/lab/cluster.ts';
import { instance, launcher, R } from './objects.ts';
import type { Resource } from '../../src/lib/kube/resource.ts';

const CRDS = fileURLToPath(new URL('../../deploy/crds/', import.meta.url));

export interface RunningController {
  readonly controller: Controller;
  readonly session: OvsdbSession<NorthboundTables>;
  readonly client: KubeClient;
  readonly metrics: Metrics;
  readonly fatal: unknown[];
  /** everything that is declared is in the database, and nothing else of ours */
  expectInSync(): void;
  /** @throws Error when there is no such metric */
  counter(name: string, labels?: string): Promise<number>;
  stop(): Promise<void>;
}

export class ControlPlane implements AsyncDisposable {
  readonly directory: string;
  readonly northbound: TestServer;
  readonly api: ApiServer;
  readonly kubeconfig: string;
  readonly client: KubeClient;
  readonly log: string[] = [];
  readonly #running = new Set<RunningController>();

  private constructor(directory: string, northbound: TestServer, api: ApiServer) {
    this.directory = directory;
    this.northbound = northbound;
    this.api = api;
    this.kubeconfig = join(directory, 'kubeconfig');
    this.client = new KubeClient(readKubeconfig(this.kubeconfig), { connections: 32 });
  }

  static async start(engineRoot: string): Promise<ControlPlane> {
    const directory = await mkdtemp(join(tmpdir(), 'weft-plane-'));
    const northbound = await TestServer.start({ root: engineRoot });
    const certificates = await loadCertificates(join(directory, 'pki'), []);
    const door = coreAdmission();
    const api = new ApiServer({ file: join(directory, 'api.db'), certificates, admit: door.admit });
    door.follow(api);
    const port = await api.listen({ host: '127.0.0.1', port: 0 });
    await writeFile(join(directory, 'kubeconfig'), kubeconfig(`https://127.0.0.1:${port}`, certificates), {
      mode: 0o600,
    });
    const plane = new ControlPlane(directory, northbound, api);
    await applyDefinitions(plane.client, CRDS);
    return plane;
  }

  /** Starts a controller and waits until it is in sync. */
  async controller(
    options: { readonly tunnelMtu?: number; readonly southbound?: TestServer } = {},
  ): Promise<RunningController> {
    const monitor = {
      ...followedColumns(),
      NB_Global: ['external_ids'],
    };
    const session = new OvsdbSession<NorthboundTables>({
      remote: this.northbound.remote,
      database: 'OVN_Northbound',
      monitor: monitor as MonitorOptions<NorthboundTables>,
    });
    const southbound = options.southbound && southboundSession(options.southbound.remote);
    const client = new KubeClient(readKubeconfig(this.kubeconfig), { connections: 32 });
    const metrics = new Metrics();
    const fatal: unknown[] = [];
    const controller = new Controller({
      client,
      session,
      ...(southbound ? { southbound } : {}),
      settings: { tunnelMtu: options.tunnelMtu ?? 1442 },
      metrics,
      log: (sentence) => this.log.push(sentence),
      onFatal: (error) => fatal.push(error),
    });
    const running: RunningController = {
      controller,
      session,
      client,
      metrics,
      fatal,
      expectInSync: () => {
        const { compiler, writer } = controller;
        expect(plan(everything(compiler.rows, writer.observed), compiler.rows, writer.observed).operations).toEqual([]);
      },
      counter: async (name, labels = '') => {
        const line = (await metrics.registry.metrics())
          .split('\n')
          .find((text) => text.startsWith(`${name}${labels} `));
        if (line === undefined) throw new Error(`no metric ${name}${labels}`);
        return Number(line.split(' ')[1]);
      },
      stop: async () => {
        this.#running.delete(running);
        await controller.stop();
        await Promise.all([session.close(), southbound?.close(), client.close()]);
      },
    };
    this.#running.add(running);
    await controller.start();
    return running;
  }

  /** the Ready condition of a cluster-scoped object */
  async ready(resource: Resource, name: string, namespace?: string): Promise<Condition | undefined> {
    const object = await this.client.get<KubeObject<unknown, { readonly conditions?: readonly Condition[] }>>(
      resource,
      namespace,
      name,
    );
    return object.status?.conditions?.find(({ type }) => type === 'Ready');
  }

  /** Makes what KubeVirt makes of a running machine: the instance and its launcher pod. */
  async launch(vm: string, networks: string, node = 'node1'): Promise<void> {
    const { metadata } = await this.client.create<KubeObjectLike>(R.vmis, instance(vm));
    await this.client.create(R.pods, launcher(vm, metadata.uid ?? '', networks, node));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) await running.stop();
    await this.client.close();
    await this.api.close();
    await this.northbound[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Asks again until the answer is given; fails with the last error. */
export async function eventually<T>(question: () => T | Promise<T>, seconds = 10): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await question();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
