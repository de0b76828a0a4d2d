/** Which NIC of a node is its uplink in each ProviderNetwork. Source: Kube-OVN's ProviderNetwork. */
import type { ProviderNetwork } from '../../kinds/provider-network.ts';
import { isSelected } from '../underlay/node-selection.ts';
import { BFD_PEERS_ANNOTATION } from './routers.ts';

/** an Open vSwitch bond of these NICs, named as the ProviderNetwork names its interface: `eth1,eth4` */
export const BOND_ANNOTATION = 'network.harvesterhci.io/bond';
/** bond_mode of ovs-vswitchd.conf.db(5) */
export const BOND_MODE_ANNOTATION = 'network.harvesterhci.io/bond-mode';

const BOND_MODES: readonly string[] = ['active-backup', 'balance-slb', 'balance-tcp'];
/** a bridge's name has at most 15 bytes, `br-` among them */
const LONGEST_NAME = 12;
/** no device of Linux is named otherwise; they become words of ip-batch */
const DEVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;

export interface UplinkChoice {
  readonly provider: string;
  readonly bridge: string;
  /** port of the bridge: the NIC, or the bond of the NICs */
  readonly port: string;
  readonly nics: readonly string[];
  readonly bondMode?: string | undefined;
  /** the upstream routers that are asked whether they are there, as somebody wrote them */
  readonly routers?: string | undefined;
  /** why it cannot be made, whatever the node is like */
  readonly problem?: string | undefined;
}

/** The uplinks that a node is meant to have, the older ProviderNetwork first. */
export function uplinkChoices(
  networks: Iterable<ProviderNetwork>,
  node: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): readonly UplinkChoice[] {
  return [...networks]
    .filter((network) => network.metadata.deletionTimestamp === undefined && isOn(network, node))
    .toSorted((a, b) => (age(a) < age(b) ? -1 : 1))
    .map((network) => choiceOf(network, node.name));
}

function age({ metadata }: ProviderNetwork): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
}

function isOn(
  { spec }: ProviderNetwork,
  node: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
) {
  const { matchLabels, matchExpressions } = spec?.nodeSelector ?? {};
  const selects = Object.keys(matchLabels ?? {}).length + (matchExpressions?.length ?? 0) > 0;
  if (!selects) return !(spec?.excludeNodes ?? []).includes(node.name);
  return isSelected(
    { ...(matchLabels ? { matchLabels } : {}), ...(matchExpressions ? { matchExpressions } : {}) },
    node.labels,
  );
}

function choiceOf(network: ProviderNetwork, node: string): UplinkChoice {
  const { name, annotations = {} } = network.metadata;
  const custom = network.spec?.customInterfaces?.find(({ nodes }) => nodes?.includes(node));
  const port = custom?.interface ?? network.spec?.defaultInterface ?? '';
  const bond = annotations[BOND_ANNOTATION];
  const nics = bond === undefined ? [port] : bond.split(',').map((nic) => nic.trim());
  const bondMode = bond === undefined ? undefined : (annotations[BOND_MODE_ANNOTATION] ?? BOND_MODES[0]!);
  const routers = annotations[BFD_PEERS_ANNOTATION];
  const choice = { provider: name, bridge: `br-${name}`, port, nics, bondMode, ...(routers ? { routers } : {}) };
  return { ...choice, problem: problemOf(choice, network) };
}

function problemOf({ provider, port, nics, bondMode }: UplinkChoice, { spec }: ProviderNetwork): string | undefined {
  if (provider.length > LONGEST_NAME)
    return `NameTooLong: the bridge br-${provider} would have more than 15 characters: give the ProviderNetwork a name of at most ${LONGEST_NAME}`;
  const wrong = [port, ...nics].find((nic) => !DEVICE_NAME.test(nic));
  if (wrong !== undefined)
    return `InvalidInterface: ${JSON.stringify(wrong)} is no name of a network device: name a NIC, or NICs in annotation ${BOND_ANNOTATION}`;
  if (bondMode !== undefined && !BOND_MODES.includes(bondMode))
    return `InvalidInterface: annotation ${BOND_MODE_ANNOTATION} says ${JSON.stringify(bondMode)}: choose ${BOND_MODES.join(', ')}`;
  if (bondMode !== undefined && (nics.length < 2 || new Set(nics).size < nics.length || nics.includes(port)))
    return `InvalidInterface: annotation ${BOND_ANNOTATION} must name two or more different NICs, and the interface of the ProviderNetwork be the name of the bond: correct it`;
  const unbuilt = [
    spec?.exchangeLinkName === true ? 'exchangeLinkName' : undefined,
    spec?.autoCreateVlanSubinterfaces === true ? 'autoCreateVlanSubinterfaces' : undefined,
    spec?.preserveVlanInterfaces === true ? 'preserveVlanInterfaces' : undefined,
    (spec?.vlanInterfaces?.length ?? 0) > 0 ? 'vlanInterfaces' : undefined,
  ].flatMap((field) => (field === undefined ? [] : [`spec.${field}`]));
  if (unbuilt.length > 0)
    return `NotImplemented: ${unbuilt.join(', ')} ${unbuilt.length > 1 ? 'are' : 'is'} not built yet: ${port} stays as it is until the field is removed`;
  return undefined;
}
