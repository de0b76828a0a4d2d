/**
 * Rules of a subnet -> ACL rows of its switch.
 *
 *            guest ──from-lport──> switch ──to-lport──> guest
 *            router ─from-lport──>        ──to-lport──> router
 *
 * A packet meets the rules `from-lport` when it enters the switch and the rules `to-lport` when it leaves it, whether by a guest's port or by the router's. OVN keeps the state of connections
 * at guests' ports only (ovn-northd(8), Pre-ACLs): at the router's port an answer could not be told from a question, and a question that is dropped only there has already opened the
 * way for its answers. So the router's port lets everything through, and its part of the rules is played at the guests' ports:
 *
 *   tier 0   what always passes; the router's port
 *   tier 1   what a guest sends to the router: the rules to-lport; what it gets from there: the rules from-lport. "allow" means: go on
 *   tier 2   the rules of this direction (Kube-OVN's tier)
 *
 * A port to a VLAN is of the same kind (localnet), and what comes by it may come from a machine of the same subnet on another node.
 *
 * A tier that decides nothing hands on to the next; what none decides passes. All of it keeps state: answers of a connection that was let in or out pass.
 */
import { parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { alwaysPasses } from '../access/always.ts';
import { type AccessLog, accessLogging } from '../access/log.ts';
import {
  type Access,
  accessOf,
  type AccessRule,
  allowedSetName,
  certain,
  type Direction,
  DIRECTIONS,
  MAX_PRIORITY,
  restricts,
} from '../access/rules.ts';
import type { GuestNetwork } from '../dhcp/guest-options.ts';
import { aclName, aclMeterName } from '../ovn/names.ts';
import { junction, mapComparisons } from '../ovn/match/map.ts';
import type { CompareMatch, Match } from '../ovn/match/match.ts';
import { printMatch } from '../ovn/match/print.ts';
import { emitAddressSet, tellMissingSets } from './address-sets.ts';
import { poolSetsRead } from './pool-sets.ts';
import type { Emit, Read } from './rule.ts';

/** What connects a switch with others: ports at which OVN keeps no state. */
export interface Outside {
  /** the switch's port to a router; or the one to a VLAN, with those of routers that have an address there */
  readonly ports: readonly string[];
  /** MAC address of the router; undefined for a VLAN: anybody may be there, also machines of the subnet on other nodes */
  readonly routerMac?: string;
}

interface Row {
  readonly direction: Direction;
  readonly tier: number;
  readonly priority: number;
  readonly match: Match;
  readonly action: string;
  readonly label: string;
  readonly log?: boolean;
}

/** Emits what the subnet says of who may talk; what is wrong with it are issues. */
export function emitAccess(
  subnet: Subnet,
  networks: readonly GuestNetwork[],
  outsides: readonly Outside[],
  read: Read,
  emit: Emit,
): void {
  const { name, annotations } = subnet.metadata;
  const access = accessOf(
    name,
    subnet.spec,
    networks.map(({ cidr }) => cidr),
    poolSetsRead(read),
  );
  const { log, problems } = accessLogging(annotations);
  tellAccess(access, emit);
  if (outsides.some(({ routerMac }) => routerMac === undefined)) tellPorts(access, emit);
  for (const { path, detail } of problems)
    emit.issue({ reason: 'InvalidSpec', severity: 'warning', field: path, message: `${path}: ${detail}: correct it` });
  if (access.rules.length === 0 && !access.closed) return;

  const always = alwaysRows(outsides, networks);
  const rules = access.rules.flatMap((rule): Row[] => {
    const logged = log?.logs(rule.action) === true;
    return [
      { ...rule, tier: 2, log: logged },
      ...outsides.flatMap((outside) => atOutside(rule, outside)).map((row) => ({ ...row, log: logged })),
    ];
  });
  for (const row of [...always, ...(access.closed ? closedRows() : []), ...rules]) emitRow(name, row, log, emit);
  for (const [family, cidrs] of Map.groupBy(access.allowed, (cidr) => cidr.family))
    emitAddressSet(allowedSetName(name, family), cidrs, emit);
  if (log && rules.some((row) => row.log)) emitMeter(name, log, emit);
}

function tellAccess({ problems, closed, missing }: Access, emit: Emit): void {
  for (const { path, detail } of problems)
    emit.issue({
      reason: 'InvalidSpec',
      field: path,
      message: `${path}: ${detail}: ${closed ? 'the subnet is closed until this is corrected, only what keeps it alive passes' : 'correct it; it is left out'}`,
    });
  for (const { path, set } of missing) tellMissingSets(path, [set], emit);
}

/** Of a VLAN subnet: who is a machine of the subnet on another node, and who is somebody else in the VLAN, cannot be told by a port. */
function tellPorts({ rules }: Access, emit: Emit): void {
  for (const { path, match } of rules)
    if (namesPort(match))
      emit.issue({
        severity: 'warning',
        reason: 'PortInVlanRule',
        field: `${path}.match`,
        message: `${path}.match: inport and outport are certain at the port of the machine only: to the VLAN and from it, a rule that allows counts for every port, and one that restricts for the port to the VLAN; compare addresses instead`,
      });
}

function alwaysRows(outsides: readonly Outside[], networks: readonly GuestNetwork[]): Row[] {
  const gateways = networks.map(({ gateway }) => ({ family: parseIp(gateway).family, address: gateway }));
  const mac = outsides.find(({ routerMac }) => routerMac !== undefined)?.routerMac;
  const all = alwaysPasses({ mac, gateways }).filter(({ byOvn }) => !byOvn);
  return DIRECTIONS.map((direction): Row => {
    const port = direction === 'from-lport' ? 'inport' : 'outport';
    const ports = outsides.flatMap((outside) => outside.ports.map((each) => `${port} == ${JSON.stringify(each)}`));
    const matches = all.filter((each) => each.direction === direction).map(({ match }) => `(${match})`);
    return {
      direction,
      tier: 0,
      priority: MAX_PRIORITY,
      match: certain([...ports, ...matches].join(' || ')),
      // one rule that keeps state makes all rules of a switch keep it
      action: 'allow-related',
      label: 'always',
    };
  });
}

function closedRows(): Row[] {
  return DIRECTIONS.map((direction) => ({
    direction,
    tier: 0,
    priority: MAX_PRIORITY - 1,
    match: certain('ip'),
    action: 'drop',
    label: 'closed',
  }));
}

/** The part of a rule that is about a port to the outside, for the guests' ports. */
function atOutside({ direction, priority, action, match, label }: AccessRule, { ports, routerMac }: Outside): Row[] {
  const outbound = direction === 'to-lport';
  const seenThere = junction('and', [
    passesBy(ports, routerMac, outbound),
    mapComparisons(match, (comparison) =>
      routerMac === undefined && !restricts(action) && isPort(comparison)
        ? { kind: 'boolean', value: true }
        : atPort(comparison, outbound, ports),
    ),
  ]);
  if (seenThere.kind === 'boolean' && !seenThere.value) return [];
  return [
    {
      direction: outbound ? 'from-lport' : 'to-lport',
      tier: 1,
      priority,
      match: seenThere,
      action: restricts(action) ? action : 'pass',
      label,
    },
  ];
}

/**
 * What a guest sends to the router is addressed to it. Who in a VLAN is on this switch is not known: the rules are asked of all that a guest sends, and
 * once more where it arrives.
 */
function passesBy(ports: readonly string[], routerMac: string | undefined, outbound: boolean): Match {
  if (routerMac !== undefined) return certain(`${outbound ? 'eth.dst' : 'eth.src'} == ${routerMac}`);
  return outbound
    ? { kind: 'boolean', value: true }
    : certain(`inport == {${ports.map((each) => JSON.stringify(each)).join(', ')}}`);
}

function isPort({ field }: CompareMatch): boolean {
  return field.name === 'inport' || field.name === 'outport';
}

function namesPort(match: Match): boolean {
  let found = false;
  mapComparisons(match, (comparison) => {
    found ||= isPort(comparison);
    return comparison;
  });
  return found;
}

/** What a comparison with a port would say at the port to the outside: it is the one to leave by, or the one that the packet came in by. */
function atPort(comparison: CompareMatch, outbound: boolean, ports: readonly string[]): Match {
  const { field, constants } = comparison;
  if (field.name === 'inport' && outbound) return comparison;
  if (field.name !== 'inport' && field.name !== 'outport') return comparison;
  // which port a packet leaves by is not known when it enters
  if (field.name === 'outport' && !outbound) return { kind: 'boolean', value: false };
  return { kind: 'boolean', value: constants.some((each) => each.kind === 'string' && ports.includes(each.value)) };
}

function emitRow(subnet: string, row: Row, log: AccessLog | undefined, emit: Emit): void {
  const { direction, tier, priority, action, label } = row;
  if (row.match.kind === 'boolean' && !row.match.value) return;
  const match = printMatch(row.match);
  const acls = { table: 'Logical_Switch', key: subnet, column: 'acls' };
  emit.child(acls, 'ACL', `${subnet}/${direction}/${tier}/${label}`, {
    name: aclName(subnet, label.startsWith('acl/') ? `acl/${priority}` : label),
    direction,
    tier,
    priority,
    match,
    action,
    log: log !== undefined && row.log === true,
    ...(log && row.log
      ? { severity: action === 'drop' || action === 'reject' ? 'warning' : 'info', meter: aclMeterName(subnet) }
      : {}),
    options: {},
    external_ids: { vendor: 'kube-ovn', subnet, parent: subnet },
  });
}

function emitMeter(subnet: string, { rate }: AccessLog, emit: Emit): void {
  const meter = aclMeterName(subnet);
  // fair: each rule has the rate for itself
  emit.row('Meter', meter, { unit: 'pktps', fair: true, external_ids: { vendor: 'kube-ovn' } });
  emit.child({ table: 'Meter', key: meter, column: 'bands' }, 'Meter_Band', meter, {
    action: 'drop',
    rate,
    burst_size: rate,
    external_ids: { vendor: 'kube-ovn' },
  });
}
