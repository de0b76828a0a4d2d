/** For tests: a real API server with Weft's kinds, a node or two, and a CNI executable that makes devices of its own and writes down its calls. */
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { networkAttachmentDefinitionKind } from '../../kinds/network-attachment-definition.ts';
import { KubeClient, type KubeObjectLike } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { readKubeconfig } from '../../lib/kube/kubeconfig.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { signalProcess } from '../../lib/proc/process-id.ts';
import { TestServer } from '../apiserver/server.fixture.ts';
import { applyDefinitions } from '../lab/cluster.ts';
import { type GuestRecord, readGuests } from './guest-record.ts';
import { machineKind } from './machine-kinds.ts';
import { RESOURCES } from './resources.ts';

const CRDS = fileURLToPath(new URL('../../../deploy/crds/', import.meta.url));

/** The network's configuration says the address; files `hang`, `fail` and `stumble` (the words differ each time) beside the executable say how it behaves. */
const EXECUTABLE = `#!/bin/sh
here=$(dirname "$0")
config=$(cat)
ip=$(printf %s "$config" | sed -n 's/.*"ip":"\\([^"]*\\)".*/\\1/p')
echo "$CNI_COMMAND $CNI_IFNAME $CNI_CONTAINERID $CNI_ARGS" >>"$here/calls"
[ "$CNI_COMMAND" = ADD ] || exit 0
while [ -e "$here/hang" ]; do sleep 0.02; done
if [ -e "$here/fail" ]; then
  echo '{"cniVersion":"0.3.1","code":11,"msg":"the network is closed today"}'
  exit 1
fi
if [ -e "$here/stumble" ]; then
  echo '{"cniVersion":"0.3.1","code":11,"msg":"no device weft'$(echo "$CNI_CONTAINERID" | cut -c1-11)' in '$CNI_NETNS'"}'
  exit 1
fi
nsenter --net="$CNI_NETNS" ip link add "$CNI_IFNAME" type bridge || exit 1
echo '{"cniVersion":"0.3.1","interfaces":[{"name":"'$CNI_IFNAME'","mac":"02:00:00:00:00:01","sandbox":"'$CNI_NETNS'"}],"ips":[{"version":"4","address":"'$ip'/24","interface":0}]}'
`;

export interface CniCallLine {
  readonly command: string;
  readonly device: string;
  readonly sandbox: string;
  readonly args: string;
}

export class Cluster {
  readonly directory: string;
  readonly server: TestServer;
  readonly client: KubeClient;

  private constructor(directory: string, server: TestServer) {
    this.directory = directory;
    this.server = server;
    this.client = new KubeClient(readKubeconfig(this.kubeconfig));
  }

  static async start(): Promise<Cluster> {
    const server = await TestServer.start();
    const directory = await mkdtemp(join(tmpdir(), 'weft-virt-'));
    const cluster = new Cluster(directory, server);
    await applyDefinitions(cluster.client, CRDS);
    await mkdir(cluster.cniBin);
    await writeFile(join(cluster.cniBin, 'fake'), EXECUTABLE);
    await chmod(join(cluster.cniBin, 'fake'), 0o755);
    return cluster;
  }

  get kubeconfig(): string {
    return join(this.server.directory, 'kubeconfig');
  }

  get cniBin(): string {
    return join(this.directory, 'bin');
  }

  /** --run of the one node that has guests */
  get run(): string {
    return join(this.directory, 'run');
  }

  /** Ends guests that a test left, and everything else. */
  async stop(): Promise<void> {
    for (const { pause, machine } of this.guests()) {
      if (machine) await machineKind(machine.kind).stop(machine);
      if (pause) signalProcess(pause, 'SIGKILL');
    }
    await this.client.close();
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  guests(): readonly GuestRecord[] {
    return readGuests(this.run);
  }

  guest(pod: string): GuestRecord | undefined {
    return this.guests().find((guest) => guest.pod === pod && guest.ready);
  }

  calls(): readonly CniCallLine[] {
    const path = join(this.cniBin, 'calls');
    const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
    return lines.map((line) => {
      const [command = '', device = '', sandbox = '', args = ''] = line.split(' ');
      return { command, device, sandbox, args };
    });
  }

  /** lets ADD hang or fail until it is taken back */
  async behave(how: 'hang' | 'fail' | 'stumble', on: boolean): Promise<void> {
    const path = join(this.cniBin, how);
    await (on ? writeFile(path, '') : rm(path, { force: true }));
  }

  async addNode(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.client.create(RESOURCES.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      },
    } as KubeObjectLike);
  }

  /** a network of namespace `default` whose one guest gets this address */
  async addNetwork(name: string, ip: string): Promise<void> {
    await this.client.create(networkAttachmentDefinitionKind, {
      apiVersion: 'k8s.cni.cncf.io/v1',
      kind: 'NetworkAttachmentDefinition',
      metadata: { name, namespace: 'default' },
      spec: { config: JSON.stringify({ type: 'fake', ip }) },
    } as KubeObjectLike);
  }

  async create<T extends object>(resource: Resource, name: string, more: T): Promise<void> {
    const kinds = { pods: ['v1', 'Pod'], virtualmachines: ['kubevirt.io/v1', 'VirtualMachine'] } as const;
    const [apiVersion, kind] = kinds[resource.plural as keyof typeof kinds];
    await this.client.create(resource, {
      apiVersion,
      kind,
      ...more,
      metadata: { name, namespace: 'default', ...('metadata' in more ? (more.metadata as object) : {}) },
    });
  }

  /** undefined when there is none */
  async get<T>(resource: Resource, name: string): Promise<T | undefined> {
    try {
      return await this.client.get<T>(resource, resource.namespaced ? 'default' : undefined, name);
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async names(resource: Resource): Promise<readonly string[]> {
    return (await this.client.list<KubeObjectLike>(resource)).items.map(({ metadata }) => metadata.name);
  }
}
