/**
 * The next step towards the uplinks that a node is meant to have: from whatever is there, so that it does not matter where the one before was cut off.
 *
 *   bridge, with what is to be moved written on it ─> NIC in it ─> addresses on it ─> routes over it ─> addresses off the NIC ─> written down ─> mapped
 *
 * and back: addresses and routes on the NIC ─> bridge and mapping gone. Nothing is taken away before it is there at the other place, and a step is
 * one transaction, or lines of ip-batch(8) that may end after any of them.
 */
import type { UplinkChoice } from './choice.ts';
import { isMapped, mappingStep } from './mappings.ts';
import { type Dependents, obstacle } from './obstacles.ts';
import { pathLines, pathOf, routeLines } from './paths.ts';
import type { Bridge, Device, NodeState, Saved } from './state.ts';
import { addressKey } from './state.ts';
import { switchEnd, vethStep, vethUndoLines, isLinuxBridge } from './veth.ts';

/** bridges and ports as Open vSwitch has them; each step is one transaction */
export type Step =
  | {
      readonly do: 'make-bridge';
      readonly bridge: string;
      readonly provider: string;
      readonly uplink: string;
      readonly mac: string | undefined;
      readonly saved: Saved;
    }
  | {
      readonly do: 'add-port';
      readonly bridge: string;
      readonly port: string;
      readonly interfaces: readonly string[];
      readonly bondMode: string | undefined;
    }
  | { readonly do: 'save'; readonly bridge: string; readonly saved: Saved }
  | { readonly do: 'remove-bridge'; readonly bridge: string; readonly provider: string }
  | { readonly do: 'map'; readonly bridgeMappings: string; readonly macMappings: string }
  /** lines of ip-batch(8); `starts`: the device that they set up, whose own address is to be there at once */
  | { readonly do: 'ip'; readonly lines: readonly string[]; readonly starts?: string }
  /** whether the kernel answers for the node on a NIC */
  | { readonly do: 'answers'; readonly device: string; readonly answers: boolean };

export interface UplinkPlan {
  readonly step: Step | undefined;
  /** ProviderNetwork -> `Reason: sentence`; those that are not in it are in place, or on their way */
  readonly problems: ReadonlyMap<string, string>;
  /** ProviderNetworks the uplink of which is in its bridge, with its mapping */
  readonly ready: ReadonlySet<string>;
}

export interface PlanOptions extends Dependents {
  /** the kernel still sees what comes in by a NIC that is in a bridge: with a userspace datapath */
  readonly silences: boolean;
}

/** The first thing to do; none when all is done, or has to wait for the switch. */
export function planUplinks(choices: readonly UplinkChoice[], state: NodeState, options: PlanOptions): UplinkPlan {
  const problems = problemsOf(choices, state, options);
  const able = choices.filter(({ provider }) => !problems.has(provider));
  const kept = new Set(choices.filter(({ provider }) => problems.has(provider)).map(({ bridge }) => bridge));
  const wanted = new Map(able.map((choice) => [choice.bridge, choice]));
  const surplus = [...state.bridges.values()].filter(
    ({ name, provider, uplink }) =>
      provider !== undefined && !kept.has(name) && wanted.get(name)?.nics.join(',') !== uplink,
  );
  const undo = surplus.map((bridge) => undoStep(bridge, state)).find((step) => step !== undefined);
  const steps = able.map((choice) => [choice, moveStep(choice, state, options)] as const);
  const moved = steps.flatMap(([choice, step]) => (step === undefined ? [choice] : []));
  const mappings = mappingStep(state, moved);
  const waiting = undo ?? steps.find(([, step]) => step !== undefined && step !== 'wait')?.[1];
  const step = waiting === undefined || waiting === 'wait' ? mappings : waiting;
  return {
    step,
    problems,
    ready: new Set(able.filter((choice) => isInPlace(choice, state)).map(({ provider }) => provider)),
  };
}

/** The mapping comes last: with it everything has been there. */
function isInPlace(choice: UplinkChoice, state: NodeState): boolean {
  const bridge = state.bridges.get(choice.bridge);
  const isIn = bridge?.ports.has(choice.port) === true || bridge?.ports.has(switchEnd(choice.provider)) === true;
  return isMapped(choice, state) && isIn && state.devices.get(choice.bridge)?.up === true;
}

function problemsOf(choices: readonly UplinkChoice[], state: NodeState, options: PlanOptions): Map<string, string> {
  const problems = new Map<string, string>();
  for (const choice of choices) {
    const problem = choice.problem ?? contested(choice, choices, state) ?? obstacle(choice, state, options);
    if (problem !== undefined) problems.set(choice.provider, problem);
  }
  return problems;
}

/** A NIC is of the ProviderNetwork whose bridge it is in, else of the older one that names it. */
function contested(choice: UplinkChoice, choices: readonly UplinkChoice[], state: NodeState): string | undefined {
  const holds = ({ bridge, nics }: UplinkChoice, nic: string) =>
    nics.includes(nic) && (state.bridges.get(bridge)?.uplink ?? '').split(',').includes(nic);
  for (const nic of choice.nics) {
    const others = choices.filter(({ nics, problem }) => problem === undefined && nics.includes(nic));
    const owner = others.find((other) => holds(other, nic)) ?? others[0];
    if (owner && owner.provider !== choice.provider)
      return `InterfaceInUse: ${nic} is the uplink of ProviderNetwork ${owner.provider}: name another NIC, or take it out of that one`;
  }
  return undefined;
}

function moveStep(choice: UplinkChoice, state: NodeState, { silences }: PlanOptions): Step | 'wait' | undefined {
  const nics = choice.nics.flatMap((nic) => state.devices.get(nic) ?? []);
  const linux = nics.find(isLinuxBridge);
  const veth = linux && vethStep(choice.provider, linux, state);
  if (veth) return veth;
  // of a Linux bridge nothing is moved: it stays what it is
  const moving = linux ? [] : nics;
  const bridge = state.bridges.get(choice.bridge);
  const device = state.devices.get(choice.bridge);
  if (bridge === undefined)
    return {
      do: 'make-bridge',
      bridge: choice.bridge,
      provider: choice.provider,
      uplink: choice.nics.join(','),
      mac: moving[0]?.mac,
      saved: {
        index: 0,
        ...pathOf(
          moving.map(({ name }) => name),
          state,
        ),
      },
    };
  if (!device) return 'wait';
  const interfaces = linux ? [switchEnd(choice.provider)] : choice.nics;
  const port = bridge.ports.get(linux ? interfaces[0]! : choice.port);
  if (port === undefined)
    return {
      do: 'add-port',
      bridge: choice.bridge,
      port: linux ? interfaces[0]! : choice.port,
      interfaces,
      bondMode: choice.bondMode,
    };
  return (
    transferStep(bridge, device, moving, state) ?? silenceStep(moving, silences) ?? saveStep(bridge, device, state)
  );
}

/** Addresses, then routes, then the addresses at their old place. */
function transferStep(bridge: Bridge, device: Device, moving: readonly Device[], state: NodeState): Step | undefined {
  const names = moving.map(({ name }) => name);
  const mtu = Math.min(...moving.map((nic) => nic.mtu));
  const ready = [
    ...moving.flatMap(({ name, up }) => (up ? [] : [`link set ${name} up`])),
    ...(moving.length > 0 && device.mtu !== mtu ? [`link set ${device.name} mtu ${mtu}`] : []),
    ...(device.up ? [] : [`link set ${device.name} up`]),
  ];
  const wanted = remembered(bridge, device, names, state);
  const lines = [...ready, ...pathLines(wanted, device)];
  if (lines.length > 0) return { do: 'ip', lines, ...(device.up ? {} : { starts: device.name }) };
  const routes = routeLines(wanted, device.name, state);
  if (routes.length > 0) return { do: 'ip', lines: routes };
  // the last one first: with the first one the kernel would take the others of its prefix
  const leaving = moving.flatMap(({ name, addresses }) =>
    addresses.toReversed().map((address) => `addr del ${addressKey(address)} dev ${name}`),
  );
  return leaving.length > 0 ? { do: 'ip', lines: leaving } : undefined;
}

/** What is written on the bridge counts until its device has had it once: from then on, what the device has. */
function remembered(bridge: Bridge, device: Device, from: readonly string[], state: NodeState) {
  const now = pathOf([...from, device.name], state);
  const { saved } = bridge;
  if (saved === undefined || saved.index === device.index) return now;
  const known = new Set(now.addresses.map(addressKey));
  const routes = new Set(now.routes.map(({ family, text }) => `${family} ${text}`));
  return {
    addresses: [...now.addresses, ...saved.addresses.filter((address) => !known.has(addressKey(address)))],
    routes: [...now.routes, ...saved.routes.filter(({ family, text }) => !routes.has(`${family} ${text}`))],
  };
}

function silenceStep(moving: readonly Device[], silences: boolean): Step | undefined {
  const loud = silences ? moving.find(({ answers }) => answers !== 'no') : undefined;
  return loud && { do: 'answers', device: loud.name, answers: false };
}

function saveStep(bridge: Bridge, device: Device, state: NodeState): Step | undefined {
  const saved: Saved = { index: device.index, ...pathOf([device.name], state) };
  const same = JSON.stringify(saved) === JSON.stringify(bridge.saved);
  return same ? undefined : { do: 'save', bridge: bridge.name, saved };
}

/** Everything on the NIC again, then the bridge goes. */
function undoStep(bridge: Bridge, state: NodeState): Step | undefined {
  const provider = bridge.provider!;
  const veth = vethUndoLines(provider, state);
  if (veth.length > 0) return { do: 'ip', lines: veth };
  const nics = (bridge.uplink ?? '').split(',').flatMap((nic) => state.devices.get(nic) ?? []);
  const [nic] = nics;
  const remove: Step = { do: 'remove-bridge', bridge: bridge.name, provider };
  if (!nic || isLinuxBridge(nic)) return remove;
  const silent = nics.find(({ answers }) => answers !== 'yes');
  if (silent) return { do: 'answers', device: silent.name, answers: true };
  const device = state.devices.get(bridge.name);
  const wanted = device
    ? remembered(bridge, device, [nic.name], state)
    : (bridge.saved ?? { addresses: [], routes: [] });
  const lines = [...nics.flatMap(({ name, up }) => (up ? [] : [`link set ${name} up`])), ...pathLines(wanted, nic)];
  if (lines.length > 0) return { do: 'ip', lines };
  const routes = routeLines(wanted, nic.name, state);
  return routes.length > 0 ? { do: 'ip', lines: routes } : remove;
}
