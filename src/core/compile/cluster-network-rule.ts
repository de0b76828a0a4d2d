/** ClusterNetwork -> no rows; what its nodes say of it: broken pairs, packets that do not pass, encapsulations that do not meet. */
import type { UnderlayNetwork } from '../../kinds/node-underlay.ts';
import { type Emit, rule } from './rule.ts';

/** pairs that are named; the others are counted */
const NAMED = 5;

interface Report {
  readonly node: string;
  readonly encapsulations: readonly string[];
  readonly network: UnderlayNetwork;
}

export const clusterNetworkRule = rule({
  kind: 'ClusterNetwork',
  reads: { kinds: ['NodeUnderlay'], facts: [] },
  emits: [],
  run(_object, name, read, emit) {
    const nodes = read.keys('NodeUnderlay', 'network', name).toSorted();
    const reports = nodes.flatMap((node): readonly Report[] => {
      const found = read.get('NodeUnderlay', node, ({ networks = [], encapsulations = [] }) => ({
        node,
        encapsulations,
        network: networks.find((network) => network.name === name),
      }));
      return found?.network ? [found as Report] : [];
    });
    tellBroken(name, reports, emit);
    tellMtu(name, reports, emit);
    tellApart(name, reports, emit);
    tellEncapsulations(reports, emit);
  },
});

/** A pair is broken when one of both says so; a node that has lost its link is named for itself. */
function tellBroken(name: string, reports: readonly Report[], emit: Emit): void {
  const down = reports.filter(({ network }) => network.up === false);
  const isDown = new Set(down.map(({ node }) => node));
  const broken = pairs(reports, ({ reachable }) => !reachable).filter(({ a, b }) => !isDown.has(a) && !isDown.has(b));
  if (down.length === 0 && broken.length === 0) return;
  const standard = reports.some(({ network }) => network.default === true);
  const sentences = [
    ...down.map(({ node, network }) => `${node} is off ${name}: ${network.reason ?? 'it is down'}`),
    ...listed(broken.map(({ a, b, from, to }) => `${a} (${from}) and ${b} (${to}) do not reach each other on ${name}`)),
  ];
  emit.issue({
    reason: 'TunnelsBroken',
    message: `${sentences.join('; ')}: ${
      standard
        ? 'guests of these nodes do not reach each other; look at the links, VLANs and firewalls between them'
        : 'networks that choose it use the default network meanwhile; look at the links, VLANs and firewalls between them'
    }`,
  });
}

function tellMtu(name: string, reports: readonly Report[], emit: Emit): void {
  const less = pairs(
    reports,
    ({ reachable, mtu, expectedMtu }) =>
      reachable && mtu !== undefined && expectedMtu !== undefined && mtu < expectedMtu,
  );
  if (less.length === 0) return;
  emit.issue({
    reason: 'MtuNotReached',
    message: `${listed(less.map(({ a, b, mtu, expectedMtu }) => `between ${a} and ${b} packets of ${mtu} bytes pass on ${name}, their devices have an MTU of ${expectedMtu}`)).join('; ')}: larger packets are lost; raise the MTU of the switches between them, or lower that of the uplinks (VlanConfig)`,
  });
}

/** Both networks are whole, and there is no way from one to the other. */
function tellApart(name: string, reports: readonly Report[], emit: Emit): void {
  const sentences = reports.flatMap(({ node, network: { address, apart = [] } }) =>
    apart.map((far) => {
      const at = far.lastIndexOf(':');
      return `${node} (${address}) does not reach ${far.slice(at + 1)} on ${far.slice(0, at)}`;
    }),
  );
  if (sentences.length === 0) return;
  emit.issue({
    severity: 'warning',
    reason: 'UnderlaysApart',
    message: `from ${name} ${listed(sentences).join('; ')}: what is routed between subnets, broadcast, and what goes to gateways takes such ways too and is lost there; let the routers between these networks pass them to each other, and the nodes take them (no strict rp_filter)`,
  });
}

function tellEncapsulations(reports: readonly Report[], emit: Emit): void {
  const [first] = reports;
  const other =
    first && reports.find(({ encapsulations }) => !encapsulations.some((one) => first.encapsulations.includes(one)));
  if (!first || !other) return;
  emit.issue({
    reason: 'EncapsulationsDiffer',
    message: `${first.node} speaks ${first.encapsulations.join(', ')} and ${other.node} ${other.encapsulations.join(', ')}, so there is no tunnel between them: start the agents of all nodes with both (--encap geneve,vxlan) while you change from one to the other`,
  });
}

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly from: string;
  readonly to: string;
  readonly mtu: number | undefined;
  readonly expectedMtu: number | undefined;
}

type Peer = NonNullable<UnderlayNetwork['peers']>[number];

/** Pairs of which one side says `test`, each once, in order. */
function pairs(reports: readonly Report[], test: (peer: Peer) => boolean): readonly Pair[] {
  const found = new Map<string, Pair>();
  for (const { node, network } of reports)
    for (const peer of network.peers ?? []) {
      if (!test(peer)) continue;
      const here = { a: node, from: network.address, b: peer.node, to: peer.address };
      const there = { a: peer.node, from: peer.address, b: node, to: network.address };
      const pair = { ...(node < peer.node ? here : there), mtu: peer.mtu, expectedMtu: peer.expectedMtu };
      const known = found.get(`${pair.a} ${pair.b}`);
      if (!known || (pair.mtu ?? 0) < (known.mtu ?? 0)) found.set(`${pair.a} ${pair.b}`, pair);
    }
  return [...found.values()].toSorted((x, y) => (`${x.a} ${x.b}` < `${y.a} ${y.b}` ? -1 : 1));
}

function listed(sentences: readonly string[]): readonly string[] {
  if (sentences.length <= NAMED) return sentences;
  return [...sentences.slice(0, NAMED), `and ${sentences.length - NAMED} pairs more`];
}
