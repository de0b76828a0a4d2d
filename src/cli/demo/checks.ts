/** What the demo shows: who reaches whom, and who must not. Data; every guest that is blocked somewhere reaches somebody else. */

/** how a check is made */
export type Probe =
  /** ICMP echo */
  | { readonly what: 'ping' }
  /** ICMP echo of a packet of that many bytes, not to be fragmented */
  | { readonly what: `ping ${number} bytes`; readonly bytes: number }
  /** a server on the target's machine must answer with its own name: another machine with the same address would not */
  | { readonly what: 'tcp/8080' }
  /** ICMP echo from an address that is not the guest's */
  | { readonly what: `ping from ${string}`; readonly source: string };

export interface Check {
  /** `namespace/name` of the guest that asks */
  readonly from: string;
  /** guest that is asked */
  readonly to: string;
  /** address family to use */
  readonly family: 4 | 6;
  readonly probe: Probe;
  readonly expect: 'reach' | 'blocked';
  /** what it shows */
  readonly why: string;
}

const PING: Probe = { what: 'ping' };
const TCP: Probe = { what: 'tcp/8080' };

const check = (from: string, to: string, why: string, more: Partial<Check> = {}): Check => ({
  from,
  to,
  family: 4,
  probe: PING,
  expect: 'reach',
  why,
  ...more,
});
const blocked = (from: string, to: string, why: string, more: Partial<Check> = {}): Check =>
  check(from, to, why, { expect: 'blocked', ...more });

export const CHECKS: readonly Check[] = [
  check('demo/web-1', 'demo/web-2', 'same subnet, same node'),
  check('demo/web-1', 'demo/web-3', 'same subnet, other node: through the tunnel'),
  check('demo/web-1', 'demo/db-1', 'other subnet of the VPC: routed'),
  check('demo/db-1', 'demo/web-3', 'and back the other way'),
  check('demo/web-3', 'demo/db-1', 'TCP, routed between nodes', { probe: TCP }),
  check('demo/web-2', 'demo/web-1', 'TCP to an address that the other VPC has too: the machine of this one answers', {
    probe: TCP,
  }),
  check('demo/twin-1', 'demo/twin-2', 'the other VPC, same prefix: among themselves'),
  check('demo/twin-2', 'demo/twin-1', 'TCP to the same address there: the machine of that VPC answers', { probe: TCP }),
  check('demo/web-1', 'demo/both-1', 'IPv4 of a dual-stack subnet'),
  check('demo/both-1', 'demo/six-1', 'IPv6, routed', { family: 6 }),
  check('demo/six-1', 'demo/both-1', 'IPv6, and back', { family: 6 }),
  check('demo/web-1', 'demo/db-1', 'the largest packet that fits', { probe: { what: 'ping 1442 bytes', bytes: 1442 } }),
  check('my-namespace/my-vm', 'my-namespace/my-second-vm', "the proposal's own machines"),
  check('my-namespace/my-second-vm', 'my-namespace/my-vm', "TCP between the proposal's machines", { probe: TCP }),
  blocked('demo/web-1', 'demo/twin-2', 'other VPC, although its address is in our own prefix'),
  blocked('demo/twin-1', 'demo/web-3', 'and the other way round'),
  blocked('demo/twin-1', 'demo/db-1', 'other VPC, another prefix'),
  blocked('demo/db-1', 'my-namespace/my-vm', 'a third VPC'),
  blocked('my-namespace/my-vm', 'demo/web-1', 'from the third VPC'),
  blocked('demo/web-2', 'demo/web-1', 'port security: an address that is not the guest’s', {
    probe: { what: 'ping from 10.0.77.77', source: '10.0.77.77' },
  }),
  check('demo/web-2', 'demo/web-1', 'and the same guest with its own address'),
];
