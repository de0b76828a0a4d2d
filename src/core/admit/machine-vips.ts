/** Which Vips a virtual machine may take over or have for its own, judged before it is stored. */
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import type { Interface } from '../ipam/interfaces.ts';
import { machineSources, selectionWishes } from '../ipam/machine-wishes.ts';
import { type AnnotationSource, wishText, type WishText } from '../ipam/wishes.ts';
import { listOf, SHARED_VIPS_ANNOTATION } from '../vip/port-annotations.ts';
import { takenAddress } from '../vip/taken.ts';
import type { Findings, Review } from './verdict.ts';

interface Objection {
  readonly at: WishText;
  readonly detail: string;
}

/** @param facesOf the interfaces of a machine whose networks are known */
export function checkMachineVips(
  { object, old, neighbours }: Review<VirtualMachine>,
  facesOf: (vm: VirtualMachine, neighbours: ReadonlyWorld) => readonly Interface[],
  findings: Findings,
): void {
  const objections = (vm: VirtualMachine) => {
    const faces = facesOf(vm, neighbours);
    const sources = machineSources(vm);
    return [
      ...sharedObjections(vm, sources, faces, neighbours),
      ...faces.flatMap((face) => [
        ...takenObjections(vm, sources, face, neighbours),
        ...addressObjections(sources, face, neighbours),
      ]),
    ];
  };
  const keyOf = ({ at, detail }: Objection) => `${at.path}\n${detail}`;
  const before = new Set(old ? objections(old).map(keyOf) : []);
  for (const objection of objections(object))
    if (!before.has(keyOf(objection))) findings.invalid(objection.at.path, objection.at.text, objection.detail);
  for (const { path, annotations } of machineSources(object))
    for (const name of listOf(annotations?.[SHARED_VIPS_ANNOTATION]))
      if (!neighbours.get('Vip', name))
        findings.warn(
          `${path}[${SHARED_VIPS_ANNOTATION}]`,
          `there is no Vip ${name} yet: it has no effect until there is`,
        );
}

/** Vips that are there must be for the machine's namespace, and of the subnet of one of its interfaces. */
function sharedObjections(
  { metadata }: VirtualMachine,
  sources: readonly AnnotationSource[],
  faces: readonly Interface[],
  neighbours: ReadonlyWorld,
): readonly Objection[] {
  return sources.flatMap(({ path, annotations }) =>
    listOf(annotations?.[SHARED_VIPS_ANNOTATION]).flatMap((name): Objection[] => {
      const spec = neighbours.get('Vip', name)?.spec;
      if (!spec) return [];
      const at = { path: `${path}[${SHARED_VIPS_ANNOTATION}]`, text: name };
      const { namespace = '', subnet = '', type = '' } = spec;
      if (type !== '') return [{ at, detail: `Vip ${name} is of type ${type}: only one without a type is shared` }];
      if (namespace !== metadata.namespace)
        return [
          {
            at,
            detail: `Vip ${name} is for machines of ${namespace === '' ? 'no namespace (spec.namespace)' : `namespace ${namespace}`}: use one of namespace ${metadata.namespace}`,
          },
        ];
      if (faces.length === 0 || faces.some((face) => face.subnet === subnet)) return [];
      const own = [...new Set(faces.map((face) => face.subnet))].join(', ');
      return [{ at, detail: `Vip ${name} is of subnet ${subnet}, this machine is on ${own}: use one of its subnet` }];
    }),
  );
}

/** The Vip that an interface is to have for its own must be of its subnet, and nobody else's. */
function takenObjections(
  { metadata }: VirtualMachine,
  sources: readonly AnnotationSource[],
  face: Interface,
  neighbours: ReadonlyWorld,
): readonly Objection[] {
  const wishes = selectionWishes(sources, face, face);
  if ('problem' in wishes || !wishes.vip) return [];
  const at = wishes.vip;
  const name = at.text;
  const vip = neighbours.get('Vip', name);
  const problem = takenAddress(name, vip, face.subnet);
  if (typeof problem === 'string') return [{ at, detail: problem }];
  const nic = neighbours.keys('IP', 'takenVip', name).find((key) => key !== face.port);
  const self = `${metadata.namespace}/${metadata.name}`;
  const machine = neighbours.keys('VirtualMachine', 'takenVip', name).find((key) => key !== self);
  const sharer = neighbours.keys('IP', 'sharedVip', name).find((key) => key !== face.port);
  const holder = nic ?? (machine === undefined ? undefined : `VirtualMachine ${machine}, which asks for it`);
  if (holder !== undefined) return [{ at, detail: `Vip ${name} is the address of ${holder}: choose another one` }];
  return sharer !== undefined && vip?.spec?.namespace
    ? [
        {
          at,
          detail: `Vip ${name} is taken over by ${sharer} and others (annotation ovn.kubernetes.io/aaps): choose one that is not shared`,
        },
      ]
    : [];
}

/** Addresses that subnets name for sharing (spec.vips). */
function addressObjections(
  sources: readonly AnnotationSource[],
  face: Interface,
  neighbours: ReadonlyWorld,
): readonly Objection[] {
  const at = wishText(sources, face, 'port_vips');
  const subnet = neighbours.get('Subnet', face.subnet);
  if (!at || !subnet) return [];
  const known = (subnet.spec?.vips ?? []).map((text) => textOf(text));
  return listOf(at.text)
    .filter((text) => textOf(text) === undefined || !known.includes(textOf(text)))
    .map((text) => ({
      at,
      detail: `${text} is none of spec.vips of subnet ${face.subnet}: add it there, or share a Vip`,
    }));
}

function textOf(text: string): string | undefined {
  const ip = attempt(() => parseIp(text.trim()));
  return ip && formatIp(ip);
}
