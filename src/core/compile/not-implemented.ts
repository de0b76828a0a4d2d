/**
 * Fields of the API that are accepted but not built yet. A field that is set and does nothing would be a lie, so the object says so;
 * one that restricts traffic withholds the object's rows, since open would be worse than absent.
 */
import type { Subnet } from '../../kinds/subnet.ts';
import { namesGateways } from './named-gateways.ts';
import type { Issue } from './rule.ts';

interface Field {
  /** the value that is built; others are not */
  readonly except?: unknown;
  readonly path: string;
  /** it is built for such objects */
  readonly unless?: (object: unknown) => boolean;
  /** true for fields that restrict who may talk: the object's rows are withheld */
  readonly restricts?: boolean;
}

const VPC: readonly Field[] = ['bfdPort'].map((path) => ({
  path: `spec.${path}`,
}));

const SUBNET: readonly Field[] = [
  ...['logicalGateway', 'u2oInterconnection'].map((path) => ({
    path: `spec.${path}`,
    restricts: true,
  })),
  ...[
    'namespaceSelectors',
    'default',
    'natOutgoingPolicyRules',
    'externalEgressGateway',
    'policyRoutingPriority',
    'policyRoutingTableID',
    'u2oInterconnectionIP',
    'u2oFeatures',
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

export interface NotImplemented {
  readonly issues: readonly Issue[];
  /** rows must be withheld */
  readonly restricts: boolean;
}

export function notImplemented(kind: keyof typeof FIELDS, object: unknown): NotImplemented {
  const fields: readonly Field[] = FIELDS[kind];
  const set = fields.filter(({ path, except, unless }) => {
    const value = valueAt(object, path);
    return isSet(value) && value !== except && unless?.(object) !== true;
  });
  return {
    restricts: set.some(({ restricts }) => restricts === true),
    issues: set.map(({ path, restricts }) => ({
      reason: 'NotImplemented',
      field: path,
      message: restricts
        ? `${path} is not built yet and restricts traffic, so this object is kept out of OVN: remove the field to use it without that restriction`
        : `${path} is not built yet and has no effect: everything else of this object is in force`,
    })),
  };
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
