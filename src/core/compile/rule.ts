/**
 * What a rule is: a pure function from one object to the rows it wants.
 *
 *     world object --read (tracked)--> rule --emit--> rows, members, entries, facts, issues
 *
 * Everything a rule looks at goes through `read` and is remembered; it runs again exactly when one of those things changes.
 * It never throws for bad input: it emits an issue.
 */
import type { Atom, Columns, RowRef } from '../ovn/row.ts';
import type { FactName, Facts } from './facts.ts';
import type { IndexName, KindName, Kinds } from './world.ts';

export interface Issue {
  /** CamelCase word; becomes the reason of the Ready condition */
  readonly reason: IssueReason;
  /** what is wrong, why, and what to do: a sentence for people, without a full stop at its end */
  readonly message: string;
  /** path of the field, e.g. `spec.staticRoutes[0].nextHopIP` */
  readonly field?: string;
  /** the object is in force all the same: said in the condition Warning (`warning`), or beside `in force` in Ready (`note`) */
  readonly severity?: 'warning' | 'note';
}

export const ISSUE_REASONS = [
  'NotImplemented',
  'NoGatewayPod',
  'VpcNotFound',
  'ProviderNetworkNotFound',
  'VlanNotFound',
  'VlanConflict',
  'UplinkNotReady',
  'UplinkDown',
  'UplinkUnwatched',
  'ExternalSubnetNotReady',
  'ExternalAddressMissing',
  'NoGatewayNode',
  'GatewaysDiffer',
  'ExternalNotConnected',
  'AddressUnavailable',
  'CentralizedMeanwhile',
  'GatewayLost',
  'NatGatewayNotFound',
  'EipNotFound',
  'EipNotReady',
  'EipInUse',
  'TargetNotFound',
  'FamilyMismatch',
  'SubnetNotReady',
  'InvalidSpec',
  'CidrOverlap',
  'NextHopUnreachable',
  'NextHopDown',
  'AddressSetNotFound',
  'PeeringOneSided',
  'PeeringLinkMismatch',
  'PeeringOverlap',
  'PeeringNotAccepted',
  'NameCollision',
  'AddressConflict',
  'RejectedByOvn',
  'NoDnsServer',
  'DhcpRoutesOmitted',
  'MtuTooLarge',
  'NodeNetworkUnknown',
  'NodeNotOnNetwork',
  'PortInVlanRule',
  'PreferredUnderlay',
  'TunnelsBroken',
  'MtuNotReached',
  'UnderlaysApart',
  'EncapsulationsDiffer',
  'VxlanLimit',
  'VxlanIngressPort',
  'VipNotShared',
  'NoBackends',
  'NoHealthCheck',
] as const;
export type IssueReason = (typeof ISSUE_REASONS)[number];

export interface Read {
  get<K extends KindName>(kind: K, key: string): Kinds[K] | undefined;
  /** with a projection the rule runs again only when the projected value changes */
  get<K extends KindName, T>(kind: K, key: string, project: (object: Kinds[K]) => T): T | undefined;
  keys<K extends KindName>(kind: K, index: IndexName<K>, value: string): readonly string[];
  fact<F extends FactName>(fact: F, key: string): Facts[F] | undefined;
}

export interface Emit {
  /** a row of a root table */
  row(table: string, key: string, columns: Columns): void;
  /** a row, and its membership in a set column of its parent row */
  child(parent: RowRef & { readonly column: string }, table: string, key: string, columns: Columns): void;
  /** one element of a set column of a row that somebody else may own; counted, so that several may contribute the same */
  member(table: string, key: string, column: string, value: Atom | RowRef): void;
  /** one key of a map column of a row that somebody else may own */
  entry(table: string, key: string, column: string, mapKey: string, value: Atom): void;
  fact<F extends FactName>(fact: F, key: string, value: Facts[F]): void;
  issue(issue: Issue): void;
}

export interface Rule<K extends KindName = KindName> {
  readonly kind: K;
  /** what it may read: rules.test.ts holds the drawing of this graph */
  readonly reads: { readonly kinds: readonly KindName[]; readonly facts: readonly FactName[] };
  readonly emits: readonly FactName[];
  run(object: Kinds[K], key: string, read: Read, emit: Emit): void;
}

export function rule<K extends KindName>(definition: Rule<K>): Rule {
  return definition as unknown as Rule;
}
