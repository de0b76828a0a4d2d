/**
 * The Northbound tables that Weft writes, and how a row there is known as ours and by which key. Source: ovn-nb(5) and the schema
 * (`isRoot`: other rows live only while they are referenced).
 */
import type { Atom } from './row.ts';

/** key in external_ids that says which object a row was made for; rows without it belong to somebody else */
export const OWNER = 'weft-owner';
/** key in external_ids that names a row in tables whose rows have no name of their own */
export const KEY = 'weft-key';

export interface TableInfo {
  readonly root: boolean;
  /** the column that holds the key; without it the key stands in external_ids */
  readonly nameColumn?: 'name';
  /** the schema allows each name once: a foreign row can stand in the way */
  readonly uniqueName?: boolean;
  /** columns that Weft reads and writes */
  readonly columns: readonly string[];
  /** columns that OVN writes and Weft reads */
  readonly reports?: readonly string[];
  /** optional columns among them that must be empty unless a rule says otherwise: set by somebody else they would change what a row does */
  readonly empty?: readonly string[];
}

export const NB_TABLES: Readonly<Record<string, TableInfo>> = {
  // its name is what its log lines begin with, and stands for several rows
  ACL: {
    root: false,
    columns: [
      'name',
      'direction',
      'tier',
      'priority',
      'match',
      'action',
      'log',
      'severity',
      'meter',
      'options',
      'external_ids',
    ],
    empty: ['name', 'severity', 'meter'],
  },
  Address_Set: { root: true, nameColumn: 'name', uniqueName: true, columns: ['name', 'addresses', 'external_ids'] },
  BFD: {
    root: true,
    columns: ['logical_port', 'dst_ip', 'min_tx', 'min_rx', 'detect_mult', 'external_ids'],
    reports: ['status'],
  },
  DHCP_Options: { root: true, columns: ['cidr', 'options', 'external_ids'] },
  HA_Chassis: { root: false, columns: ['chassis_name', 'priority', 'external_ids'] },
  HA_Chassis_Group: {
    root: true,
    nameColumn: 'name',
    uniqueName: true,
    columns: ['name', 'ha_chassis', 'external_ids'],
  },
  Load_Balancer: {
    root: true,
    nameColumn: 'name',
    columns: [
      'name',
      'vips',
      'protocol',
      'health_check',
      'ip_port_mappings',
      'selection_fields',
      'options',
      'external_ids',
    ],
  },
  Load_Balancer_Health_Check: { root: false, columns: ['vip', 'options', 'external_ids'] },
  Logical_Router: {
    root: true,
    nameColumn: 'name',
    columns: [
      'name',
      'enabled',
      'ports',
      'static_routes',
      'policies',
      'nat',
      'load_balancer',
      'options',
      'external_ids',
    ],
    empty: ['enabled'],
  },
  Logical_Router_Policy: {
    root: false,
    columns: ['priority', 'match', 'action', 'nexthop', 'nexthops', 'options', 'external_ids'],
    empty: ['nexthop'],
  },
  Logical_Router_Port: {
    root: false,
    nameColumn: 'name',
    uniqueName: true,
    columns: [
      'name',
      'enabled',
      'mac',
      'networks',
      'peer',
      'ha_chassis_group',
      'ipv6_ra_configs',
      'options',
      'external_ids',
    ],
    empty: ['enabled', 'peer', 'ha_chassis_group'],
  },
  Logical_Router_Static_Route: {
    root: false,
    columns: ['ip_prefix', 'nexthop', 'output_port', 'policy', 'route_table', 'bfd', 'options', 'external_ids'],
    empty: ['output_port', 'bfd'],
  },
  Logical_Switch: {
    root: true,
    nameColumn: 'name',
    columns: ['name', 'ports', 'acls', 'load_balancer', 'other_config', 'external_ids'],
  },
  Logical_Switch_Port: {
    root: false,
    nameColumn: 'name',
    uniqueName: true,
    columns: [
      'name',
      'type',
      'enabled',
      'addresses',
      'port_security',
      'parent_name',
      'tag_request',
      'tag',
      'dhcpv4_options',
      'dhcpv6_options',
      'options',
      'external_ids',
    ],
    reports: ['up'],
    empty: ['enabled', 'parent_name', 'tag_request', 'tag', 'dhcpv4_options', 'dhcpv6_options'],
  },
  Meter: {
    root: true,
    nameColumn: 'name',
    uniqueName: true,
    columns: ['name', 'unit', 'fair', 'bands', 'external_ids'],
  },
  NAT: {
    root: false,
    columns: [
      'type',
      'external_ip',
      'logical_ip',
      'external_mac',
      'logical_port',
      'external_port_range',
      'allowed_ext_ips',
      'exempted_ext_ips',
      'gateway_port',
      'options',
      'external_ids',
    ],
    empty: ['external_mac', 'logical_port', 'allowed_ext_ips', 'exempted_ext_ips', 'gateway_port'],
  },
  Meter_Band: { root: false, columns: ['action', 'rate', 'burst_size', 'external_ids'] },
};

/** table -> the columns that a session has to follow */
export function followedColumns(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(NB_TABLES).map(([table, { columns, reports = [] }]) => [table, [...columns, ...reports]]),
  );
}

/** table -> set columns whose elements are rows: those of others in them stay */
export const REFERENCE_SETS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Logical_Router', ['ports', 'static_routes', 'policies', 'nat', 'load_balancer']],
  ['Logical_Switch', ['ports', 'acls', 'load_balancer']],
  ['HA_Chassis_Group', ['ha_chassis']],
  ['Load_Balancer', ['health_check']],
  ['Meter', ['bands']],
]);

/** table that lives by reference -> its columns that keep another row from being deleted, and that row's table */
export const HOLDS: ReadonlyMap<string, readonly (readonly [column: string, target: string])[]> = new Map([
  ['Logical_Router_Port', [['ha_chassis_group', 'HA_Chassis_Group']]],
]);

/** table -> set columns whose elements are values that several rules may contribute */
export const VALUE_SETS: ReadonlyMap<string, readonly string[]> = new Map([['Address_Set', ['addresses']]]);

export type ObservedColumns = Readonly<
  Record<string, Atom | readonly Atom[] | Readonly<Record<string, Atom>> | undefined>
>;

/** The key under which Weft owns a row, or undefined when the row is somebody else's. */
export function ownedKey(table: string, row: ObservedColumns): string | undefined {
  const ids = row['external_ids'] as Readonly<Record<string, string>> | undefined;
  if (!ids || !Object.hasOwn(ids, OWNER)) return undefined;
  const key = NB_TABLES[table]?.nameColumn ? row['name'] : Object.hasOwn(ids, KEY) ? ids[KEY] : undefined;
  return typeof key === 'string' ? key : undefined;
}
