/** The same choices with VXLAN, and the way from Geneve to VXLAN. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SOON, UnderlayLab } from '../support/underlay-lab.ts';

const ways = (encapsulation: string, device: string, network: number) => [
  `${device} ${encapsulation} 192.168.${network}.11 > 192.168.${network}.12`,
  `${device} ${encapsulation} 192.168.${network}.12 > 192.168.${network}.11`,
];

describe('VXLAN', () => {
  let at: UnderlayLab;
  beforeAll(async () => {
    at = await UnderlayLab.make('uv', '--encap', 'vxlan');
  }, 180_000);
  afterAll(async () => {
    await at?.lab.remove();
  });

  test('the default and the chosen underlay', async () => {
    expect(await at.way('blue1', 'blue2')).toEqual(ways('VXLAN', 'eth2', 1));
    expect(await at.way('red1', 'red2')).toEqual(ways('VXLAN', 'eth3', 2));
    expect(await at.lab.nbctl('--bare', '--columns=options', 'list', 'Logical_Router_Port')).toContain(
      'gateway_mtu=1450',
    );
  });

  test('the chosen one fails, and comes back', async () => {
    await at.fabric('ip', 'link', 'set', 'node2-eth3', 'nomaster');
    await at.waysBecome('red1', 'red2', ways('VXLAN', 'eth2', 1));
    await at.fabric('ip', 'link', 'set', 'node2-eth3', 'master', 'ul2');
    await at.waysBecome('red1', 'red2', ways('VXLAN', 'eth3', 2));
  });

  test('a rule that matches what VXLAN does not carry is warned of, another is not', async () => {
    const acl = (match: string) => ({ action: 'allow', direction: 'to-lport', priority: 1000, match });
    await at.patch('subnet', 'red', { spec: { acls: [acl('ip4.src == 10.3.0.0/24'), acl('inport == "red1"')] } });
    await vi.waitFor(
      async () =>
        expect((await at.condition('subnet', 'red', 'Warning'))?.message).toContain(
          'spec.acls[1].match: inport is not known of packets that come from another node by VXLAN',
        ),
      SOON,
    );
    expect((await at.condition('subnet', 'red', 'Warning'))!.message).not.toContain('spec.acls[0]');
  });
});

describe('both, while an installation changes', () => {
  let at: UnderlayLab;
  beforeAll(async () => {
    at = await UnderlayLab.make('ub', '--encap', 'geneve,vxlan');
  }, 180_000);
  afterAll(async () => {
    await at?.lab.remove();
  });

  test('nodes that speak both use Geneve; one that speaks VXLAN alone is reached by VXLAN, over the same underlay', async () => {
    expect(await at.way('red1', 'red2')).toEqual(ways('Geneve', 'eth3', 2));
    const pings = ['blue', 'red'].map((name) =>
      at.lab.guest(
        `default/${name}1`,
        'ping',
        '-s',
        '100',
        '-c',
        '200',
        '-i',
        '0.1',
        '-W',
        '1',
        at.addresses.get(`${name}2`)!,
      ),
    );
    // node2 before the others: its agent is held, so that it does not put it right
    const agent = await at.lab.pidOf('node2', 'agent');
    const speak = (types: string) =>
      at.lab.exec('node2', 'ovs-vsctl', 'set', 'Open_vSwitch', '.', `external_ids:ovn-encap-type="${types}"`);
    process.kill(agent, 'SIGSTOP');
    try {
      await speak('vxlan');
      await at.waysBecome('red1', 'red2', ways('VXLAN', 'eth3', 2));
      await at.waysBecome('blue1', 'blue2', ways('VXLAN', 'eth2', 1));
    } finally {
      process.kill(agent, 'SIGCONT');
    }
    await at.waysBecome('red1', 'red2', ways('Geneve', 'eth3', 2));
    for (const { stdout } of await Promise.all(pings))
      expect(Number(/(\d+) received/.exec(stdout)![1])).toBeGreaterThan(190);
  });

  test('guests get what fits the larger of both', async () => {
    expect(await at.lab.nbctl('--bare', '--columns=options', 'list', 'Logical_Router_Port')).toContain(
      'gateway_mtu=1442',
    );
  });
});
