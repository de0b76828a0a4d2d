/** Encapsulation between chassis, and what it leaves for a guest's packet. */

export const ENCAPS = ['geneve', 'vxlan'] as const;
export type Encap = (typeof ENCAPS)[number];

/** bytes around a guest's IP packet: outer IPv4 20, UDP 8, tunnel header (Geneve 8 and OVN's option 8; VXLAN 8), inner Ethernet 14 */
const OVERHEAD: Readonly<Record<Encap, number>> = { geneve: 20 + 8 + 16 + 14, vxlan: 20 + 8 + 8 + 14 };
/** an outer IPv6 header is that much longer than an IPv4 one */
const IPV6_EXTRA = 20;
/** every link must carry IPv6's smallest packet (RFC 8200) */
export const SMALLEST_MTU = 1280;

/** Bytes that an encapsulation puts around a guest's packet. */
export function overhead(encap: Encap, outerIpv6: boolean): number {
  return OVERHEAD[encap] + (outerIpv6 ? IPV6_EXTRA : 0);
}

/** Bytes of the largest packet that a guest may send, whichever of the encapsulations is taken. @throws RangeError when that is below 1280 */
export function tunnelMtu(encaps: readonly Encap[], underlayMtu: number, outerIpv6: boolean): number {
  const most = Math.max(...encaps.map((encap) => overhead(encap, outerIpv6)));
  const mtu = underlayMtu - most;
  if (!Number.isInteger(mtu) || mtu < SMALLEST_MTU)
    throw new RangeError(
      `an underlay MTU of ${underlayMtu} leaves ${mtu} bytes for guests: ${SMALLEST_MTU + most} is the least with ${encaps.join(',')}`,
    );
  return mtu;
}

/** `geneve`, `vxlan`, or both while the installation changes from one to the other. @throws RangeError */
export function parseEncaps(text: string): readonly Encap[] {
  const names = text.split(',').map((name) => name.trim());
  const known = ENCAPS.filter((encap) => names.includes(encap));
  if (known.length !== names.length)
    throw new RangeError(
      `encapsulation ${JSON.stringify(text)} must be ${ENCAPS.join(' or ')}, or ${ENCAPS.join(',')}`,
    );
  return known;
}
