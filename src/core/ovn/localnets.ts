/** Which switches are on physical networks, as the Southbound database says. */
import type { SouthboundTables } from './generated/sb.ts';
import { localnetPortName } from './names.ts';

/** switch -> the physical network that it is on */
export function physicalNetworks(
  rows: readonly Pick<SouthboundTables['Port_Binding'], 'type' | 'logical_port' | 'options'>[],
): ReadonlyMap<string, string> {
  const localnets = rows.filter(({ type }) => type === 'localnet');
  return new Map(
    localnets.map(({ logical_port: port, options }) => [
      port.slice(localnetPortName('').length),
      options['network_name'] ?? '',
    ]),
  );
}
