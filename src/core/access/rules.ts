/**
 * What a subnet says of who may talk, as one list of rules: spec.acls as they stand, and what spec.private, spec.allowSubnets and spec.allowEWTraffic mean
 * with Kube-OVN's priorities. Of the rules of one direction that match a packet, the one with the highest priority decides; a packet that none
 * matches passes.
 *
 * A rule that cannot be read (the door lets none in) is left out if it allows; if it might restrict, the subnet is closed until it is corrected.
 */
import { type Cidr, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import type { SubnetSpec } from '../../kinds/subnet.ts';
import { privateAddressSetName } from '../ovn/names.ts';
import type { Match } from '../ovn/match/match.ts';
import { parseMatch } from '../ovn/match/parse.ts';
import { printMatch } from '../ovn/match/print.ts';
import { type PoolSets, readUserMatch } from './user-match.ts';

export type Direction = 'from-lport' | 'to-lport';
export const DIRECTIONS: readonly Direction[] = ['from-lport', 'to-lport'];
export const ACTIONS = ['allow', 'allow-related', 'allow-stateless', 'drop', 'reject'] as const;
export type Action = (typeof ACTIONS)[number];

export interface AccessRule {
  readonly direction: Direction;
  readonly priority: number;
  readonly action: Action;
  readonly match: Match;
  /** the field that says it */
  readonly path: string;
  /** what the rule is called in its subnet and direction: the same as long as it asks the same question */
  readonly label: string;
}

export interface AccessProblem {
  readonly path: string;
  readonly value: unknown;
  readonly detail: string;
  readonly type?: 'duplicate';
}

export interface Access {
  readonly rules: readonly AccessRule[];
  /** prefixes of spec.allowSubnets that count */
  readonly allowed: readonly Cidr[];
  /** something that might restrict could not be read */
  readonly closed: boolean;
  readonly problems: readonly AccessProblem[];
  /** rules that name address sets which nobody makes */
  readonly missing: readonly { readonly path: string; readonly set: string }[];
}

/** priorities of Kube-OVN */
const PRIVATE_PRIORITY = 1000;
const ALLOWED_PRIORITY = 1001;
const EAST_WEST_PRIORITY = 1900;
/** the highest that OVN takes */
export const MAX_PRIORITY = 32767;

export function accessOf(name: string, spec: SubnetSpec | undefined, cidrs: readonly Cidr[], pools: PoolSets): Access {
  const acls = readAcls(spec?.acls ?? [], pools);
  const allowed = spec?.private === true ? allowedPrefixes(spec.allowSubnets, cidrs) : { prefixes: [], problems: [] };
  return {
    rules: [
      ...(spec?.private === true ? privateRules(name, cidrs, allowed.prefixes) : []),
      ...(spec?.allowEWTraffic === true && spec.acls?.length ? eastWestRules(cidrs) : []),
      ...acls.rules,
    ],
    allowed: allowed.prefixes,
    closed: acls.closed,
    problems: [...allowed.problems, ...acls.problems],
    missing: acls.missing,
  };
}

type Acl = NonNullable<SubnetSpec['acls']>[number];

function readAcls(
  acls: readonly Acl[],
  pools: PoolSets,
): Pick<Access, 'closed' | 'problems' | 'missing'> & { readonly rules: readonly AccessRule[] } {
  const rules = new Map<string, AccessRule>();
  const problems: AccessProblem[] = [];
  const missing: { path: string; set: string }[] = [];
  let closed = false;
  for (const [index, acl] of acls.entries()) {
    const path = `spec.acls[${index}]`;
    const found = readAcl(acl, path, pools);
    if ('problems' in found) {
      problems.push(...found.problems);
      if (!acl.action?.startsWith('allow')) closed = true;
      continue;
    }
    const { rule } = found;
    missing.push(...found.missing.map((set) => ({ path: `${path}.match`, set })));
    const key = `${rule.direction}/${rule.label}`;
    const same = rules.get(key);
    if (same)
      problems.push({
        path,
        value: acl.match,
        type: 'duplicate',
        detail: `${same.path} has the same direction, priority and match`,
      });
    // two answers to one question: the one that keeps packets out
    if (!same || (same.action !== rule.action && restricts(rule.action))) rules.set(key, rule);
  }
  return { rules: [...rules.values()], closed, problems, missing };
}

function readAcl(
  { direction, priority = 0, match = '', action }: Acl,
  path: string,
  pools: PoolSets,
):
  | { readonly rule: AccessRule; readonly missing: readonly string[] }
  | { readonly problems: readonly AccessProblem[] } {
  const problems: AccessProblem[] = [];
  if (direction === undefined || !DIRECTIONS.includes(direction))
    problems.push({ path: `${path}.direction`, value: direction, detail: `must be ${DIRECTIONS.join(' or ')}` });
  if (!Number.isInteger(priority) || priority < 0 || priority > MAX_PRIORITY)
    problems.push({ path: `${path}.priority`, value: priority, detail: `must be 0 to ${MAX_PRIORITY}` });
  if (action === undefined || !ACTIONS.includes(action))
    problems.push({ path: `${path}.action`, value: action, detail: `must be one of ${ACTIONS.join(', ')}` });
  const read = readUserMatch(match, pools);
  if ('problem' in read)
    problems.push({
      path: `${path}.match`,
      value: match,
      detail: `column ${read.problem.column}: ${read.problem.message}`,
    });
  if (problems.length > 0 || 'problem' in read) return { problems };
  const label = `acl/${priority}/${printMatch(read.match)}`;
  const rule = { direction: direction!, priority, action: action!, match: read.match, path, label };
  return { rule, missing: read.missing };
}

export function restricts(action: Action): boolean {
  return action === 'drop' || action === 'reject';
}

/** spec.allowSubnets in either of its forms */
export function allowSubnetTexts(value: SubnetSpec['allowSubnets']): readonly string[] {
  const texts = typeof value === 'string' ? value.split(',').map((text) => text.trim()) : (value ?? []);
  return Array.isArray(texts) ? texts.filter((text) => text !== '').map(String) : [];
}

function allowedPrefixes(value: SubnetSpec['allowSubnets'], cidrs: readonly Cidr[]) {
  const problems: AccessProblem[] = [];
  const prefixes = new Map<string, Cidr>();
  for (const [index, text] of allowSubnetTexts(value).entries()) {
    const cidr = attempt(() => parseInterface(text).cidr);
    if (!cidr) problems.push({ path: `spec.allowSubnets[${index}]`, value: text, detail: 'is no prefix' });
    else if (cidrs.some(({ family }) => family === cidr.family)) prefixes.set(formatCidr(cidr), cidr);
  }
  return { prefixes: [...prefixes.values()], problems };
}

/**
 * Nobody but the subnet's own guests, and whoever is in spec.allowSubnets, in both directions. Stated for what leaves the switch: the port of the router is
 * one of those that it leaves by.
 */
function privateRules(name: string, cidrs: readonly Cidr[], allowed: readonly Cidr[]): AccessRule[] {
  const rule = (label: string, priority: number, action: Action, text: string): AccessRule => ({
    direction: 'to-lport',
    priority,
    action,
    match: certain(text),
    path: label === 'allowSubnets' ? 'spec.allowSubnets' : 'spec.private',
    label,
  });
  const between = cidrs
    .filter(({ family }) => allowed.some((cidr) => cidr.family === family))
    .map((cidr) => {
      const [ip, own, other] = [`ip${cidr.family}`, formatCidr(cidr), `$${allowedSetName(name, cidr.family)}`];
      return `(${ip}.src == ${own} && ${ip}.dst == ${other}) || (${ip}.src == ${other} && ${ip}.dst == ${own})`;
    });
  return [
    rule('private', PRIVATE_PRIORITY, 'drop', 'ip'),
    rule('inside', ALLOWED_PRIORITY, 'allow-related', inside(cidrs)),
    ...(between.length > 0 ? [rule('allowSubnets', ALLOWED_PRIORITY, 'allow-related', between.join(' || '))] : []),
  ];
}

function eastWestRules(cidrs: readonly Cidr[]): AccessRule[] {
  return DIRECTIONS.map((direction) => ({
    direction,
    priority: EAST_WEST_PRIORITY,
    action: 'allow',
    match: certain(inside(cidrs)),
    path: 'spec.allowEWTraffic',
    label: 'allowEWTraffic',
  }));
}

/** what stays inside of the subnet: between its addresses, to all of its guests, and by link-local addresses */
function inside(cidrs: readonly Cidr[]): string {
  const v4 = cidrs.filter(({ family }) => family === 4).map(formatCidr);
  const v6 = ['fe80::/10', ...cidrs.filter(({ family }) => family === 6).map(formatCidr)];
  return [
    ...v4.map((own) => `(ip4.src == ${own} && ip4.dst == {${own}, 224.0.0.0/4, 255.255.255.255})`),
    `(ip6.src == {${v6.join(', ')}} && ip6.dst == {${v6.join(', ')}, ff00::/8})`,
  ].join(' || ');
}

export function allowedSetName(subnet: string, family: number): string {
  return privateAddressSetName(`allowed${family}`, subnet);
}

/** a match of our own */
export function certain(text: string): Match {
  const parsed = parseMatch(text);
  if ('problem' in parsed) throw new Error(`${text}: column ${parsed.problem.column}: ${parsed.problem.message}`);
  return parsed.expression;
}
