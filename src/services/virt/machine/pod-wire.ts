/**
 * The pod's side of a machine's NIC: the CNI interface gives its MAC and its addresses away and becomes a wire to a tap device beside it, as
 * KubeVirt's bridge binding does it (there by a bridge, here by redirection: nothing has to be learnt, and nothing of the pod's own gets out).
 */
import { networkOf, batchIn, runIn } from './in-namespace.ts';
import type { PodSide } from './machine.ts';
import { redirect, redirectable } from './redirect.ts';

/** the tap device of a NIC, in its pod */
export function tapOf(index: number): string {
  return `tap${index}`;
}

/** a tap takes whatever a guest sends, also one whose MTU was raised by hand: the router must see such a packet to answer that it is too big */
export const TAP_MTU = 9216;

interface Link {
  readonly address: string;
  readonly mtu: number;
}

/** MAC and MTU of an interface in the pod. @throws CommandError when there is none */
export async function podLink({ pause }: PodSide, device: string): Promise<Link> {
  const [link] = JSON.parse(await runIn(networkOf(pause), ['ip', '-j', 'link', 'show', 'dev', device])) as Link[];
  return { address: link!.address, mtu: link!.mtu };
}

/** Connects the CNI interface with a tap device that is there already. Doing it again is fine. */
export async function wirePod({ pause }: PodSide, podDevice: string, tap: string): Promise<void> {
  const netns = networkOf(pause);
  // the pod itself says nothing on the wire: no router solicitation, no duplicate address detection
  const silent = [podDevice, tap].map((device) => `net.ipv6.conf.${device.replaceAll('.', '/')}.disable_ipv6=1`);
  await runIn(netns, ['sysctl', '-q', '-w', ...silent]);
  await batchIn(netns, 'ip', [
    `addr flush dev ${podDevice}`,
    `link set ${podDevice} address ${OWN_MAC} up`,
    `link set ${tap} mtu ${TAP_MTU} up`,
  ]);
  await batchIn(netns, 'tc', [
    ...[podDevice, tap].map(redirectable),
    redirect(podDevice, tap),
    redirect(tap, podDevice),
  ]);
}

/** locally administered; never seen by anybody, because the pod sends nothing */
const OWN_MAC = '02:00:00:00:00:00';
