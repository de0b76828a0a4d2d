import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import { formatCidr, parsePrefix } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { SNAT_NAMESPACE_ANNOTATION } from './names.ts';

/** What an OvnSnatRule is about, for an index: no two rules are about the same. */
export function sourceKeys(rule: Pick<OvnSnatRule, 'metadata' | 'spec'> | undefined): readonly string[] {
  const { vpcSubnet = '', ipName = '', vpc = '', v4IpCidr = '', v6IpCidr = '' } = rule?.spec ?? {};
  const namespace = rule?.metadata.annotations?.[SNAT_NAMESPACE_ANNOTATION] ?? '';
  if (namespace) return [`${vpc}|namespace|${namespace}`];
  if (vpcSubnet) return [`subnet|${vpcSubnet}`];
  if (ipName) return [`ip|${ipName}`];
  return [v4IpCidr, v6IpCidr].flatMap((text) => {
    const prefix = attempt(() => parsePrefix(text));
    return prefix ? [`${vpc}|${formatCidr(prefix)}`] : [];
  });
}
