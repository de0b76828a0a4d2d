/**
 * What of a virtual machine's interfaces changes while it runs, as KubeVirt has it: a network that its template has and its instance has not is
 * plugged in, an interface whose state is `absent` is taken out, and a network that never came is forgotten when its template has it no more. Whatever else changes waits for the next start. Pure.
 */
import type { VmInterface, VmiSpec, VmNetwork } from '../../kinds/virtual-machine.ts';

const ABSENT = 'absent';

/**
 * @param namespace of the machine
 * @param present names of the networks that the guest has; undefined while it does not say
 * @returns the instance's networks and interfaces as they are to be; undefined when they are so already
 */
export function hotplugged(
  namespace: string,
  template: VmiSpec | undefined,
  instance: VmiSpec | undefined,
  present?: ReadonlySet<string>,
): VmiSpec | undefined {
  const [wanted, known] = [networksOf(template), networksOf(instance)];
  // the networks of a machine that names them in an annotation are those that it was started with
  if (known.length === 0) return undefined;
  const [wantedFaces, faces] = [facesOf(template), facesOf(instance)];
  const isAbsent = (name: string) => wantedFaces.get(name)?.state === ABSENT;
  const attached = known.filter(({ name }) => faces.get(name)?.state !== ABSENT);
  // also one that was taken out, and comes back
  const isNew = ({ name }: VmNetwork) => !attached.some((network) => network.name === name) && !isAbsent(name);
  const all = [...attached, ...wanted.filter(isNew)].map((network) => attachmentOf(network, namespace));
  const isRepeated = (network: VmNetwork) => {
    const key = attachmentOf(network, namespace);
    return all.indexOf(key) !== all.lastIndexOf(key);
  };
  const plugged = wanted.filter((network) => isNew(network) && !isRepeated(network));
  const removed = attached.filter((network) => isAbsent(network.name) && !isRepeated(network));
  const isGiven = (name: string) => wanted.some((network) => network.name === name);
  const forgotten = new Set(
    attached.map(({ name }) => name).filter((name) => present && !present.has(name) && !isGiven(name)),
  );
  if (plugged.length === 0 && removed.length === 0 && forgotten.size === 0) return undefined;
  // given at all, there is one for each network
  for (const { name } of known) {
    const { state: _state, ...face } = wantedFaces.get(name) ?? { name };
    if (!faces.has(name)) faces.set(name, face);
  }
  for (const { name } of removed) faces.set(name, { ...(faces.get(name) ?? { name }), state: ABSENT });
  for (const { name } of plugged) faces.set(name, wantedFaces.get(name) ?? { name });
  for (const name of forgotten) faces.delete(name);
  const { domain } = instance ?? {};
  const devices = { ...domain?.devices, interfaces: [...faces.values()] };
  const isReplaced = (name: string) => forgotten.has(name) || plugged.some((network) => network.name === name);
  const kept = (instance?.networks ?? []).filter(({ name }) => !isReplaced(name));
  return { networks: [...kept, ...plugged], domain: { ...domain, devices } };
}

function attachmentOf({ multus }: VmNetwork, namespace: string): string {
  const name = multus?.networkName ?? '';
  return name.includes('/') ? name : `${namespace}/${name}`;
}

function networksOf(spec: VmiSpec | undefined): readonly VmNetwork[] {
  const networks: unknown = spec?.networks;
  return Array.isArray(networks) ? (networks as readonly VmNetwork[]).filter(({ multus }) => multus !== undefined) : [];
}

function facesOf(spec: VmiSpec | undefined): Map<string, VmInterface> {
  const faces: unknown = spec?.domain?.devices?.interfaces;
  return new Map(Array.isArray(faces) ? (faces as readonly VmInterface[]).map((face) => [face.name, face]) : []);
}
