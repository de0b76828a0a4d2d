/** OvnFip, IptablesFIPRule -> NAT rows of type dnat_and_snat, one for each family. */
import { formatIp } from '../../lib/netaddr/ip.ts';
import { eipKindOf, eipNameOf, FAMILIES, type FipKind, fipWords } from '../external/families.ts';
import { eipOf, isTaken, linkOf } from './eip.ts';
import { emitFloating } from './nat-rows.ts';
import { type NatTarget, pairs, targetOf, tellFamilies } from './nat-target.ts';
import { type Read, rule } from './rule.ts';
import { rulesNaming } from './rules-inside.ts';

const fipRule = (kind: FipKind) =>
  rule({
    kind,
    reads: {
      kinds: [
        ...(kind === 'OvnFip'
          ? (['OvnEip', 'OvnFip', 'OvnSnatRule', 'IptablesEIP', 'VpcNatGateway'] as const)
          : (['IptablesEIP', 'VpcNatGateway', 'IptablesFIPRule', 'IptablesSnatRule'] as const)),
        'OvnDnatRule',
        'IptablesDnatRule',
        'IP',
        'Vip',
        'Subnet',
        'Vpc',
        'Placement',
        'Uplink',
      ],
      facts: ['VpcExternal'],
    },
    emits: [],
    run(fip, name, read, emit) {
      const eipKind = eipKindOf(kind);
      const eip = eipOf(eipKind, eipNameOf(fip), read, emit);
      const created = fip.metadata.creationTimestamp;
      if (!eip || isTaken({ kind, key: name, created }, eip.name, read, emit)) return;
      const words = fipWords(fip, eip.vpc);
      const target = targetOf(words, FAMILIES[eipKind].target, read, emit);
      const link = target && linkOf(target.vpc, eip, read, emit);
      if (!target || !link) return;
      const found = pairs(eip.addresses, target.addresses);
      if (found.length === 0) return tellFamilies(eip, target.addresses, emit);
      const why =
        target.port === undefined
          ? 'it names no machine'
          : target.onVlan === true
            ? 'the machine is on a VLAN, whose router one node carries'
            : (awayFrom(link.provider, target.node, read) ?? forwardedTo(target, read));
      const distributed = words.type !== 'centralized' && why === undefined;
      if (words.type === 'distributed' && !distributed)
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

export const ovnFipRule = fipRule('OvnFip');
export const iptablesFipRule = fipRule('IptablesFIPRule');

/** OVN sends answers of ports that are forwarded to the gateway node, whoever asked (ovn-northd(8), Gateway Redirect) */
function forwardedTo({ vpc, port, addresses }: NatTarget, read: Read): string | undefined {
  const [dnat] = [
    ...read.keys('OvnDnatRule', 'target', port ?? '').map((name) => `OvnDnatRule ${name}`),
    ...addresses.flatMap((ip) => rulesNaming(['OvnDnatRule', 'IptablesDnatRule'], vpc, ip, read)),
  ].toSorted();
  return dnat === undefined
    ? undefined
    : `${dnat} forwards ports to the same machine, whose answers pass the gateway node`;
}

/** why the node of the machine cannot send and receive there itself */
function awayFrom(provider: string, node: string | undefined, read: Read): string | undefined {
  if (node === undefined) return undefined;
  const ready = read.get('Uplink', `${provider}/${node}`, (uplink) => uplink.ready);
  return ready === true ? undefined : `${node} is not on ProviderNetwork ${provider}`;
}
