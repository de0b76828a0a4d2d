/** What an interface may use beside its own addresses, in annotations of its IP object; users write them on pods and machines. */
import type { IpObject } from '../../kinds/ip.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';

/** names of Vips that the machine takes over from others, separated by commas (allowed address pairs) */
export const SHARED_VIPS_ANNOTATION = 'ovn.kubernetes.io/aaps';
/** addresses of its subnet's spec.vips, separated by commas */
export const PORT_VIPS_ANNOTATION = 'ovn.kubernetes.io/port_vips';
/** the Vip whose address the interface has for its own */
export const TAKEN_VIP_ANNOTATION = 'ovn.kubernetes.io/vip';

export function sharedVips({ metadata }: Pick<IpObject, 'metadata'>): readonly string[] {
  return listOf(metadata.annotations?.[SHARED_VIPS_ANNOTATION]);
}

/** the addresses, spelled as usual; what is none is left out */
export function portVips({ metadata }: Pick<IpObject, 'metadata'>): readonly string[] {
  return listOf(metadata.annotations?.[PORT_VIPS_ANNOTATION]).flatMap(
    (text) => attempt(() => formatIp(parseIp(text))) ?? [],
  );
}

export function takenVip(annotations: Readonly<Record<string, string>> | undefined): readonly string[] {
  const name = annotations?.[TAKEN_VIP_ANNOTATION]?.trim() ?? '';
  return name === '' ? [] : [name];
}

export function listOf(text: string | undefined): readonly string[] {
  const parts = (text ?? '').split(',').map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ''))];
}
