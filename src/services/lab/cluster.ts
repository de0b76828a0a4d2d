/** What a lab's Kubernetes API holds at the start: CRDs, Nodes, ClusterNetworks with their uplinks and addresses, the physical network. Idempotent. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type KubeClient, type KubeObjectLike } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { CORE, type Resource } from '../../lib/kube/resource.ts';
import { clusterNetworks, HOST_NETWORK_CONFIGS, underlayAddresses } from './cluster-networks.ts';
import { physicalNetworks } from './physical-networks.ts';
import { managementAddresses, nodeName } from './topology.ts';
import type { LabOptions } from './options.ts';

const CRDS: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
/** @param crdDirectory folder of CustomResourceDefinitions as YAML */
export async function applyCluster(client: KubeClient, crdDirectory: string, options: LabOptions): Promise<void> {
  const nodes = Array.from({ length: options.nodes }, (_, index) => nodeObject(nodeName(index + 1), options.ip));
  await Promise.all([
    applyDefinitions(client, crdDirectory),
    ...nodes.map((node) => createUnlessThere(client, CORE.nodes, node)),
  ]);
  const names = nodes.map(({ metadata }) => metadata.name);
  const networks = [...clusterNetworks(names, options.ip), ...physicalNetworks(options.ip)];
  const make = ([resource, object]: (typeof networks)[number]) => createUnlessThere(client, resource, object);
  // what the others name comes first
  for (const kinds of [['ClusterNetwork', 'ProviderNetwork'], ['VlanConfig', 'HostNetworkConfig', 'Vlan'], ['Subnet']])
    await Promise.all(networks.filter(([, { kind }]) => kinds.includes(kind ?? '')).map(make));
}

/** @param crdDirectory folder of CustomResourceDefinitions as YAML */
export async function applyDefinitions(client: KubeClient, crdDirectory: string): Promise<void> {
  const definitions = await readObjects(crdDirectory);
  await Promise.all(definitions.map((definition) => createOrReplace(client, CRDS, definition)));
}

export async function applyNode(client: KubeClient, name: string, families: LabOptions['ip']): Promise<void> {
  await createUnlessThere(client, CORE.nodes, nodeObject(name, families));
  for (const { config, address } of underlayAddresses(name, families))
    await client.patch(HOST_NETWORK_CONFIGS, { name: config }, { spec: { ips: { [name]: address } } }).catch(ifThere);
}

/** somebody may have deleted what the lab began with: then it is theirs to say */
function ifThere(error: unknown): void {
  if (!isReason(error, 'NotFound')) throw error;
}

function nodeObject(name: string, families: LabOptions['ip']): KubeObjectLike & { readonly status: unknown } {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, ...labels(name) },
    status: {
      addresses: [
        ...managementAddresses(name, families).map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: name },
      ],
      conditions: [{ type: 'Ready', status: 'True', reason: 'LabStarted', message: 'the box of this node is up' }],
    },
  };
}

function labels(name: string): { readonly labels: Readonly<Record<string, string>> } {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  return { labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': arch } };
}

async function readObjects(directory: string): Promise<readonly KubeObjectLike[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.yaml'));
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubeObjectLike));
}

async function createUnlessThere(client: KubeClient, resource: Resource, object: KubeObjectLike): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
  }
}

async function createOrReplace(client: KubeClient, resource: Resource, object: KubeObjectLike): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const { metadata } = await client.get<KubeObjectLike>(resource, undefined, object.metadata.name);
    const { resourceVersion } = metadata;
    await client.update(resource, {
      ...object,
      metadata: { ...object.metadata, ...(resourceVersion ? { resourceVersion } : {}) },
    });
  }
}
