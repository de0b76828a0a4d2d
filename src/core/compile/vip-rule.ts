/**
 * Vip that machines share -> one virtual port for each family (OVN's virtual-ip takes one address). OVN watches the interfaces that may take the address over, its parents:
 * the one that announces it (gratuitous ARP, unsolicited neighbour advertisement) has it from then on.
 */
import { cidrContains } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { HOST_VM_VIP, SWITCH_LB_VIP, type Vip } from '../../kinds/vip.ts';
import { parseLabels } from '../select/labels.ts';
import { type SharedAddress, virtualRouterMac } from '../vip/shared-address.ts';
import type { Facts } from './facts.ts';
import { switchOf } from './subnet-switch.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { mayTakeOver, placeOf } from './take-over.ts';
import { emitVirtualPort } from './virtual-port.ts';

/** The virtual port of a Vip: named as it; the one for IPv6 of a Vip of both families has a name of its own. */
export function virtualPortName(vip: string, family: 4 | 6, ofBoth: boolean): string {
  return family === 6 && ofBoth ? `${vip}.v6` : vip;
}

export const vipRule = rule({
  kind: 'Vip',
  reads: { kinds: ['IP', 'Workload'], facts: ['SubnetSwitch'] },
  emits: ['SharedAddress'],
  run(vip, name, read, emit) {
    const { subnet = '', namespace = '', type = '' } = vip.spec ?? {};
    const found = switchOf(subnet, read, emit);
    if (!found) return;
    if (type === HOST_VM_VIP)
      emit.issue({
        reason: 'NotImplemented',
        field: 'spec.type',
        message: `spec.type: ${HOST_VM_VIP} is for machines on the network of their host, which are on no network of Weft: the address is reserved, and nothing else`,
      });
    else if (type !== '' && type !== SWITCH_LB_VIP)
      emit.issue({
        reason: 'InvalidSpec',
        field: 'spec.type',
        message: `spec.type: ${JSON.stringify(type)} is none of "", ${SWITCH_LB_VIP} and ${HOST_VM_VIP}: the address is reserved, and nothing else`,
      });
    if (type !== '' || namespace === '') return;
    const shared = sharedAddress(vip, found, emit);
    if (!shared || isTaken(name, read, emit)) return;
    emit.fact('SharedAddress', name, shared);
    const parents = read
      .keys('IP', 'sharedVip', name)
      .filter((key) => mayTakeOver(read.get('IP', key, placeOf) ?? {}, shared, read))
      .toSorted();
    if (parents.length === 0)
      emit.issue({
        reason: 'VipNotShared',
        severity: 'note',
        message: `no machine of namespace ${namespace} on subnet ${subnet} has it yet in its annotation ovn.kubernetes.io/aaps`,
      });
    for (const ip of shared.ips) {
      const port = virtualPortName(name, parseIp(ip).family, shared.ips.length > 1);
      emitVirtualPort(found.switch, port, ip, parents, { vip: name }, emit);
    }
  },
});

function sharedAddress({ spec }: Vip, { cidrs }: Facts['SubnetSwitch'], emit: Emit): SharedAddress | undefined {
  const { namespace = '', subnet = '', selector = [], v4ip, v6ip, macAddress } = spec ?? {};
  const labels = parseLabels(selector);
  if (!labels) {
    emit.issue({
      reason: 'InvalidSpec',
      field: 'spec.selector',
      message: `spec.selector: ${JSON.stringify(selector)} must be a list of key:value: nobody gets the address until it is corrected`,
    });
    return undefined;
  }
  const ips = [v4ip, v6ip].flatMap((text) => attempt(() => parseIp(text ?? '')) ?? []);
  const inside = ips.filter((ip) => cidrs.some((cidr) => cidrContains(cidr, ip))).map(formatIp);
  // they are being chosen
  if (inside.length === 0) return undefined;
  const mac = virtualRouterMac(macAddress);
  return { namespace, subnet, ips: inside, labels, ...(mac === undefined ? {} : { mac }) };
}

/** An interface that has the address for its own answers for it: there is nothing to share. */
function isTaken(name: string, read: Read, emit: Emit): boolean {
  const [holder] = read.keys('IP', 'takenVip', name).toSorted();
  if (holder === undefined) return false;
  emit.issue({
    reason: 'VipNotShared',
    severity: 'note',
    message: `interface ${holder} has the address for its own (annotation ovn.kubernetes.io/vip), so nobody else takes it over`,
  });
  return true;
}
