/** Fields of the API that are accepted but not built yet. A field that is set and does nothing would be a lie, so the object says so. */
import type { Subnet } from '../../kinds/subnet.ts';
import { namesGateways } from './named-gateways.ts';
import type { Issue } from './rule.ts';

interface Field {
  /** the value that is built; others are not */
  readonly except?: unknown;
  readonly path: string;
  /** it is built for such objects */
  readonly unless?: (object: unknown) => boolean;
}

const VPC: readonly Field[] = ['bfdPort'].map((path) => ({
  path: `spec.${path}`,
}));

const SUBNET: readonly Field[] = [
  ...[
    'namespaceSelectors',
    'default',
    'natOutgoingPolicyRules',
    'externalEgressGateway',
    'policyRoutingPriority',
    'policyRoutingTableID',
    'enableLb',
    'enableEcmp',
    'enableMulticastSnoop',
    'enableExternalLBAddress',
  ].map((path) => ({ path: `spec.${path}` })),
  { path: 'spec.gatewayNodeSelectors', unless: (object) => namesGateways(object as Subnet) },
  { path: 'spec.gatewayNode', unless: (object) => namesGateways(object as Subnet) },
  { path: 'spec.gatewayType', except: 'distributed', unless: (object) => namesGateways(object as Subnet) },
];

const FIELDS = { Vpc: VPC, Subnet: SUBNET } as const;

export function notImplemented(kind: keyof typeof FIELDS, object: unknown): readonly Issue[] {
  const fields: readonly Field[] = FIELDS[kind];
  const set = fields.filter(({ path, except, unless }) => {
    const value = valueAt(object, path);
    return isSet(value) && value !== except && unless?.(object) !== true;
  });
  return set.map(({ path }) => ({
    reason: 'NotImplemented',
    field: path,
    message: `${path} is not built yet and has no effect: everything else of this object is in force`,
  }));
}

function valueAt(object: unknown, path: string): unknown {
  const steps = path.replace(/\[([^\]]*)\]/g, (_, key: string) => `.${key.replaceAll('.', '\u0000')}`).split('.');
  return steps.reduce<unknown>((value, step) => {
    const name = step.replaceAll('\u0000', '.');
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined;
  }, object);
}

/** nothing, false, 0, "" and empty lists or objects leave a field unset */
function isSet(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Boolean(value);
  return Object.keys(value).length > 0;
}
