/** Encapsulation between chassis, and what it leaves for a guest's packet. */

export const ENCAPS = ['geneve', 'vxlan'] as const;
export type Encap = (typeof ENCAPS)[number];

/** bytes around a guest's IP packet: outer IPv4 20, UDP 8, tunnel header (Geneve 8 and OVN's option 8; VXLAN 8), inner Ethernet 14 */
const OVERHEAD: Readonly<Record<Encap, number>> = { geneve: 20 + 8 + 16 + 14, vxlan: 20 + 8 + 8 + 14 };
/** an outer IPv6 header is that much longer than an IPv4 one */
const IPV6_EXTRA = 20;
/** every link must carry IPv6's smallest packet (RFC 8200) */
export const SMALLEST_MTU = 1280;

/** Bytes of the largest packet that a guest may send. @throws RangeError when that is below 1280 */
export function tunnelMtu(encap: Encap, underlayMtu: number, outerIpv6: boolean): number {
  const overhead = OVERHEAD[encap] + (outerIpv6 ? IPV6_EXTRA : 0);
  const mtu = underlayMtu - overhead;
  if (!Number.isInteger(mtu) || mtu < SMALLEST_MTU)
    throw new RangeError(
      `an underlay MTU of ${underlayMtu} leaves ${mtu} bytes for guests: ${SMALLEST_MTU + overhead} is the least with ${encap}`,
    );
  return mtu;
}
