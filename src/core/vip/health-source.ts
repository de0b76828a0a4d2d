/** The address that health checks of a subnet's machines come from: a Vip named as the subnet, which nobody shares. */
import type { Vip } from '../../kinds/vip.ts';

/** annotation of a SwitchLBRule; "false": no health checks */
export const HEALTH_CHECK_ANNOTATION = 'ovn.kubernetes.io/service_health_check';

/** label of Vips that Weft makes for health checks */
export const HEALTH_CHECK_LABEL = 'network.harvesterhci.io/health-checks';

/** Its addresses, when it is one for health checks: a Vip of that name may be somebody's own. */
export function healthSource({ metadata, spec }: Vip): readonly string[] {
  const isPlain = spec?.subnet === metadata.name && !spec.namespace && !spec.type;
  return isPlain ? [spec.v4ip, spec.v6ip].flatMap((text) => text || []) : [];
}
