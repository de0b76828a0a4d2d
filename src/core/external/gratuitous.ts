/** Frames by which a router that has moved to another node says so: switches learn from them where its MAC address is now. Hexadecimal. */
import type { Ip } from '../../lib/netaddr/ip.ts';

const ETHERNET_LEAST = 60;

/** @param tag VLAN ID; 0 for none. @param mac `xx:xx:xx:xx:xx:xx` */
export function gratuitous(ip: Ip, mac: string, tag: number): string {
  const address = mac.replaceAll(':', '');
  const frame = ip.family === 4 ? arp(ip, address, tag) : advertisement(ip, address, tag);
  return frame.padEnd(ETHERNET_LEAST * 2, '0');
}

/**
 * RFC 903: a reverse ARP request, as hosts send for machines that have moved to them, to a group that nobody is in. A switch that forwards known flows by a cache
 * learns from frames that are not in it, so each one goes to another group. @param nonce 32 bits
 */
export function lesson(mac: string, tag: number, nonce: number): string {
  const address = mac.replaceAll(':', '');
  // a group address that is locally administered (IEEE 802, the bits 01 and 02 of the first byte)
  const group = `0300${hex(BigInt(nonce), 4)}`;
  const body = ['0001', '0800', '06', '04', '0003', address, '00000000', address, '00000000'].join('');
  return `${group}${address}${dot1q(tag)}8035${body}`.padEnd(ETHERNET_LEAST * 2, '0');
}

/** RFC 5227 section 2.3: an ARP request whose sender asks for its own address */
function arp(ip: Ip, mac: string, tag: number): string {
  const own = hex(ip.value, 4);
  const body = ['0001', '0800', '06', '04', '0001', mac, own, '000000000000', own].join('');
  return `ffffffffffff${mac}${dot1q(tag)}0806${body}`;
}

/** RFC 4861 section 7.2.6: an unsolicited neighbour advertisement of a router, to all nodes */
function advertisement(ip: Ip, mac: string, tag: number): string {
  const [source, target] = [hex(ip.value, 16), `ff02${'0'.repeat(27)}1`];
  // flags router and override, the address itself, and the option with the sender's MAC
  const message = (checksum: string) => `8800${checksum}a0000000${source}0201${mac}`;
  const bytes = message('0000').length / 2;
  // RFC 8200 section 8.1: the checksum covers a header of addresses, length and next header
  const pseudo = `${source}${target}${hex(BigInt(bytes), 4)}0000003a${message('0000')}`;
  const header = `60000000${hex(BigInt(bytes), 2)}3aff${source}${target}`;
  return `333300000001${mac}${dot1q(tag)}86dd${header}${message(hex(BigInt(internetChecksum(pseudo)), 2))}`;
}

/** IEEE 802.1Q */
function dot1q(tag: number): string {
  return tag > 0 ? `8100${hex(BigInt(tag), 2)}` : '';
}

/** RFC 1071, of an even number of bytes */
export function internetChecksum(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 4) sum += Number.parseInt(text.slice(at, at + 4), 16);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function hex(value: bigint, bytes: number): string {
  return value.toString(16).padStart(bytes * 2, '0');
}
