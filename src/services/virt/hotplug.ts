/**
 * What of a virtual machine's interfaces changes while it runs, as KubeVirt has it: a network that its template has and its instance has not is
 * plugged in, an interface whose state is `absent` is taken out. Whatever else changes waits for the next start. Pure.
 */
import type { VmInterface, VmiSpec, VmNetwork } from '../../kinds/virtual-machine.ts';

const ABSENT = 'absent';

/** @returns the instance's networks and interfaces as they are to be; undefined when they are so already */
export function hotplugged(template: VmiSpec | undefined, instance: VmiSpec | undefined): VmiSpec | undefined {
  const [wanted, known] = [networksOf(template), networksOf(instance)];
  // the networks of a machine that names them in an annotation are those that it was started with
  if (known.length === 0) return undefined;
  const [wantedFaces, faces] = [facesOf(template), facesOf(instance)];
  const isAbsent = (name: string) => wantedFaces.get(name)?.state === ABSENT;
  const plugged = wanted.filter(({ name }) => !known.some((network) => network.name === name) && !isAbsent(name));
  const removed = known.filter(({ name }) => isAbsent(name) && faces.get(name)?.state !== ABSENT);
  if (plugged.length === 0 && removed.length === 0) return undefined;
  for (const { name } of removed) faces.set(name, { ...(faces.get(name) ?? { name }), state: ABSENT });
  for (const { name } of plugged) {
    const face = wantedFaces.get(name);
    if (face) faces.set(name, face);
  }
  const { domain } = instance ?? {};
  const devices = { ...domain?.devices, interfaces: [...faces.values()] };
  return { networks: [...(instance?.networks ?? []), ...plugged], domain: { ...domain, devices } };
}

function networksOf(spec: VmiSpec | undefined): readonly VmNetwork[] {
  const networks: unknown = spec?.networks;
  return Array.isArray(networks) ? (networks as readonly VmNetwork[]).filter(({ multus }) => multus !== undefined) : [];
}

function facesOf(spec: VmiSpec | undefined): Map<string, VmInterface> {
  const faces: unknown = spec?.domain?.devices?.interfaces;
  return new Map(Array.isArray(faces) ? (faces as readonly VmInterface[]).map((face) => [face.name, face]) : []);
}
