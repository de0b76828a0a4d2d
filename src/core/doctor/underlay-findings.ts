/** What nodes say of each other on networks that have no ClusterNetwork whose condition would say it: the node's own address, and those of annotations. */
import type { NodeUnderlay } from '../../kinds/node-underlay.ts';

export interface UnderlayFinding {
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

/** @param known names of ClusterNetworks */
export function underlayFindings(
  reports: readonly NodeUnderlay[],
  known: ReadonlySet<string>,
): readonly UnderlayFinding[] {
  return reports.flatMap(({ metadata: { name: node }, status }) =>
    (status?.networks ?? [])
      .filter(({ name }) => !known.has(name))
      .flatMap(({ name, address, up, reason, peers = [] }): UnderlayFinding[] => {
        const what = `node ${node}, ${name === '' ? 'tunnel address' : `network ${name}`} ${address}`;
        const down =
          up === false ? [{ what, why: reason ?? 'it is down', todo: 'look at the device and its link' }] : [];
        return [
          ...down,
          ...peers.flatMap((peer): UnderlayFinding[] => {
            const far = `${peer.node} (${peer.address})`;
            const { mtu, expectedMtu } = peer;
            if (!peer.reachable)
              return [{ what, why: `${far} does not answer`, todo: 'look at links, VLANs and firewalls between them' }];
            if (mtu === undefined || expectedMtu === undefined || mtu >= expectedMtu) return [];
            const why = `packets of ${mtu} bytes pass to ${far}, the devices have an MTU of ${expectedMtu}`;
            return [{ what, why, todo: 'raise the MTU of the switches between them, or lower that of the devices' }];
          }),
        ];
      }),
  );
}
