/** What fits one packet of a subnet; the router answers larger ones with an ICMP error (ovn-nb(5), gateway_mtu). */
import type { Subnet } from '../../kinds/subnet.ts';
import { choicesOf, subnetMtu } from '../underlay/mtu.ts';
import type { Emit, Read } from './rule.ts';
import { SETTINGS_KEY } from './world.ts';

const NOTHING_KNOWN = { standard: undefined, byNetwork: {}, floor: undefined };

/** Bytes; 0 when nothing is known. */
export function mtuOf(subnet: Subnet, read: Read, emit: Emit): number {
  const fallback = read.get('Settings', SETTINGS_KEY, ({ tunnelMtu }) => tunnelMtu) ?? 0;
  const mtus = read.fact('GuestMtus', SETTINGS_KEY) ?? NOTHING_KNOWN;
  const choices = choicesOf(subnet, attachmentsOf(subnet, read));
  const own = subnet.spec?.mtu ?? 0;
  const { mtu, safe, chosen } = subnetMtu(own, choices, mtus, fallback);
  if (choices.length > 0) tellChoice(choices, mtus.byNetwork, emit);
  if (own > chosen && chosen > 0)
    emit.issue({
      reason: 'InvalidSpec',
      field: 'spec.mtu',
      message: `spec.mtu: ${own} bytes do not fit the tunnel between nodes, ${chosen} do and ${mtu} are used: lower it, or raise the MTU of the underlay`,
    });
  else if (mtu > safe)
    emit.issue({
      severity: 'warning',
      reason: 'MtuTooLarge',
      field: 'spec.mtu',
      message: `spec.mtu: packets of more than ${safe} bytes pass on ${choices.join(', ')} only: they are lost when it fails, and when they are broadcast or go to a gateway; set it to 0 for what always passes`,
    });
  else if (mtus.floor !== undefined && mtu > mtus.floor)
    emit.issue({
      severity: 'note',
      reason: 'MtuTooLarge',
      message: `broadcast and multicast of more than ${mtus.floor} bytes may take another network between nodes, and are lost there`,
    });
  return mtu;
}

function tellChoice(choices: readonly string[], known: Readonly<Record<string, number>>, emit: Emit): void {
  const unknown = choices.filter((name) => !Object.hasOwn(known, name));
  if (unknown.length > 0)
    emit.issue({
      reason: 'NodeNetworkUnknown',
      field: 'spec.nodeNetwork',
      message: `no node has an address on network ${unknown.join(', ')}, so its pods do not start: create a HostNetworkConfig for that cluster network, or correct the name`,
    });
  else
    emit.issue({
      severity: 'note',
      reason: 'PreferredUnderlay',
      message: `unicast between guests prefers ${choices.join(', ')} between nodes; broadcast, multicast and what goes to a gateway may take any network between nodes`,
    });
}

/** the attachments that name the subnet, and the one that it names */
function attachmentsOf({ metadata: { name }, spec }: Subnet, read: Read) {
  const served = /^(.+)\.([^.]+)\.ovn$/.exec(spec?.provider ?? '');
  const keys = [
    ...read.keys('NetworkAttachmentDefinition', 'subnet', name),
    ...(served ? [`${served[2]}/${served[1]}`] : []),
  ];
  return [...new Set(keys)].flatMap((key) => read.get('NetworkAttachmentDefinition', key) ?? []);
}
