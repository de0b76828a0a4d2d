/** VirtualMachine -> VirtualMachineInstance, and the machine's status. */
import { equal } from '../../core/ovn/equal.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { hotplugged } from './hotplug.ts';
import { namesOfInterfaces } from './instance-status.ts';
import { machineStatus } from './machine-status.ts';
import { instanceFor } from './manifests.ts';
import { RESOURCES } from './resources.ts';
import { hasEnded, wishFor } from './run-strategy.ts';

export interface MachinesOptions {
  readonly client: KubeClient;
  machine(key: string): VirtualMachine | undefined;
  instance(key: string): VirtualMachineInstance | undefined;
  /** RFC 3339, seconds */
  now(): string;
}

export class Machines {
  readonly #options: MachinesOptions;

  constructor(options: MachinesOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<void> {
    const vm = this.#options.machine(key);
    if (!vm) return;
    const instance = this.#options.instance(key);
    if (!vm.metadata.deletionTimestamp) await this.#follow(vm, instance);
    await this.#report(vm, instance);
  }

  async #follow(vm: VirtualMachine, instance: VirtualMachineInstance | undefined): Promise<void> {
    const wish = wishFor(vm, instance);
    if (!instance) {
      if (wish === 'run') await this.#create(vm);
      return;
    }
    if (instance.metadata.deletionTimestamp) return;
    // a machine that ended is started anew as another instance
    if (wish === 'stop' || (wish === 'run' && hasEnded(instance))) {
      const { namespace, name, uid } = instance.metadata;
      await this.#options.client.delete(RESOURCES.vmis, { namespace, name }, uid ? { uid } : {});
      return;
    }
    await this.#plug(vm, instance);
  }

  /** Interfaces come and go while a machine runs. */
  async #plug(vm: VirtualMachine, { metadata, spec: old, status }: VirtualMachineInstance): Promise<void> {
    const spec = hotplugged(vm.metadata.namespace ?? '', vm.spec?.template?.spec, old, namesOfInterfaces(status));
    if (!spec) return;
    const { namespace, name, resourceVersion } = metadata;
    try {
      await this.#options.client.patch(RESOURCES.vmis, { namespace, name }, { metadata: { resourceVersion }, spec });
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }

  async #create(vm: VirtualMachine): Promise<void> {
    try {
      await this.#options.client.create(RESOURCES.vmis, instanceFor(vm));
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }

  async #report(vm: VirtualMachine, instance: VirtualMachineInstance | undefined): Promise<void> {
    const status = machineStatus(vm, instance, this.#options.now());
    if (equal(vm.status ?? {}, status)) return;
    const { namespace, name, resourceVersion } = vm.metadata;
    try {
      await this.#options.client.patch(
        RESOURCES.vms,
        { namespace, name },
        { metadata: { resourceVersion }, status },
        { subresource: 'status' },
      );
    } catch (error) {
      // somebody else wrote or deleted it: that change brings us back
      if (!isOvertaken(error)) throw error;
    }
  }
}
