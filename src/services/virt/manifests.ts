/** VirtualMachine -> VirtualMachineInstance -> launcher Pod, with the names, labels and annotations that KubeVirt gives them. */
import { createHash } from 'node:crypto';
import { networksOfVm, type NetworkSelection, NETWORKS_ANNOTATION, type Problem } from '../../core/ipam/attachments.ts';
import type { ObjectMeta, OwnerReference } from '../../kinds/object.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { BANDWIDTH_ANNOTATION } from './qemu/bandwidth.ts';
import { namesOfInterfaces } from './instance-status.ts';
import { BOOT_ANNOTATION } from './qemu/boot.ts';
import { GUEST_ANNOTATION, LAUNCHER_LABELS, type Pod, type PodSpec, SANDBOX_FINALIZER } from './pod.ts';

/** KubeVirt's finalizer on instances: they stay until their launcher is gone */
export const INSTANCE_FINALIZER = 'foregroundDeleteVirtualMachine';

/** label values are at most 63 characters; longer names go without */
const LABEL_MAX = 63;
/** a name of an object is at most 253 characters (RFC 1123 subdomain) */
const NAME_MAX = 253;
const SUFFIX = 5;

/** annotations that Weft reads on the machine itself when its template has none */
const INHERITED = [NETWORKS_ANNOTATION, GUEST_ANNOTATION, BOOT_ANNOTATION, BANDWIDTH_ANNOTATION] as const;

export function instanceFor(vm: VirtualMachine): VirtualMachineInstance {
  const { metadata, spec } = vm.spec?.template ?? {};
  const inherited = INHERITED.flatMap((key) => {
    const value = vm.metadata.annotations?.[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: {
      ...namesOf(vm.metadata),
      labels: { ...metadata?.labels, ...nameLabel('vm.kubevirt.io/name', vm.metadata.name) },
      annotations: { ...Object.fromEntries(inherited), ...metadata?.annotations },
      finalizers: [INSTANCE_FINALIZER],
      ownerReferences: [controllerOf('VirtualMachine', vm.metadata)],
    },
    spec: { ...spec },
  };
}

/** The networks of an instance, whoever made it. */
export function networksOfInstance({ metadata, spec }: VirtualMachineInstance): readonly NetworkSelection[] | Problem {
  const template = {
    metadata: metadata.annotations ? { annotations: metadata.annotations } : {},
    ...(spec ? { spec } : {}),
  };
  return networksOfVm({ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', metadata, spec: { template } });
}

/** Those of them with which it can move: the ones that its guest has. One that never came would keep it where it is. */
export function networksToMove(instance: VirtualMachineInstance): readonly NetworkSelection[] | Problem {
  const networks = networksOfInstance(instance);
  const present = namesOfInterfaces(instance.status);
  if ('problem' in networks || !present) return networks;
  return networks.filter(({ nic }) => nic === undefined || present.has(nic));
}

/** The one launcher of an instance: its name follows from the instance's uid, so that it cannot be made twice. */
export function launcherName({ name, uid = '' }: ObjectMeta): string {
  return suffixedName(`virt-launcher-${name}`, uid);
}

/** A name for an object that follows from what it is made for, and is not too long. @param seed what tells it from others of that prefix */
export function suffixedName(prefix: string, seed: string): string {
  const digest = createHash('sha256').update(seed).digest();
  const suffix = Array.from(digest.subarray(0, SUFFIX), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return `${prefix.slice(0, NAME_MAX - SUFFIX - 1).replace(/[^a-z0-9]+$/, '')}-${suffix}`;
}

/** without vowels and look-alikes, as Kubernetes' generated names */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

export function launcherFor(
  instance: VirtualMachineInstance,
  networks: readonly NetworkSelection[],
  nodeName: string,
): Pod {
  const { metadata, spec } = instance;
  const { nodeSelector, affinity } = (spec ?? {}) as PodSpec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...namesOf({ ...metadata, name: launcherName(metadata) }),
      labels: {
        ...metadata.labels,
        ...LAUNCHER_LABELS,
        ...nameLabel('kubevirt.io/domain', metadata.name),
        ...nameLabel('vm.kubevirt.io/name', metadata.name),
        ...(metadata.uid ? { 'kubevirt.io/created-by': metadata.uid } : {}),
      },
      annotations: {
        ...metadata.annotations,
        'kubevirt.io/domain': metadata.name,
        [NETWORKS_ANNOTATION]: networksText(networks),
      },
      finalizers: [SANDBOX_FINALIZER],
      ownerReferences: [controllerOf('VirtualMachineInstance', metadata)],
    },
    spec: {
      nodeName,
      restartPolicy: 'Never',
      hostname: hostnameOf(metadata.name),
      ...(nodeSelector ? { nodeSelector } : {}),
      ...(affinity ? { affinity } : {}),
      containers: [{ name: 'compute', image: 'weft.lab/guest' }],
    },
  };
}

/** Multus' text form; its JSON form for the networks of a machine's spec, as KubeVirt writes it, and for those that are asked for with addresses. */
export function networksText(networks: readonly NetworkSelection[]): string {
  if (networks.some(({ nic, mac, ips }) => nic !== undefined || mac !== undefined || ips !== undefined))
    return JSON.stringify(
      networks.map(({ name, namespace, interfaceGiven, interface: face, mac, ips }) => ({
        name,
        namespace,
        ...(interfaceGiven ? { interface: face } : {}),
        ...(mac === undefined ? {} : { mac }),
        ...(ips === undefined ? {} : { ips }),
      })),
    );
  return networks
    .map(
      ({ namespace, name, interfaceGiven, interface: face }) =>
        `${namespace}/${name}${interfaceGiven ? `@${face}` : ''}`,
    )
    .join(',');
}

/** A host name is one label of at most 63 characters (hostname(7)). */
export function hostnameOf(name: string): string {
  return name.split('.')[0]!.slice(0, LABEL_MAX);
}

function namesOf({ name, namespace }: ObjectMeta): Pick<ObjectMeta, 'name' | 'namespace'> {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

function nameLabel(label: string, name: string): Record<string, string> {
  return name.length <= LABEL_MAX ? { [label]: name } : {};
}

function controllerOf(kind: string, { name, uid = '' }: ObjectMeta): OwnerReference {
  return { apiVersion: 'kubevirt.io/v1', kind, name, uid, controller: true, blockOwnerDeletion: true };
}
