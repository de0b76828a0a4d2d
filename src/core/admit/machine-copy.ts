/** Copies of virtual machines: a mark says for whom addresses were asked for, so that a copy does not claim those of its original. */
import type { VirtualMachine, VmInterface } from '../../kinds/virtual-machine.ts';
import { INTERFACES } from '../ipam/machine-wishes.ts';

/** annotation of a machine that asks for addresses by name: which machine they were meant for, `namespace/name` */
export const ADDRESSES_OF = 'network.harvesterhci.io/addresses-of';
/** annotation of a machine that was copied: which addresses of the original it did not keep */
export const NOT_COPIED = 'network.harvesterhci.io/addresses-not-copied';

/** Without the annotations and MAC addresses that stand at these paths. */
export function withoutWishes(vm: VirtualMachine, paths: ReadonlySet<string>): VirtualMachine {
  const clean = (path: string, annotations: Readonly<Record<string, string>> | undefined) =>
    annotations && Object.fromEntries(Object.entries(annotations).filter(([key]) => !paths.has(`${path}[${key}]`)));
  const template = vm.spec?.template;
  const interfaces: unknown = template?.spec?.domain?.devices?.interfaces;
  const templateAnnotations = clean('spec.template.metadata.annotations', template?.metadata?.annotations);
  const metadata = { ...vm.metadata, annotations: clean('metadata.annotations', vm.metadata.annotations) ?? {} };
  if (!template) return { ...vm, metadata };
  return {
    ...vm,
    metadata,
    spec: {
      ...vm.spec,
      template: {
        ...template,
        ...(templateAnnotations ? { metadata: { ...template.metadata, annotations: templateAnnotations } } : {}),
        ...(template.spec && Array.isArray(interfaces)
          ? {
              spec: {
                ...template.spec,
                domain: {
                  ...template.spec.domain,
                  devices: {
                    ...template.spec.domain?.devices,
                    interfaces: (interfaces as readonly VmInterface[]).map((face) =>
                      Object.fromEntries(
                        Object.entries(face).filter(
                          ([field]) => !paths.has(`${INTERFACES}[name=${face.name}].${field}`),
                        ),
                      ),
                    ) as unknown as readonly VmInterface[],
                  },
                },
              },
            }
          : {}),
      },
    },
  };
}

export function withAnnotations(
  vm: VirtualMachine,
  changes: Readonly<Record<string, string | undefined>>,
): VirtualMachine {
  const merged = { ...vm.metadata.annotations, ...changes };
  const annotations = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
  return { ...vm, metadata: { ...vm.metadata, annotations } };
}
