/** Which bridge OVN finds a physical network on, and the MAC that routers of this chassis have there (ovn-controller(8)); entries of others stay. */
import type { UplinkChoice } from './choice.ts';
import type { Step } from './plan.ts';
import type { NodeState } from './state.ts';

/** @param moved uplinks that are in place */
export function mappingStep(state: NodeState, moved: readonly UplinkChoice[]): Step | undefined {
  const bridges = entries(state.bridgeMappings);
  const macs = entries(state.macMappings);
  for (const { provider, bridge, nics } of moved) {
    bridges.set(provider, bridge);
    const mac = state.devices.get(nics[0]!)?.mac;
    if (mac !== undefined) macs.set(provider, chassisMac(mac));
  }
  const bridgeMappings = text(bridges);
  const macMappings = text(macs);
  const same =
    bridgeMappings === text(entries(state.bridgeMappings)) && macMappings === text(entries(state.macMappings));
  return same ? undefined : { do: 'map', bridgeMappings, macMappings };
}

export function isMapped({ provider, bridge }: UplinkChoice, { bridgeMappings }: NodeState): boolean {
  return entries(bridgeMappings).get(provider) === bridge;
}

/** Either mapping without a network. */
export function withoutMapping(mappings: string, provider: string): string {
  const rest = entries(mappings);
  rest.delete(provider);
  return text(rest);
}

/** `name:value,name:value` */
function entries(mappings: string): Map<string, string> {
  return new Map(
    mappings.split(',').flatMap((entry) => {
      const colon = entry.indexOf(':');
      return colon < 0 ? [] : [[entry.slice(0, colon).trim(), entry.slice(colon + 1).trim()] as const];
    }),
  );
}

function text(map: ReadonlyMap<string, string>): string {
  return [...map].map(([name, value]) => `${name}:${value}`).join(',');
}

/** Another MAC than the node's own, and the same after every start: locally administered, the bit 04 turned over. */
function chassisMac(mac: string): string {
  const first = (Number.parseInt(mac.slice(0, 2), 16) | 0x02) ^ 0x04;
  return first.toString(16).padStart(2, '0') + mac.slice(2);
}
