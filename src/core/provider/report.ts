/** What a node says of its uplinks. */
import type { NodeUplink } from '../../kinds/node-underlay.ts';
import type { UplinkChoice } from './choice.ts';
import type { UplinkPlan } from './plan.ts';
import type { NodeState } from './state.ts';

export interface Signals {
  /** NICs -> their carrier, as the kernel said last */
  readonly carriers: ReadonlyMap<string, boolean>;
  /** ProviderNetwork -> why nothing passes its uplink although there is a carrier */
  readonly unanswered: ReadonlyMap<string, string>;
  /** ProviderNetwork -> why nobody knows whether something passes, although somebody should ask */
  readonly unwatched: ReadonlyMap<string, string>;
}

/** One entry for each ProviderNetwork that the node is meant to be on. */
export function reportUplinks(
  choices: readonly UplinkChoice[],
  plan: Pick<UplinkPlan, 'problems' | 'ready'>,
  devices: NodeState['devices'],
  { carriers, unanswered, unwatched }: Signals,
): readonly NodeUplink[] {
  return choices.map(({ provider, bridge, port, nics }) => {
    const present = nics.flatMap((nic) => devices.get(nic) ?? []);
    // of a bond one NIC is enough
    const carrier = present.some(({ name, carrier: read }) => carriers.get(name) ?? read);
    const ready = plan.ready.has(provider);
    const reason =
      plan.problems.get(provider) ?? (ready ? undefined : 'Pending: the NIC is on its way into its bridge');
    const down = carrier
      ? unanswered.get(provider)
      : `NoCarrier: ${nics.join(', ')} has no carrier: see to the cable, or the switch`;
    const why = reason ?? down ?? unwatched.get(provider);
    const [nic] = present;
    return {
      name: provider,
      bridge,
      interface: port,
      ...(nic ? { mac: nic.mac, mtu: Math.min(...present.map(({ mtu }) => mtu)) } : {}),
      ready,
      up: down === undefined,
      ...(why === undefined ? {} : { reason: why }),
    };
  });
}
