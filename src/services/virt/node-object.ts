/** The Node that a node's half of virt registers when there is none, as the kubelet does. Pure. */
import { arch } from 'node:process';
import type { Node } from './pod.ts';

/** @param addresses management addresses of the node, without prefix length; the first is its main one */
export function nodeObject(name: string, addresses: readonly string[]): Node {
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch === 'x64' ? 'amd64' : arch,
  };
  const internal = addresses.map((address) => ({ type: 'InternalIP', address }));
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    status: { addresses: [...internal, { type: 'Hostname', address: name }] },
  };
}
