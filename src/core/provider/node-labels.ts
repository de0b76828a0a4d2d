/** Labels of a Node that say which physical networks it is on, as Kube-OVN spells them: for node selectors of machines that need one. */
import type { NodeUplink } from '../../kinds/node-underlay.ts';

const DOMAIN = 'provider-network.kubernetes.io';
const OURS = new RegExp(`^[^/]+\\.${DOMAIN.replaceAll('.', '\\.')}/(?:ready|interface|mtu)$`);
/** values of labels (RFC 1123 with capitals, underscores and dots) */
const VALUE = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/;

type Labels = Readonly<Record<string, string>>;

/** of a physical network that a node is on: `ready`, and by which NIC with how large packets */
export function networkLabels(uplinks: readonly NodeUplink[]): Labels {
  return Object.fromEntries(
    uplinks
      .filter(({ ready }) => ready)
      .flatMap(({ name, interface: nic = '', mtu }) =>
        Object.entries({ ready: 'true', interface: nic, mtu: mtu === undefined ? '' : String(mtu) })
          .filter(([, value]) => VALUE.test(value))
          .map(([key, value]) => [`${name}.${DOMAIN}/${key}`, value]),
      ),
  );
}

/** What a merge patch has to change; undefined when nothing. */
export function labelPatch(labels: Labels, wanted: Labels): Readonly<Record<string, string | null>> | undefined {
  const gone = Object.keys(labels).filter((key) => OURS.test(key) && !Object.hasOwn(wanted, key));
  const come = Object.entries(wanted).filter(([key, value]) => labels[key] !== value);
  if (gone.length + come.length === 0) return undefined;
  return Object.fromEntries([...gone.map((key) => [key, null] as const), ...come]);
}
