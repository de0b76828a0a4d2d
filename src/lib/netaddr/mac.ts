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
