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
  /** it is about gateway pods, of which there are none */
  readonly ofPods?: boolean;
  /** the object does its work all the same */
  readonly warns?: boolean;
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

/** of the pods that Kube-OVN runs for a gateway: it does its work without them */
const NAT_GATEWAY: readonly Field[] = [
  { path: 'spec.replicas', except: 1, ofPods: true },
  ...[
    'tolerations',
    'affinity',
    'bfd.enabled',
    'internalSubnets',
    'internalCIDRs',
    'routes',
    'noDefaultEIP',
    'annotations',
  ].map((path) => ({ path: `spec.${path}`, ofPods: true })),
  ...['bgpSpeaker.enabled', 'qosPolicy'].map((path) => ({ path: `spec.${path}`, warns: true })),
];

const IPTABLES_EIP: readonly Field[] = [{ path: 'spec.qosPolicy', warns: true }];

const FIELDS = { Vpc: VPC, Subnet: SUBNET, VpcNatGateway: NAT_GATEWAY, IptablesEIP: IPTABLES_EIP } as const;

export function notImplemented(kind: keyof typeof FIELDS, object: unknown): readonly Issue[] {
  const fields: readonly Field[] = FIELDS[kind];
  const set = fields.filter(({ path, except, unless }) => {
    const value = valueAt(object, path);
    return isSet(value) && value !== except && unless?.(object) !== true;
  });
  return set.map(issueOf);
}

function issueOf({ path, ofPods, warns }: Field): Issue {
  if (ofPods)
    return {
      severity: 'warning',
      reason: 'NoGatewayPod',
      field: path,
      message: `${path} is of gateway pods and has no effect, since OVN does their work: remove it`,
    };
  return {
    ...(warns ? { severity: 'warning' } : {}),
    reason: 'NotImplemented',
    field: path,
    message: `${path} is not built yet and has no effect: everything else of this object is in force`,
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
