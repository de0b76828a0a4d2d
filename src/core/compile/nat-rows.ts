/** NAT rows of a VPC's router (ovn-nb(5), NAT). A row is known by what it translates, so that two objects that want the same are told of each other. */
import { type Cidr, formatCidr, hostPrefix } from '../../lib/netaddr/cidr.ts';
import { formatIp, type Ip, width } from '../../lib/netaddr/ip.ts';
import type { Facts } from './facts.ts';
import type { Emit } from './rule.ts';
import { viaSetName } from './vpc-external.ts';

interface Translation {
  readonly vpc: string;
  /** external subnet of the external address */
  readonly subnet: string;
  readonly external: string;
  readonly link: Facts['VpcExternal'];
}

interface SourceTranslation extends Translation {
  readonly logical: Cidr;
  /** wherever they leave; else they are sent to this external subnet */
  readonly anyWay?: boolean;
}

/** Packets from these addresses leave with that one. */
export function emitSnat({ logical, anyWay = false, ...of }: SourceTranslation, emit: Emit): void {
  emitNat(of, 'snat', `snat/${of.subnet}/${formatCidr(logical)}`, { logical_ip: natPrefix(logical) }, emit);
  if (!anyWay) leavesBy(of, logical, emit);
}

interface Floating extends Translation {
  readonly logical: Ip;
  /** where the machine is, packets enter and leave; without it at the gateway node */
  readonly distributed?: { readonly port: string; readonly mac: string };
}

/** The external address stands for the logical one, in both directions. */
export function emitFloating({ logical, distributed, ...of }: Floating, emit: Emit): void {
  emitNat(
    of,
    'dnat_and_snat',
    `dnat_and_snat/${of.external}`,
    {
      logical_ip: formatIp(logical),
      ...(distributed ? { logical_port: distributed.port, external_mac: distributed.mac } : {}),
    },
    emit,
  );
  leavesBy(of, hostPrefix(logical), emit);
}

function emitNat(
  { vpc, external, link }: Translation,
  type: 'snat' | 'dnat_and_snat',
  key: string,
  columns: Readonly<Record<string, string>>,
  emit: Emit,
): void {
  emit.child({ table: 'Logical_Router', key: vpc, column: 'nat' }, 'NAT', `${vpc}/${key}`, {
    type,
    external_ip: external,
    ...columns,
    external_port_range: '',
    // OVN has to be told where it cannot guess it (ovn-nb(5), gateway_port)
    ...(link.several ? { gateway_port: { table: 'Logical_Router_Port', key: link.port } } : {}),
    options: {},
    external_ids: { vendor: 'kube-ovn', vpc },
  });
}

/** With several external subnets, what is translated to an address of one is sent there. What has no longer prefix elsewhere needs no help to the first. */
export function leavesBy({ vpc, subnet, link }: Omit<Translation, 'external'>, logical: Cidr, emit: Emit): void {
  const single = logical.bits === width(logical.family);
  if (!link.several || (link.main && !single)) return;
  const set = viaSetName(vpc, subnet, logical.family, single);
  emit.member('Address_Set', set, 'addresses', formatCidr(logical));
}

/** OVN wants single addresses without a length */
function natPrefix(cidr: Cidr): string {
  const text = formatCidr(cidr);
  return cidr.bits === width(cidr.family) ? text.slice(0, text.indexOf('/')) : text;
}
