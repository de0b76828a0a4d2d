/** What Open vSwitch must say so that ovn-controller makes this node a chassis (ovn-controller(8)), and what to change if it does not. Pure. */
import { byUuid, type Operation } from '../../lib/ovsdb/operations.ts';
import type { Encap } from '../../core/ovn/encap.ts';
import type { BridgeRow, InterfaceRow, OpenVswitchRow } from './local-switch.ts';
import { INTEGRATION_BRIDGE } from './local-switch.ts';

export interface ChassisSettings {
  readonly node: string;
  /** Southbound remotes, comma-separated */
  readonly southbound: string;
  readonly encaps: readonly Encap[];
  /** tunnel addresses of this node, the default first; without one the encapsulation is not set yet */
  readonly encapIps: readonly string[];
  /** `system` is the kernel's datapath, `netdev` the userspace one */
  readonly datapath: 'system' | 'netdev';
  /** NICs that get a bridge of their own */
  readonly underlays: readonly string[];
}

export interface SwitchState {
  readonly root: (OpenVswitchRow & { readonly _uuid: string }) | undefined;
  readonly bridges: Iterable<BridgeRow & { readonly _uuid: string }>;
  readonly interfaces: Iterable<InterfaceRow>;
}

/** bridge of an underlay NIC; interface names have at most 15 bytes */
export function underlayBridge(nic: string): string {
  return `br-${nic}`.slice(0, 15);
}

/** Operations that bring Open vSwitch to where it should be; none when it is there. Bridges of others and their keys are left alone. */
export function chassisOperations(settings: ChassisSettings, { root, bridges, interfaces }: SwitchState): Operation[] {
  if (!root) return [];
  const present = new Map([...bridges].map((bridge) => [bridge.name, bridge]));
  const faces = new Set([...interfaces].map(({ name }) => name));
  const wanted: [name: string, failMode: string, nic: string | undefined][] = [
    [INTEGRATION_BRIDGE, 'secure', undefined],
    ...settings.underlays.map((nic): [string, string, string] => [underlayBridge(nic), 'standalone', nic]),
  ];
  const operations = wanted.flatMap(([name, failMode, nic], index) => {
    const bridge = present.get(name);
    if (!bridge) return newBridge(`b${index}`, name, failMode, nic, settings.datapath, root._uuid);
    const fixed: Operation[] =
      bridge.datapath_type === settings.datapath && bridge.fail_mode === failMode
        ? []
        : [
            {
              op: 'update',
              table: 'Bridge',
              where: byUuid(bridge._uuid),
              row: { datapath_type: settings.datapath, fail_mode: failMode },
            },
          ];
    const port: Operation[] =
      nic === undefined || faces.has(nic)
        ? []
        : [
            ...newPort(`p${index}`, nic, ''),
            {
              op: 'mutate',
              table: 'Bridge',
              where: byUuid(bridge._uuid),
              mutations: [['ports', 'insert', [`p${index}`]]],
            },
          ];
    return [...fixed, ...port];
  });
  const ids = Object.entries(externalIds(settings)).filter(([key, value]) => root.external_ids[key] !== value);
  if (ids.length > 0) {
    operations.push({
      op: 'mutate',
      table: 'Open_vSwitch',
      where: byUuid(root._uuid),
      mutations: [
        ['external_ids', 'delete', ids.map(([key]) => key)],
        ['external_ids', 'insert', Object.fromEntries(ids)],
      ],
    });
  }
  return operations;
}

function externalIds({ node, southbound, encaps, encapIps, datapath }: ChassisSettings): Record<string, string> {
  return {
    'system-id': node,
    hostname: node,
    'ovn-bridge-datapath-type': datapath,
    // a chassis without an encapsulation cannot be registered, and one that comes later would register twice
    ...(encapIps[0] === undefined
      ? {}
      : {
          'ovn-remote': southbound,
          'ovn-encap-type': encaps.join(','),
          'ovn-encap-ip': encapIps.join(','),
          'ovn-encap-ip-default': encapIps[0],
        }),
  };
}

function newPort(id: string, name: string, type: string): Operation[] {
  return [
    { op: 'insert', table: 'Interface', uuidName: `i${id}`, row: { name, type } },
    { op: 'insert', table: 'Port', uuidName: id, row: { name, interfaces: [`i${id}`] } },
  ];
}

function newBridge(
  id: string,
  name: string,
  failMode: string,
  nic: string | undefined,
  datapath: string,
  root: string,
): Operation[] {
  return [
    ...newPort(`l${id}`, name, 'internal'),
    ...(nic === undefined ? [] : newPort(`n${id}`, nic, '')),
    {
      op: 'insert',
      table: 'Bridge',
      uuidName: id,
      row: {
        name,
        datapath_type: datapath,
        fail_mode: failMode,
        ports: [`l${id}`, ...(nic === undefined ? [] : [`n${id}`])],
      },
    },
    {
      op: 'mutate',
      table: 'Open_vSwitch',
      where: byUuid(root),
      mutations: [
        ['bridges', 'insert', [id]],
        ['next_cfg', '+=', 1],
      ],
    },
  ];
}
