/** What each part of a network should be, as far as the network says it. */
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { ObjectMeta, OwnerReference } from '../../kinds/object.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { StaticRoute, Vpc } from '../../kinds/vpc.ts';
import { attachmentDifferences, type Difference, namedSubnet, subnetDifferences } from './claim.ts';
import type { Existing } from './locate.ts';
import { APPLIED, fieldPatch, mergedItems, parseFields } from './merge.ts';
import { networkLabels, ownVpcOf } from './names.ts';
import {
  ATTACHMENT_LABEL_DEFAULTS,
  attachmentFields,
  attachmentLabels,
  excludesAfter,
  type Fields,
  networkCidrs,
  networkRoutes,
  routeKey,
  subnetFields,
} from './parts.ts';

export type PartKind = 'Vpc' | 'Subnet' | 'NetworkAttachmentDefinition';

/** What one part should be. */
export interface Part {
  readonly kind: PartKind;
  readonly apiVersion: string;
  readonly place: Pick<ObjectMeta, 'name' | 'namespace'>;
  readonly labels: Readonly<Record<string, string>>;
  /** labels that must be there, with any value */
  readonly labelDefaults?: Readonly<Record<string, string>>;
  readonly references: readonly OwnerReference[];
  /** fields that are remembered as said */
  readonly said: Fields;
  /** of a new object */
  readonly spec: object;
  /** what of the spec of the object that is there has to change */
  readonly change: (applied: Fields) => object | undefined;
  readonly differences: () => readonly Difference[];
}

export function vpcPart(network: VirtualNetwork, live: Vpc | undefined): Part {
  const { namespace = '' } = network.metadata;
  const external = network.spec?.internet === 'nat';
  const said = {
    namespaces: [namespace],
    staticRoutes: networkRoutes(network),
    ...(external ? { enableExternal: true } : {}),
  };
  return {
    kind: 'Vpc',
    apiVersion: 'kubeovn.io/v1',
    place: { name: ownVpcOf(network) },
    labels: networkLabels(network.metadata),
    references: [],
    said,
    spec: {
      namespaces: said.namespaces,
      ...(said.staticRoutes.length > 0 ? { staticRoutes: said.staticRoutes } : {}),
      ...(external ? { enableExternal: true } : {}),
    },
    change(applied) {
      const { namespaces: names = [], staticRoutes: routes = [] } = live?.spec ?? {};
      const before = <T>(field: 'namespaces' | 'staticRoutes') =>
        Array.isArray(applied[field]) ? (applied[field] as T[]) : [];
      const namespaces = mergedItems(names, said.namespaces, before<string>('namespaces'), (name) => name);
      const staticRoutes = mergedItems(routes, said.staticRoutes, before<StaticRoute>('staticRoutes'), routeKey);
      const connects = external && live?.spec?.enableExternal !== true;
      // what the network itself connected; what its users did stays
      const leaves = !external && applied['enableExternal'] === true && live?.spec?.enableExternal === true;
      if (namespaces === names && staticRoutes === routes && !connects && !leaves) return undefined;
      return {
        ...(connects ? { enableExternal: true } : {}),
        ...(leaves ? { enableExternal: null } : {}),
        ...(namespaces === names ? {} : { namespaces }),
        ...(staticRoutes === routes ? {} : { staticRoutes }),
      };
    },
    // namespaces and routes of others stay beside those of the network
    differences: () => [],
  };
}

export function subnetPart(network: VirtualNetwork, { subnet: live, subnetName, attachment }: Existing): Part {
  const isNamed = namedSubnet(attachment) === subnetName;
  const fields = subnetFields(network, live, isNamed ? live?.spec?.provider : undefined);
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  return {
    kind: 'Subnet',
    apiVersion: 'kubeovn.io/v1',
    place: { name: subnetName },
    labels: networkLabels(network.metadata),
    references: [],
    said,
    spec: said,
    change(applied) {
      const patch = fieldPatch(live?.spec ?? {}, fields, applied);
      // prefixes that cannot be read came past the door: the subnet's own door says why it does not take them
      const excludes =
        patch && networkCidrs(network.spec).length > 0 ? excludesAfter(live?.spec ?? {}, fields) : undefined;
      return patch && { ...patch, ...(excludes ? { excludeIps: excludes } : {}) };
    },
    differences: () => (live ? subnetDifferences(live, fields) : []),
  };
}

export function attachmentPart(
  network: VirtualNetwork,
  live: NetworkAttachmentDefinition | undefined,
  subnet: string,
): Part {
  const { apiVersion, kind, metadata } = network;
  const { name, namespace, uid = '' } = metadata;
  const config = JSON.stringify(attachmentFields(network));
  const before = parseFields(live?.metadata.annotations?.[APPLIED])['clusterNetwork'];
  return {
    kind: 'NetworkAttachmentDefinition',
    apiVersion: 'k8s.cni.cncf.io/v1',
    place: { name, ...(namespace === undefined ? {} : { namespace }) },
    labels: { ...networkLabels(metadata), ...attachmentLabels(network, before) },
    labelDefaults: ATTACHMENT_LABEL_DEFAULTS,
    references: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
    said: network.spec?.clusterNetwork ? { clusterNetwork: network.spec.clusterNetwork } : {},
    spec: { config },
    change: () => (live ? configChange(live, network, subnet) : undefined),
    differences: () => (live ? attachmentDifferences(live, network, subnet) : []),
  };
}

/** Further keys of a configuration are its users', unless they lead to another subnet. */
function configChange(live: NetworkAttachmentDefinition, network: VirtualNetwork, subnet: string): object | undefined {
  const [has, fields] = [parseFields(live.spec?.config), attachmentFields(network)];
  const leadsAway = (config: string) =>
    attachmentDifferences({ ...live, spec: { config } }, network, subnet).some(({ field }) => field === 'spec.config');
  const complete = fieldPatch(has, fields, {}) === undefined;
  if (complete && !leadsAway(live.spec?.config ?? '')) return undefined;
  const both = JSON.stringify({ ...has, ...fields });
  return { config: leadsAway(both) ? JSON.stringify(fields) : both };
}
