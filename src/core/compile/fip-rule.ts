/** OvnFip -> NAT rows of type dnat_and_snat, one for each family. */
import { formatIp } from '../../lib/netaddr/ip.ts';
import { eipOf, isTaken, linkOf } from './eip.ts';
import { emitFloating } from './nat-rows.ts';
import { pairs, targetOf, tellFamilies } from './nat-target.ts';
import { type Read, rule } from './rule.ts';

export const fipRule = rule({
  kind: 'OvnFip',
  reads: {
    kinds: ['OvnEip', 'OvnFip', 'OvnSnatRule', 'OvnDnatRule', 'IP', 'Vip', 'Subnet', 'Vpc', 'Placement', 'Uplink'],
    facts: ['VpcExternal'],
  },
  emits: [],
  run({ metadata, spec }, name, read, emit) {
    const eip = eipOf(spec?.ovnEip ?? '', read, emit);
    if (!eip || isTaken({ kind: 'OvnFip', key: name, created: metadata.creationTimestamp }, eip.name, read, emit))
      return;
    const target = targetOf(spec ?? {}, read, emit);
    const link = target && linkOf(target.vpc, eip, read, emit);
    if (!target || !link) return;
    const found = pairs(eip.addresses, target.addresses);
    if (found.length === 0) return tellFamilies(eip.addresses, target.addresses, 'spec.ovnEip', emit);
    const why =
      target.port === undefined
        ? 'it names no machine'
        : target.onVlan === true
          ? 'the machine is on a VLAN, whose router one node carries'
          : (awayFrom(link.provider, target.node, read) ?? forwardedTo(spec?.ipName ?? '', read));
    const distributed = spec?.type !== 'centralized' && why === undefined;
    if (spec?.type === 'distributed' && !distributed)
      emit.issue({
        severity: 'note',
        reason: 'CentralizedMeanwhile',
        field: 'spec.type',
        message: `it is centralized meanwhile, since ${why}`,
      });
    for (const [external, logical] of found)
      emitFloating(
        {
          vpc: target.vpc,
          subnet: eip.subnet,
          link,
          external: formatIp(external),
          logical,
          ...(distributed ? { distributed: { port: target.port!, mac: eip.mac } } : {}),
        },
        emit,
      );
  },
});

/** OVN sends answers of ports that are forwarded to the gateway node, whoever asked (ovn-northd(8), Gateway Redirect) */
function forwardedTo(target: string, read: Read): string | undefined {
  const [dnat] = read.keys('OvnDnatRule', 'target', target).toSorted();
  return dnat === undefined
    ? undefined
    : `OvnDnatRule ${dnat} forwards ports to the same machine, whose answers pass the gateway node`;
}

/** why the node of the machine cannot send and receive there itself */
function awayFrom(provider: string, node: string | undefined, read: Read): string | undefined {
  if (node === undefined) return undefined;
  const ready = read.get('Uplink', `${provider}/${node}`, (uplink) => uplink.ready);
  return ready === true ? undefined : `${node} is not on ProviderNetwork ${provider}`;
}
