/** Which ports a rule forwards, and to whom: a port belongs to the oldest rule that forwards it, and to those that share it with that one. */
import type { OvnDnatRuleSpec } from '../../kinds/ovn-dnat-rule.ts';
import {
  type AnyDnatRule,
  type DnatKind,
  dnatWords,
  eipKindOf,
  eipNameOf,
  FAMILIES,
  isShared,
} from '../external/families.ts';
import { portKey, portPairs } from '../external/ports.ts';
import { type NatTarget, targetOf } from './nat-target.ts';
import type { Emit, Read } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

/** of one rule */
export interface Member {
  readonly targets: readonly NatTarget[];
  /** external port -> internal port */
  readonly inner: ReadonlyMap<number, number>;
}

export interface Forwarded {
  readonly protocol: string;
  /** external ports that the rule has entries for; none when an older one that it shares them with has */
  readonly ports: readonly number[];
  /** the rule itself, and those that share its ports */
  readonly members: readonly Member[];
}

type Say = Pick<Emit, 'issue'>;

/** @param vpc of the rule, where it does not name one itself */
export function forwardedBy(
  kind: DnatKind,
  name: string,
  dnat: AnyDnatRule,
  vpc: string,
  read: Read,
  emit: Say,
): Forwarded | undefined {
  const own = memberOf(kind, dnat, vpc, read, emit);
  if (!own) return undefined;
  const { ports, partners } = portsOf(kind, name, dnat, [...own.inner.keys()], read, emit);
  if (own.targets.length === 0) return undefined;
  const others = partners.flatMap((partner) => {
    const object = read.get(kind, partner);
    return (object && memberOf(kind, object, vpc, read, { issue: () => undefined })) ?? [];
  });
  return { protocol: dnatWords(dnat, vpc).protocol || 'tcp', ports, members: [own, ...others] };
}

function memberOf(kind: DnatKind, dnat: AnyDnatRule, vpc: string, read: Read, emit: Say): Member | undefined {
  const words = dnatWords(dnat, vpc);
  const pairs = portPairs(words.externalPort, words.internalPort ?? '');
  if (typeof pairs === 'string') {
    emit.issue({ reason: 'InvalidSpec', field: 'spec.externalPort', message: `spec: ${pairs}: correct it` });
    return undefined;
  }
  return { targets: targetsOf(kind, words, read, emit) ?? [], inner: new Map(pairs) };
}

/** those of `ports` that belong to the rule, and with whom it shares them */
function portsOf(
  kind: DnatKind,
  name: string,
  dnat: AnyDnatRule,
  ports: readonly number[],
  read: Read,
  emit: Say,
): { readonly ports: readonly number[]; readonly partners: readonly string[] } {
  const eip = eipNameOf(dnat);
  const protocol = dnatWords(dnat, '').protocol || 'tcp';
  const shares = isShared(dnat);
  const sharesToo = (key: string) => shares && read.get(kind, key, isShared) === true;
  const taken = new Map<string, number[]>();
  const partners = new Set<string>();
  const free = ports.filter((port) => {
    const others = read.keys(kind, 'port', portKey(eip, protocol, port)).filter((key) => key !== name);
    const older = mostSenior(seniority(dnat.metadata.creationTimestamp, name), others, (key) =>
      read.get(kind, key, ({ metadata }) => metadata.creationTimestamp),
    );
    if (older === undefined) for (const key of others.filter(sharesToo)) partners.add(key);
    else if (!sharesToo(older)) taken.set(older, [...(taken.get(older) ?? []), port]);
    return older === undefined;
  });
  for (const [older, those] of taken)
    emit.issue({
      reason: 'EipInUse',
      field: 'spec.externalPort',
      message: `spec.externalPort: ${kind} ${older} forwards ${protocol} port ${those.slice(0, 5).join(', ')}${those.length > 5 ? ` and ${those.length - 5} more` : ''} of ${eipKindOf(kind)} ${eip} already: use other ports, or another ${eipKindOf(kind)}`,
    });
  return { ports: free, partners: [...partners].toSorted() };
}

/** all in one VPC: a router hands on to its own machines only */
function targetsOf(kind: DnatKind, words: OvnDnatRuleSpec, read: Read, emit: Say): readonly NatTarget[] | undefined {
  const field = FAMILIES[eipKindOf(kind)].target;
  const names = (words.ipName ?? '').split(',').map((text) => text.trim());
  const targets = names.map((ipName) => targetOf({ ...words, ipName }, field, read, emit));
  const known = targets.filter((target) => target !== undefined);
  if (known.length === 0) return undefined;
  const other = known.find(({ vpc }) => vpc !== known[0]!.vpc);
  if (other) {
    emit.issue({
      reason: 'TargetNotFound',
      field: 'spec.ipName',
      message: `spec.ipName: ${names[0]} is in VPC ${known[0]!.vpc} and another one in VPC ${other.vpc}: name machines of one VPC`,
    });
    return undefined;
  }
  return known;
}
