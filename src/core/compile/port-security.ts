/** From which addresses an interface may send: its own, and those that it may take over from others (ovn-nb(5), port_security). */
import type { IpObject } from '../../kinds/ip.ts';
import { portVips, sharedVips } from '../vip/port-annotations.ts';
import type { Facts } from './facts.ts';
import type { Emit, Read } from './rule.ts';
import { mayTakeOver } from './take-over.ts';

interface Extra {
  /** addresses that it announces with its own MAC */
  readonly ips: readonly string[];
  /** `<MAC> <addresses>`: what it may send with the MAC of a virtual router (VRRP with use_vmac) */
  readonly macs: readonly { readonly mac: string; readonly ips: readonly string[] }[];
}

export function securedBy(
  own: { readonly mac: string; readonly ips: readonly string[] },
  { ips, macs }: Extra,
): readonly string[] {
  return [
    [own.mac, ...own.ips, ...ips].join(' '),
    // VRRP's own packets come from the interface's address with that MAC
    ...macs.map((each) => [each.mac, ...own.ips, ...each.ips].join(' ')),
  ];
}

/** What its machine lists and may have; what it may not have are issues. */
export function extraAddresses(
  ip: IpObject,
  name: string,
  { vips }: Facts['SubnetSwitch'],
  read: Read,
  emit: Emit,
): Extra {
  const ips: string[] = [];
  const macs: { mac: string; ips: readonly string[] }[] = [];
  for (const vip of sharedVips(ip)) {
    const shared = read.fact('SharedAddress', vip);
    if (!shared || !mayTakeOver(ip, shared, read)) {
      tellWhyNot(ip, vip, read, emit);
      continue;
    }
    ips.push(...shared.ips);
    if (shared.mac !== undefined) macs.push({ mac: shared.mac, ips: shared.ips });
  }
  for (const text of portVips(ip))
    if (vips.includes(text)) ips.push(text);
    else
      emit.issue({
        reason: 'VipNotShared',
        message: `annotation port_vips: ${text} is not in spec.vips of subnet ${ip.spec?.subnet}, so interface ${name} may not use it: add it there, or share a Vip`,
      });
  return { ips: [...new Set(ips)], macs };
}

/** Another interface of the machine may be the one that is meant: of a Vip of another subnet nothing is said. */
function tellWhyNot({ spec }: IpObject, vip: string, read: Read, emit: Emit): void {
  const found = read.get('Vip', vip, (object) => ({
    namespace: object.spec?.namespace ?? '',
    subnet: object.spec?.subnet ?? '',
  }));
  const tell = (why: string) =>
    emit.issue({ reason: 'VipNotShared', message: `annotation ovn.kubernetes.io/aaps: Vip ${vip} ${why}` });
  if (!found) return tell('does not exist: create it, or correct the annotation');
  if (found.namespace !== spec?.namespace)
    return tell(
      found.namespace === ''
        ? `is shared by nobody: set its spec.namespace to ${spec?.namespace}`
        : `is for machines of namespace ${found.namespace}: make one for namespace ${spec?.namespace}`,
    );
  if (found.subnet === spec.subnet)
    tell('is not shared with this machine (its condition and its spec.selector say why)');
}
