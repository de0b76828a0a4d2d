import { AddressError } from './error.ts';

/** EUI-48 as six two-digit hexadecimal groups with colons; the result is lower case. @throws AddressError */
export function parseMac(text: string): string {
  if (!/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text))
    throw new AddressError(text, 'is not a MAC address (six two-digit hexadecimal groups with colons)');
  return text.toLowerCase();
}

/** true when the group bit is not set and the address is not all zero: it may be the source of a frame (IEEE 802) */
export function isUnicastMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
}

/** A locally administered unicast MAC from 46 bits of `bits` (higher bits are ignored). */
export function localMac(bits: bigint): string {
  const first = Number((bits >> 40n) & 0x3fn) * 4 + 2;
  const rest = (bits & 0xffffffffffn).toString(16).padStart(10, '0');
  return [first.toString(16).padStart(2, '0'), ...(rest.match(/../g) ?? [])].join(':');
}

/** The lower 64 bits of an IPv6 address that follow from a MAC address (modified EUI-64, RFC 4291 appendix A). */
export function eui64(mac: string): bigint {
  const octets = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const [first = 0, second = 0, third = 0, ...rest] = octets;
  const all = [first ^ 0x02, second, third, 0xff, 0xfe, ...rest];
  return all.reduce((value, octet) => (value << 8n) | BigInt(octet), 0n);
}
