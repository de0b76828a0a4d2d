/** Edits of a part that its VirtualNetwork takes back: said to whoever makes them, who would else find them gone. */
import { keyOf, type KubeObject } from '../../kinds/object.ts';
import { networkOf } from '../network/names.ts';
import type { Existing } from '../network/locate.ts';
import { planNetwork } from '../network/plan.ts';
import { afterStep } from '../network/steps.ts';
import { equal } from '../ovn/equal.ts';
import { partsAmong } from './network-parts.ts';
import type { Review } from './verdict.ts';

const PARTS: Readonly<Record<string, 'vpc' | 'subnet' | 'attachment'>> = {
  Vpc: 'vpc',
  Subnet: 'subnet',
  NetworkAttachmentDefinition: 'attachment',
};

export function undoneEdits({ object, old, neighbours }: Review<KubeObject>): readonly string[] {
  const part = PARTS[object.kind];
  const key = old && networkOf(old.metadata);
  if (part === undefined || key === undefined || equal(old!.spec, object.spec)) return [];
  const network = neighbours.get('VirtualNetwork', key);
  if (!network || network.metadata.deletionTimestamp !== undefined) return [];
  const existing = partsAmong(network, neighbours);
  const known = existing[part];
  if (!known || keyOf(known.metadata) !== keyOf(object.metadata)) return [];
  const edited = { ...existing, [part]: object } as Existing;
  const step = planNetwork(network, edited).steps.find(({ verb, kind }) => verb === 'patch' && kind === object.kind);
  if (!step) return [];
  const [before, now, then] = [old!, object, afterStep(step)].map(
    ({ spec }) => (spec ?? {}) as Record<string, unknown>,
  );
  return [...new Set([...Object.keys(now!), ...Object.keys(then!)])]
    .filter((field) => !equal(now![field], then![field]) && !equal(now![field], before![field]))
    .map((field) => `spec.${field}: VirtualNetwork ${key} says this field and puts it back: edit the network`);
}
