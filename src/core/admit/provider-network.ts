/** What a ProviderNetwork and a Vlan must be to be let in. */
import type { ProviderNetwork } from '../../kinds/provider-network.ts';
import type { Vlan } from '../../kinds/vlan.ts';
import { Findings, type Review, type Verdict, withFinalizer } from './verdict.ts';

/** the bridge is br-<name>, and names of devices have at most 15 characters (IFNAMSIZ) */
const NAME_MAX = 12;

export function admitProviderNetwork({ object, old }: Review<ProviderNetwork>): Verdict<ProviderNetwork> {
  const findings = new Findings();
  const { name } = object.metadata;
  const { customInterfaces = [], nodeSelector, excludeNodes = [] } = object.spec ?? {};
  if (!old && name.length > NAME_MAX)
    findings.invalid(
      'metadata.name',
      name,
      `must have at most ${NAME_MAX} characters: its bridge on the nodes is br-${name}, and names of devices have 15`,
    );
  const seen = new Map<string, number>();
  for (const [index, { nodes = [], interface: device = '' }] of customInterfaces.entries()) {
    if (device === '') findings.required(`spec.customInterfaces[${index}].interface`, 'the NIC of these nodes');
    for (const [at, node] of nodes.entries()) {
      const first = seen.get(node);
      if (first !== undefined)
        findings.duplicate(
          `spec.customInterfaces[${index}].nodes[${at}]`,
          node,
          `spec.customInterfaces[${first}] says which NIC of this node is used already`,
        );
      else seen.set(node, index);
    }
  }
  const selects = Object.keys(nodeSelector?.matchLabels ?? {}).length + (nodeSelector?.matchExpressions?.length ?? 0);
  if (selects > 0 && excludeNodes.length > 0)
    findings.warn(
      'spec.excludeNodes',
      'has no effect beside spec.nodeSelector, which says which nodes are on the network',
    );
  return { object: withFinalizer(object), warnings: findings.warnings, errors: findings.errors };
}

export function admitVlan({ object, old, neighbours }: Review<Vlan>): Verdict<Vlan> {
  const findings = new Findings();
  const vlan = withFinalizer(inNewWords(object));
  const { name } = vlan.metadata;
  const { provider = '', id = 0 } = vlan.spec ?? {};
  if (!neighbours.get('ProviderNetwork', provider))
    findings.warn(
      'spec.provider',
      `there is no ProviderNetwork ${provider} yet: until there is, subnets on this VLAN wait`,
    );
  const same = neighbours.keys('Vlan', 'tag', `${provider}|${id}`).find((other) => other !== name);
  const moved = old?.spec?.id !== vlan.spec?.id || old?.spec?.provider !== provider;
  if (same !== undefined && moved)
    findings.duplicate(
      'spec.id',
      id,
      `Vlan ${same} is VLAN ${id} of ProviderNetwork ${provider}: use that one, or another ID`,
    );
  return { object: vlan, warnings: findings.warnings, errors: findings.errors };
}

/** vlanId and providerInterfaceName are what Kube-OVN called them once */
function inNewWords(vlan: Vlan): Vlan {
  const { id, vlanId, provider, providerInterfaceName } = vlan.spec ?? {};
  return {
    ...vlan,
    spec: {
      ...vlan.spec,
      id: id ?? vlanId ?? 0,
      provider: provider || providerInterfaceName || '',
    },
  };
}
