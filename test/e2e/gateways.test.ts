/** Faults of the node that carries a gateway: another one takes over, traffic is back every way, and what is distributed does not care. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Connection, GatewayLab } from '../support/gateway-lab.ts';

let at: GatewayLab;
/** from the internet to a machine with a distributed floating IP, through all of this file */
let connection: Connection;

beforeAll(async () => {
  at = await GatewayLab.make('gw');
  connection = await at.connect('distributed');
}, 120_000);

afterAll(() => at?.at.lab.remove());

const weft = (...args: readonly string[]) => at.at.lab.ok('lab', ...args);
const uplink = (node: string, field: string) => at.at.field('nodeunderlay', node, `{.status.uplinks[0].${field}}`);
const untilReason = (node: string, text: RegExp) =>
  vi.waitFor(async () => expect(await uplink(node, 'reason')).toMatch(text), { timeout: 30_000, interval: 100 });

/** also of a lab that is not well */
const status = async () => (await at.at.lab.weft('status')).stdout;

async function lives(): Promise<void> {
  const before = await connection.count();
  await vi.waitFor(async () => expect(await connection.count()).toBeGreaterThan(before), { timeout: 10_000 });
}

const condition = (type: string, field: string) =>
  at.at.field('provider-network', 'phys', `{.status.conditions[?(@.type=="${type}")].${field}}`);
const ranks = () => at.at.lab.nbctl('--bare', '--columns=_uuid,priority', 'list', 'HA_Chassis');

/** it is told of, and is not given back what it had by OVN alone: its rank is low */
async function untilLost(): Promise<void> {
  await vi.waitFor(
    async () => expect(await condition('Warning', 'message')).toContain(`${at.gateway} lost its gateways`),
    {
      timeout: 20_000,
      interval: 100,
    },
  );
  expect(await condition('Gateways', 'reason')).toBe('Moved');
  expect(await condition('Gateways', 'message')).toMatch(
    new RegExp(`node\\d: ${at.gateway} leads, which other nodes did not reach by their tunnels of late`),
  );
}

describe('the node that carries the gateway', () => {
  test('loses its uplink, and says so', async () => {
    await weft('link', 'down', `${at.gateway}:eth1`);
    await at.carriedBy(at.others);
    await at.works();
    expect(await uplink(at.gateway, 'reason')).toMatch(/^NoCarrier: eth1 has no carrier/);
    await weft('link', 'up', `${at.gateway}:eth1`);
    await at.carriedBy(at.gateway);
    await at.works();
    await lives();
  });

  test('loses its uplink behind a carrier that stays: the upstream router does not answer', async () => {
    await weft('link', 'down', '--silent', `${at.gateway}:eth1`);
    await at.carriedBy(at.others);
    await at.works();
    expect(await uplink(at.gateway, 'reason')).toMatch(/^NoAnswer: fe80::1 on br-phys does not answer BFD any more/);
    expect(await status()).toMatch(
      new RegExp(`red +external +node\\d +${at.gateway} leads, whose uplink does not work \\(NoAnswer: fe80::1`),
    );
    const warning = '{.status.conditions[?(@.type=="Warning")].message}';
    expect(await at.at.field('provider-network', 'phys', warning)).toContain(`the uplink is down on ${at.gateway}`);
    await weft('link', 'up', `${at.gateway}:eth1`);
    await at.carriedBy(at.gateway);
    await at.works();
    await lives();
  });

  test('loses its tunnels', async () => {
    await weft('link', 'down', `${at.gateway}:eth2`);
    await at.carriedBy(at.others);
    await at.works();
    await untilLost();
    await weft('link', 'up', `${at.gateway}:eth2`);
    await at.carriedBy(at.gateway);
    await at.works();
    await lives();
  });

  test('loses its Open vSwitch', async () => {
    process.kill(await at.at.lab.pidOf(at.gateway, 'ovs-vswitchd'), 'SIGKILL');
    await at.works();
    await at.carriedBy(at.gateway);
    await at.works();
    await lives();
  });

  test('dies, and comes back', async () => {
    await weft('node', 'kill', at.gateway);
    await at.carriedBy(at.others);
    await at.works();
    await untilLost();
    // who starts anew knows it, too
    const before = await ranks();
    const pid = await at.at.lab.pidOf('central', 'controller');
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await at.at.lab.pidOf('central', 'controller')).not.toBe(pid), {
      timeout: 20_000,
    });
    await vi.waitFor(async () => expect(await at.at.lab.transactions()).toBe(0), { timeout: 20_000 });
    expect(await ranks()).toBe(before);
    await weft('node', 'start', at.gateway);
    await at.carriedBy(at.gateway);
    await at.works();
    await lives();
  });

  test('is emptied, and taken back into service', async () => {
    await at.at.lab.kubectl('cordon', at.gateway);
    await at.carriedBy(at.others);
    await at.works();
    expect(await status()).toMatch(new RegExp(`red +external +node\\d +${at.gateway} leads, which is cordoned`));
    await at.at.lab.kubectl('uncordon', at.gateway);
    await at.carriedBy(at.gateway);
    expect(await status()).toMatch(new RegExp(`red +external +${at.gateway} +it leads`));
    await at.works();
    await lives();
  });
});

describe('whoever asks, or is asked', () => {
  test('the daemon that asks dies: nothing moves, and it asks again', async () => {
    process.kill(await at.at.lab.pidOf(at.gateway, 'bfdd'), 'SIGKILL');
    const answers = async () =>
      expect((await at.at.run(at.gateway, 'vtysh', '-c', 'show bfd peers json')).stdout).toMatch(/"status":"up"/);
    await vi.waitFor(answers, { timeout: 20_000, interval: 100 });
    expect([await uplink(at.gateway, 'up'), await at.carrier()]).toEqual(['true', at.gateway]);
  });

  test('the router is away from all nodes: somebody carries the gateway all the same, and all is as before when it is back', async () => {
    // its daemon alone, so that packets pass, and for long enough that everybody notices
    process.kill(await at.at.lab.pidOf('tor', 'bfdd'), 'SIGSTOP');
    try {
      for (const node of [at.gateway, ...at.others]) await untilReason(node, /^NoAnswer/);
      await at.works();
      expect(await at.carrier()).toMatch(/^node/);
    } finally {
      process.kill(await at.at.lab.pidOf('tor', 'bfdd'), 'SIGCONT');
    }
    for (const node of [at.gateway, ...at.others]) await untilReason(node, /^$/);
    await at.carriedBy(at.gateway);
    await at.works();
  });

  test('a router that never answers is told of, and takes nothing away', async () => {
    const annotate = (value: string) =>
      at.at.lab.kubectl(
        'annotate',
        '--overwrite',
        'provider-network',
        'phys',
        `network.harvesterhci.io/bfd-peers=${value}`,
      );
    await annotate('fe80::99,nonsense');
    await untilReason(at.gateway, /^InvalidRouter: annotation .* says "nonsense", which is no address/);
    await annotate('fe80::99');
    await untilReason(at.gateway, /^NeverAnswered: fe80::99 on br-phys has not answered BFD/);
    expect(await uplink(at.gateway, 'up')).toBe('true');
    await at.at.says('provider-network', 'phys', /^True/);
    await annotate('fe80::1');
    await untilReason(at.gateway, /^$/);
    await at.carriedBy(at.gateway);
  });
});
