/** Does the steps of a plan of uplinks: transactions of the local switch's database, lines of ip-batch(8), settings of the kernel. */
import { readFile, writeFile } from 'node:fs/promises';
import { withoutMapping } from '../../core/provider/mappings.ts';
import type { Step } from '../../core/provider/plan.ts';
import { byUuid, type Mutation, type Operation } from '../../lib/ovsdb/operations.ts';
import type { LocalSwitch } from './local-switch.ts';
import { runIp, turnOffloadsOff } from './underlay.ts';
import { BRIDGE_MAPPINGS, MAC_MAPPINGS, PROVIDER_KEY, SAVED_KEY, switchState, UPLINK_KEY } from './uplink-state.ts';

export interface StepOptions {
  readonly local: LocalSwitch;
  readonly datapath: 'system' | 'netdev';
  readonly offloadsOff: boolean;
}

export async function doStep(step: Step, options: StepOptions): Promise<void> {
  if (step.do === 'ip') {
    if (step.starts !== undefined) await expectNoDuplicate(step.starts);
    return runIp(step.lines);
  }
  if (step.do === 'answers') return setAnswers(step.device, step.answers);
  const operations = operationsOf(step, options);
  if (operations.length > 0) await options.local.session.transact(operations);
  if (step.do === 'add-port' && options.offloadsOff)
    await Promise.all([...step.interfaces, step.bridge].map((device) => turnOffloadsOff(device)));
}

function operationsOf(
  step: Exclude<Step, { readonly do: 'ip' | 'answers' }>,
  { local, datapath }: StepOptions,
): readonly Operation[] {
  const { cache } = local.session;
  const [root] = cache.table('Open_vSwitch').rows.values();
  if (!root) return [];
  const onRoot = (...mutations: readonly Mutation[]): Operation => ({
    op: 'mutate',
    table: 'Open_vSwitch',
    where: byUuid(root._uuid),
    mutations,
  });
  if (step.do === 'map') return [onRoot(...mapMutations(step.bridgeMappings, step.macMappings))];
  if (step.do === 'make-bridge') {
    const { bridge: name, provider, uplink, saved, mac } = step;
    const row = {
      name,
      datapath_type: datapath,
      fail_mode: 'standalone',
      ports: ['port'],
      external_ids: { [PROVIDER_KEY]: provider, [UPLINK_KEY]: uplink, [SAVED_KEY]: JSON.stringify(saved) },
      ...(mac === undefined ? {} : { other_config: { hwaddr: mac } }),
    };
    return [
      { op: 'insert', table: 'Interface', uuidName: 'face', row: { name, type: 'internal' } },
      { op: 'insert', table: 'Port', uuidName: 'port', row: { name, interfaces: ['face'] } },
      { op: 'insert', table: 'Bridge', uuidName: 'bridge', row },
      onRoot(['bridges', 'insert', ['bridge']], ['next_cfg', '+=', 1]),
    ];
  }
  const [bridge] = cache.table('Bridge').find('name', step.bridge);
  if (!bridge) return [];
  const onBridge = (...mutations: readonly Mutation[]): Operation => ({
    op: 'mutate',
    table: 'Bridge',
    where: byUuid(bridge._uuid),
    mutations,
  });
  switch (step.do) {
    case 'add-port': {
      const { port, interfaces, bondMode } = step;
      const faces = interfaces.map((_, index) => `face${index}`);
      const row = { name: port, interfaces: faces, ...(bondMode === undefined ? {} : { bond_mode: bondMode }) };
      return [
        ...interfaces.map((name, index): Operation => {
          return { op: 'insert', table: 'Interface', uuidName: `face${index}`, row: { name } };
        }),
        { op: 'insert', table: 'Port', uuidName: 'port', row },
        onBridge(['ports', 'insert', ['port']]),
      ];
    }
    case 'save':
      return [
        onBridge(
          ['external_ids', 'delete', [SAVED_KEY]],
          ['external_ids', 'insert', { [SAVED_KEY]: JSON.stringify(step.saved) }],
        ),
      ];
    case 'remove-bridge': {
      const { bridgeMappings, macMappings } = switchState(local);
      const rest = [bridgeMappings, macMappings].map((mappings) => withoutMapping(mappings, step.provider));
      return [onRoot(['bridges', 'delete', [bridge._uuid]], ...mapMutations(rest[0]!, rest[1]!))];
    }
  }
}

function mapMutations(bridgeMappings: string, macMappings: string): readonly Mutation[] {
  const rest = Object.entries({ [BRIDGE_MAPPINGS]: bridgeMappings, [MAC_MAPPINGS]: macMappings });
  const kept = Object.fromEntries(rest.filter(([, text]) => text !== ''));
  return [
    ['external_ids', 'delete', [BRIDGE_MAPPINGS, MAC_MAPPINGS]],
    ...(Object.keys(kept).length > 0 ? [['external_ids', 'insert', kept] as const] : []),
  ];
}

/** Its address follows from the NIC's MAC, which had it before: a second of looking for duplicates (RFC 4862, section 5.4) would be a second without. */
async function expectNoDuplicate(device: string): Promise<void> {
  await write(`/proc/sys/net/ipv6/conf/${device}/accept_dad`, '0');
}

/**
 * A userspace switch only listens on a NIC: the kernel goes on answering on it beside the bridge, for any address of the node, and twice.
 * Off: no ARP, no IPv6, and nothing from whom the node would not answer by this NIC (RFC 3704, which after the move is everybody).
 */
async function setAnswers(device: string, answers: boolean): Promise<void> {
  const usual = (await readFile('/proc/sys/net/ipv4/conf/default/rp_filter', 'utf8')).trim();
  const settings = [
    [`/proc/sys/net/ipv4/conf/${device}/rp_filter`, answers ? usual : '1'],
    [`/proc/sys/net/ipv6/conf/${device}/disable_ipv6`, answers ? '0' : '1'],
  ] as const;
  for (const [file, value] of settings) await write(file, value);
  await runIp([`link set ${device} arp ${answers ? 'on' : 'off'}`]);
}

/** unless the kernel has no such setting */
async function write(file: string, value: string): Promise<void> {
  await writeFile(file, value).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
