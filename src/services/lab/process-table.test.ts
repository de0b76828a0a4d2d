import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from './options.ts';
import { DPDK_VSWITCHD, keyOfProcess, nodeProcesses, type Plan, processTable } from './process-table.ts';

const plan: Plan = { options: { ...DEFAULT_OPTIONS, nodes: 2 }, weft: ['node', 'weft.ts'], tso: true };

function command(name: string, changes: Partial<Plan> = {}): readonly string[] {
  const spec = processTable({ ...plan, ...changes }).find((process) => process.name === name);
  if (!spec) throw new Error(`no process ${name}`);
  return spec.command;
}

test('what runs where', () => {
  expect(processTable(plan).map(keyOfProcess)).toEqual([
    ...['ovsdb-nb', 'ovsdb-sb', 'ovn-northd', 'apiserver', 'controller', 'virt-controller'].map(
      (name) => `central/${name}`,
    ),
    'fabric/ovsdb-server',
    'fabric/ovs-vswitchd',
    ...['mgmtd', 'zebra', 'bfdd', 'bgpd'].map((name) => `tor/${name}`),
    ...['node1', 'node2'].flatMap((node) =>
      ['ovsdb-server', 'ovs-vswitchd', 'ovn-controller', 'agent', 'mgmtd', 'zebra', 'bfdd', 'virt-node'].map(
        (name) => `${node}/${name}`,
      ),
    ),
  ]);
});

test('whatever a process waits for exists and comes before it, so that every start comes to an end', () => {
  const before = new Set(['api', 'cluster']);
  for (const spec of processTable(plan)) {
    for (const needed of spec.after) expect(before).toContain(needed);
    before.add(keyOfProcess(spec));
  }
});

test('nothing that leads to a milestone waits for one', () => {
  const apiserver = processTable(plan).find(({ name }) => name === 'apiserver');
  expect(apiserver?.after).toEqual([]);
});

test('virt says when it acts, where the supervisor looks: a machine that is created right after the start is not kept waiting', () => {
  const virt = processTable(plan).filter(({ name }) => name.startsWith('virt-'));
  expect(virt.map(keyOfProcess)).toEqual(['central/virt-controller', 'node1/virt-node', 'node2/virt-node']);
  for (const { command: words, readyFile } of virt)
    expect(words.slice(words.indexOf('--ready-file') + 1)).toEqual([`/run/${readyFile}`]);
});

test('a node can register itself again, with the addresses of the lab’s IP families', () => {
  const addresses = (ip: Plan['options']['ip']) => {
    const words = command('virt-node', { options: { ...plan.options, ip } });
    return words.slice(words.indexOf('--node-ip') + 1, words.indexOf('--kubeconfig'));
  };
  expect(addresses('4')).toEqual(['172.30.0.11']);
  expect(addresses('6')).toEqual(['fd00:172:30::11']);
});

test('daemons stay in the foreground, quiet, with their pid file where stock tools look', () => {
  const daemons = processTable(plan).filter(({ command: [program] }) =>
    /^\/usr\/(s?bin|lib\/openvswitch)/.test(program!),
  );
  expect(daemons.length).toBe(3 + 2 + 2 * 3);
  for (const daemon of daemons) {
    expect(daemon.command).not.toContain('--detach');
    expect(daemon.command).toContain('-vconsole:off');
    expect(daemon.command.some((word) => /^--pidfile=\/run\/(ovn|openvswitch)\/.+\.pid$/.test(word))).toBe(true);
  }
});

describe('variants', () => {
  test('an engine without DPDK: the plain switch, and the agent turns offload off', () => {
    expect(command('ovs-vswitchd')[0]).toBe(DPDK_VSWITCHD);
    expect(command('agent').slice(-2)).toEqual(['--tso', 'on']);
    expect(command('ovs-vswitchd', { tso: false })[0]).toBe('/usr/sbin/ovs-vswitchd');
    expect(command('agent', { tso: false }).slice(-2)).toEqual(['--tso', 'off']);
  });

  test.each([
    ['4', ['--remote=ptcp:6642:172.30.0.2'], 'tcp:172.30.0.2:6642', false],
    ['6', ['--remote=ptcp:6642:[fd00:172:30::2]'], 'tcp:[fd00:172:30::2]:6642', true],
    ['dual', ['--remote=ptcp:6642:172.30.0.2', '--remote=ptcp:6642:[fd00:172:30::2]'], 'tcp:172.30.0.2:6642', false],
  ] as const)('--ip %s', (ip, remotes, southbound, tunnelsOverIpv6) => {
    const options = { ...plan.options, ip };
    expect(command('ovsdb-sb', { options }).filter((word) => word.includes('ptcp:'))).toEqual(remotes);
    const agent = command('agent', { options });
    expect(agent[agent.indexOf('--sb') + 1]).toBe(southbound);
    expect(agent.includes('--underlay-ipv6')).toBe(tunnelsOverIpv6);
    expect(command('controller', { options }).includes('--underlay-ipv6')).toBe(tunnelsOverIpv6);
  });

  test('--encap reaches controller and agents', () => {
    const options = { ...plan.options, encap: 'vxlan' as const };
    for (const name of ['controller', 'agent']) {
      const words = command(name, { options });
      expect(words[words.indexOf('--encap') + 1]).toBe('vxlan');
    }
  });
});

test('nodes get TCP remotes and nothing of central', () => {
  for (const { command: words } of nodeProcesses(plan, 'node1')) {
    expect(words.join(' ')).not.toMatch(/\/var\/lib\/weft|ovnnb|ovnsb_db/);
  }
});

test('the API server and the controller get the sockets of the host', () => {
  const handed = processTable(plan).filter(({ handover }) => handover);
  expect(handed.map(({ name, handover, command: words }) => [name, handover, words.slice(-2)])).toEqual([
    ['apiserver', 'api', ['--listen-fd', '3']],
    ['controller', 'metrics', ['--metrics-fd', '3']],
  ]);
});
