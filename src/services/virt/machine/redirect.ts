/**
 * What comes in by one device goes out by another (tc-mirred(8)), before the network stack of the namespace sees it. A packet that was
 * offloaded (checksum, segmentation) passes as it is, and is completed where the next device cannot do that.
 */

/** Commands for `tc -batch`: the device can have redirections from now on. */
export function redirectable(device: string): string {
  return `qdisc replace dev ${device} clsact`;
}

/** A command for `tc -batch`. Done again with another `to`, it changes the way between two packets. */
export function redirect(from: string, to: string): string {
  return `filter replace dev ${from} ingress prio 1 handle 800::1 protocol all u32 match u32 0 0 action mirred egress redirect dev ${to}`;
}

/** A command for `tc -batch`: what comes in goes nowhere, because nothing else listens there. */
export function redirectNowhere(from: string): string {
  return `filter del dev ${from} ingress prio 1`;
}
