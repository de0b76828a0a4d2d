/** Status of a VirtualNetwork: whether it works, and if not, which of its parts says why. */
import { type Condition, keyOf, type KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork, VirtualNetworkStatus } from '../../kinds/virtual-network.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import { vpcOf } from '../network/names.ts';
import { type Finding, withFindings } from './condition.ts';

interface Complaint {
  readonly reason: string;
  readonly message: string;
}

export interface NetworkFacts {
  /** the VPC that it is in, its own or another */
  readonly vpc: Vpc | undefined;
  /** its Subnet */
  readonly subnet: Subnet | undefined;
  readonly hasAttachment: boolean;
  /** what keeps parts from being what they should */
  readonly issues: readonly Complaint[];
  /** what somebody should know though the network works */
  readonly notes: readonly Complaint[];
  /** set while the network is being deleted and something still needs it */
  readonly waitsFor: string | undefined;
  /** machines that have an address in its Subnet */
  readonly machines: number;
}

/** what is broken is said before what is missing, and that before what is on its way */
const LATER = ['NotImplemented', 'Pending'];

export function virtualNetworkReady(network: VirtualNetwork, facts: NetworkFacts): Finding {
  const { generation = 1, namespace, name } = network.metadata;
  const about = (status: 'True' | 'False', reason: string, message: string): Finding => ({
    type: 'Ready',
    status,
    reason,
    message,
    observedGeneration: generation,
  });
  if (facts.waitsFor !== undefined) return about('False', 'Deleting', facts.waitsFor);
  const complaints = complaintsOf(network, facts);
  const rank = ({ reason }: Complaint) => LATER.indexOf(reason);
  const [first] = complaints.toSorted((a, b) => rank(a) - rank(b));
  if (!first)
    return about(
      'True',
      'Ready',
      [`in force: machines name it ${namespace}/${name}`, ...notesOf(facts.subnet)].join('; '),
    );
  const said = first.reason === 'Pending' ? complaints : complaints.filter(({ reason }) => reason !== 'Pending');
  return about('False', first.reason, said.map(({ message }) => message).join('; '));
}

function complaintsOf(
  network: VirtualNetwork,
  { vpc, subnet, hasAttachment, issues }: NetworkFacts,
): readonly Complaint[] {
  const { internet = 'none' } = network.spec ?? {};
  return [
    ...issues,
    ...(vpcOf(network).own ? partComplaint('its VPC', vpc) : []),
    ...partComplaint('its Subnet', subnet),
    ...(hasAttachment ? [] : [{ reason: 'Pending', message: 'its NetworkAttachmentDefinition is not there yet' }]),
    ...(internet !== 'routed'
      ? []
      : [
          {
            reason: 'NotImplemented',
            message: `spec.internet: ${internet} is not built yet and has no effect: everything else of this network is in force`,
          },
        ]),
  ];
}

/** what its Subnet adds to being in force, such as what a choice of underlay does not cover */
function notesOf(subnet: Subnet | undefined): readonly string[] {
  const { message = '' } = (subnet && conditionOf(subnet, 'Ready')) ?? {};
  return message.split('; ').slice(1);
}

function partComplaint(what: string, part: KubeObject | undefined): readonly Complaint[] {
  if (!part) return [{ reason: 'Pending', message: `${what} is not there yet` }];
  const title = `${part.kind} ${part.metadata.name}`;
  const ready = conditionOf(part, 'Ready');
  const isCurrent = (ready?.observedGeneration ?? 0) >= (part.metadata.generation ?? 1);
  if (!ready || !isCurrent) return [{ reason: 'Pending', message: `${title}: accepted, on its way into OVN` }];
  if (ready.status === 'True') return [];
  return [{ reason: ready.reason, message: `${title}: ${ready.message}` }];
}

/** What its parts warn of, and what is wrong with a VPC that is not its own: the network works all the same, or its Subnet says that it does not. */
export function virtualNetworkWarning(
  network: VirtualNetwork,
  { vpc, subnet, notes }: NetworkFacts,
): Finding | undefined {
  const foreign = vpc && !vpcOf(network).own && conditionOf(vpc, 'Ready');
  // the first gives the reason: a new Subnet mostly warns that nobody named a DNS server
  const said = [
    {
      part: vpc,
      condition: foreign && foreign.status === 'False' && foreign.reason !== 'Pending' ? foreign : undefined,
    },
    { part: vpc, condition: vpc && conditionOf(vpc, 'Warning') },
    { part: subnet, condition: subnet && conditionOf(subnet, 'Warning') },
  ].flatMap(({ part, condition }) =>
    condition
      ? [{ reason: condition.reason, message: `${part!.kind} ${part!.metadata.name}: ${condition.message}` }]
      : [],
  );
  const all = [...notes, ...said];
  const [first] = all;
  if (!first) return undefined;
  const message = all.map((one) => one.message).join('; ');
  const { generation = 1 } = network.metadata;
  return { type: 'Warning', status: 'True', reason: first.reason, message, observedGeneration: generation };
}

/** @param now RFC 3339 */
export function virtualNetworkStatus(network: VirtualNetwork, facts: NetworkFacts, now: string): VirtualNetworkStatus {
  const { subnet } = facts;
  const { status } = network;
  const ready = virtualNetworkReady(network, facts);
  const warning = virtualNetworkWarning(network, facts);
  return {
    ...status,
    conditions: withFindings(status?.conditions as never, ready, warning, now) as never,
    vpc: vpcOf(network).name,
    subnet: subnet?.metadata.name ?? '',
    networkAttachmentDefinition: facts.hasAttachment ? keyOf(network.metadata) : '',
    gateways: (subnet?.spec?.gateway ?? '').split(',').filter((text) => text !== ''),
    v4AvailableIPs: subnet?.status?.v4availableIPs ?? 0,
    v4UsingIPs: subnet?.status?.v4usingIPs ?? 0,
    v6AvailableIPs: subnet?.status?.v6availableIPs ?? 0,
    v6UsingIPs: subnet?.status?.v6usingIPs ?? 0,
    virtualMachines: facts.machines,
  };
}

function conditionOf(object: KubeObject, wanted: string): Condition | undefined {
  const { conditions } = (object.status ?? {}) as { readonly conditions?: readonly Condition[] };
  return conditions?.find(({ type }) => type === wanted);
}
