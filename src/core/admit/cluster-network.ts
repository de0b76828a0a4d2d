/** What a ClusterNetwork must be to be let in, and who must be gone before it goes. */
import { CLUSTER_NETWORK_LABEL, type ClusterNetwork, MANAGEMENT_NETWORK } from '../../kinds/cluster-network.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { listed } from '../text/listed.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

/** Harvester's bridges are named `<name>-br`, its bonds `<name>-bo`, and interface names have 15 bytes */
const NAME_LENGTH = 12;
/** users that are named */
const NAMED = 3;

export function admitClusterNetwork({ object, old }: Review<ClusterNetwork>): Verdict<ClusterNetwork> {
  const findings = new Findings();
  const { name } = object.metadata;
  if (!old && name.length > NAME_LENGTH)
    findings.invalid(
      'metadata.name',
      name,
      `is longer than ${NAME_LENGTH} characters, and devices are named for it (${name}-br): choose a shorter one`,
    );
  return { object, warnings: findings.warnings, errors: findings.errors };
}

/** @returns why it cannot be deleted, and what to do */
export function clusterNetworkInUse(name: string, neighbours: ReadonlyWorld): string | undefined {
  if (name === MANAGEMENT_NETWORK) return `ClusterNetwork ${name} carries the cluster itself and cannot be deleted`;
  const users = [
    ...neighbours.keys('VlanConfig', 'clusterNetwork', name).map((key) => `VlanConfig ${key}`),
    ...neighbours.keys('HostNetworkConfig', 'clusterNetwork', name).map((key) => `HostNetworkConfig ${key}`),
    ...neighbours.keys('Subnet', 'nodeNetwork', name).map((key) => `Subnet ${key} (spec.nodeNetwork)`),
    ...neighbours
      .keys('NetworkAttachmentDefinition', 'clusterNetwork', name)
      .map((key) => `NetworkAttachmentDefinition ${key} (label ${CLUSTER_NETWORK_LABEL})`),
  ];
  if (users.length === 0) return undefined;
  return `ClusterNetwork ${name} is used by ${listed(users, NAMED)}: delete or change them first`;
}

/** An object of a cluster network must name one that exists. */
export function checkClusterNetwork(
  name: string | undefined,
  neighbours: ReadonlyWorld,
  findings: Findings,
  path = 'spec.clusterNetwork',
): boolean {
  if (name === undefined || name === '') {
    findings.required(path, 'the name of a ClusterNetwork');
    return false;
  }
  if (neighbours.get('ClusterNetwork', name)) return true;
  findings.invalid(path, name, 'is no ClusterNetwork: create it first, or correct the name');
  return false;
}
