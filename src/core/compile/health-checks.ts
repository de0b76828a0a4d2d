/** Health checks of load balancers: rows, and in which subnets they need an address to come from. */
import { HEALTH_CHECK_ANNOTATION, healthSource } from '../vip/health-source.ts';
import type { Emit, Read } from './rule.ts';

/** seconds and counts: a machine that does not answer is out after three seconds at most, and in again after one answer */
const HEALTH_CHECK = { interval: '1', timeout: '1', success_count: '1', failure_count: '2' };

/** A machine that may be checked. */
export interface Checked {
  readonly address: string;
  /** the interface that has the address; none of an address that no IP object has */
  readonly port?: string;
  readonly subnet?: string;
}

/** Its owner wants checks. */
export function isChecked({ annotations }: { readonly annotations?: Readonly<Record<string, string>> }): boolean {
  return annotations?.[HEALTH_CHECK_ANNOTATION] !== 'false';
}

/** `<subnet>|<family>` -> where its health checks come from */
export type HealthSources = ReadonlyMap<string, string>;

const keyOf = (subnet: string, address: string) => `${subnet}|${address.includes(':') ? 6 : 4}`;

/** Where checks of these machines come from; of those that cannot be checked it is said why. */
export function healthSources(machines: readonly Checked[], read: Read, emit: Emit): HealthSources {
  const found = new Map<string, string>();
  const needed = new Map(
    machines.flatMap(({ subnet, address }) =>
      subnet === undefined ? [] : [[keyOf(subnet, address), { subnet, isV6: address.includes(':') }] as const],
    ),
  );
  for (const [key, { subnet, isV6 }] of needed) {
    const source = read.get('Vip', subnet, healthSource)?.find((text) => text.includes(':') === isV6);
    if (source === undefined)
      emit.issue({
        reason: 'NoHealthCheck',
        severity: 'warning',
        message: `machines of subnet ${subnet} are not checked: there is no Vip ${subnet} of this subnet, without namespace and type, that has an IPv${isV6 ? 6 : 4} address for it`,
      });
    else found.set(key, source);
  }
  return found;
}

/** address -> `<port>:<source>`; IPv6 in brackets (ovn-nb(5), ip_port_mappings) */
export function portMappings(machines: readonly Checked[], sources: HealthSources): Readonly<Record<string, string>> {
  const bracketed = (text: string) => (text.includes(':') ? `[${text}]` : text);
  return Object.fromEntries(
    machines.flatMap(({ address, port, subnet }) => {
      const source = subnet === undefined ? undefined : sources.get(keyOf(subnet, address));
      return port === undefined || source === undefined ? [] : [[bracketed(address), `${port}:${bracketed(source)}`]];
    }),
  );
}

/** @param suffix tells the checks of one load balancer apart. @param vip as in its vips */
export function emitHealthCheck(balancer: string, suffix: string, vip: string, emit: Emit): void {
  emit.child(
    { table: 'Load_Balancer', key: balancer, column: 'health_check' },
    'Load_Balancer_Health_Check',
    `${balancer}/${suffix}`,
    { vip, options: HEALTH_CHECK, external_ids: { vendor: 'kube-ovn' } },
  );
}
