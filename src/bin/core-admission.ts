/** Connects the API server's door with the core: each write of an object is judged among its committed neighbours. */
import { admit, refuseDeletion } from '../core/admit/admit.ts';
import { World } from '../core/compile/world.ts';
import { evictionRefusal } from '../core/admit/eviction.ts';
import type { NodeUnderlay } from '../kinds/node-underlay.ts';
import { keyOf, type KubeObject } from '../kinds/object.ts';
import type { AdmissionAnswer, AdmissionReader, AdmissionRequest, Admit } from '../services/apiserver/admission.ts';
import type { ApiServer } from '../services/apiserver/api-server.ts';
import type { KubeObject as StoredObject } from '../services/apiserver/model/objects.ts';
import { underlayChanges, worldChange } from '../services/controller/feed.ts';

/** resource of the API server -> kind of the world */
const WORLD_KINDS = {
  'vpcs.kubeovn.io': 'Vpc',
  'vpcpeerings.network.harvesterhci.io': 'VpcPeering',
  'subnets.kubeovn.io': 'Subnet',
  'ips.kubeovn.io': 'IP',
  'ippools.kubeovn.io': 'IPPool',
  'vips.kubeovn.io': 'Vip',
  'switch-lb-rules.kubeovn.io': 'SwitchLBRule',
  'network-attachment-definitions.k8s.cni.cncf.io': 'NetworkAttachmentDefinition',
  'provider-networks.kubeovn.io': 'ProviderNetwork',
  'vlans.kubeovn.io': 'Vlan',
  'ovn-eips.kubeovn.io': 'OvnEip',
  'ovn-fips.kubeovn.io': 'OvnFip',
  'ovn-snat-rules.kubeovn.io': 'OvnSnatRule',
  'ovn-dnat-rules.kubeovn.io': 'OvnDnatRule',
  'vpc-nat-gateways.kubeovn.io': 'VpcNatGateway',
  'iptables-eips.kubeovn.io': 'IptablesEIP',
  'iptables-fip-rules.kubeovn.io': 'IptablesFIPRule',
  'iptables-snat-rules.kubeovn.io': 'IptablesSnatRule',
  'iptables-dnat-rules.kubeovn.io': 'IptablesDnatRule',
  'virtualmachines.kubevirt.io': 'VirtualMachine',
  'virtualnetworks.network.harvesterhci.io': 'VirtualNetwork',
  'clusternetworks.network.harvesterhci.io': 'ClusterNetwork',
  'vlanconfigs.network.harvesterhci.io': 'VlanConfig',
  'hostnetworkconfigs.network.harvesterhci.io': 'HostNetworkConfig',
  nodes: 'Node',
} as const;
/** what nodes report is in their status */
const REPORTS = 'nodeunderlays.network.harvesterhci.io';
type WorldResource = keyof typeof WORLD_KINDS;

export interface CoreAdmission {
  readonly admit: Admit;
  /** Takes in what the server holds, and every later commit. Call it before the server listens. */
  follow(server: ApiServer): void;
}

export function coreAdmission(): CoreAdmission {
  const world = new World();
  /** judged last, and perhaps staged since: two writes that are committed together must see each other */
  let last: { readonly resource: WorldResource; readonly namespace: string; readonly name: string } | undefined;
  const take = (resource: string, namespace: string, name: string, object: StoredObject | undefined) => {
    if (resource === REPORTS)
      for (const change of underlayChanges({ key: name, old: undefined, new: object as NodeUnderlay | undefined }))
        world.apply(change);
    if (!isWorldResource(resource)) return;
    world.apply(
      worldChange(
        WORLD_KINDS[resource],
        keyOf({ name, ...(namespace ? { namespace } : {}) }),
        object as KubeObject | undefined,
      ),
    );
  };
  return {
    admit(request, read) {
      if (last) take(last.resource, last.namespace, last.name, read.get(last.resource, last.namespace, last.name));
      const { resource, namespace, name } = request;
      if (resource === 'pods' && request.subresource === 'eviction') return judgeEviction(request, read);
      last = isWorldResource(resource) ? { resource, namespace, name } : undefined;
      return judge(request, world);
    },
    follow(server) {
      for (const resource of [...Object.keys(WORLD_KINDS), REPORTS])
        for (const object of server.objects(resource))
          take(resource, object.metadata.namespace ?? '', object.metadata.name, object);
      server.onCommit(({ type, object }) =>
        take(object.resourceId, object.namespace, object.name, type === 'DELETED' ? undefined : object.object),
      );
    },
  };
}

function judge({ operation, subresource, object, old }: AdmissionRequest, world: World): AdmissionAnswer {
  if (operation === 'DELETE' && old && subresource === undefined) {
    const message = refuseDeletion(old as KubeObject, world);
    return message === undefined ? {} : { denied: { reason: 'Forbidden', message } };
  }
  if (operation === 'DELETE' || subresource !== undefined || object === undefined) return {};
  const verdict = admit(object as KubeObject, old as KubeObject | undefined, world);
  return { object: verdict.object as StoredObject, warnings: verdict.warnings, errors: verdict.errors };
}

function judgeEviction({ old }: AdmissionRequest, read: AdmissionReader): AdmissionAnswer {
  const message = evictionRefusal(
    old as unknown as KubeObject,
    (namespace, name) => read.get('virtualmachineinstances.kubevirt.io', namespace, name) as KubeObject | undefined,
  );
  return message === undefined ? {} : { denied: { reason: 'TooManyRequests', message } };
}

function isWorldResource(resource: string): resource is WorldResource {
  return Object.hasOwn(WORLD_KINDS, resource);
}
