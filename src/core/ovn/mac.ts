/** MAC addresses that follow from names: the same name has the same address after any restart and any loss of the database. */
import { localMac } from '../../lib/netaddr/mac.ts';

/** `attempt` gives other addresses for the same name, for when one is taken. */
export function macFor(name: string, attempt = 0): string {
  const text = attempt === 0 ? name : `${name}#${attempt}`;
  return localMac((BigInt(hash32(text, 0x9e3779b9)) << 32n) | BigInt(hash32(text, 0x85ebca6b)));
}

/** FNV-1a style mixing with a final avalanche (Murmur3 finaliser): spread, not secrecy */
export function hash32(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
