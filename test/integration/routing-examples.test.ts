/** The manifests of examples/routing and examples/peering do what their comments say, as far as the Northbound database tells. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { VpcPeering } from '../../src/kinds/vpc-peering.ts';
import type { Vpc } from '../../src/kinds/vpc.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually } from '../support/control-plane.ts';
import { applyExamples, networksInForce } from '../support/examples.ts';
import { R } from '../support/objects.ts';

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start(engineRoot());
  await plane.controller();
});

afterEach(async () => {
  await plane[Symbol.asyncDispose]();
});

/** the lines that ovn-nbctl says of a router, without headings */
async function listed(command: string, router: string): Promise<readonly string[]> {
  const text = await plane.northbound.run('usr/bin/ovn-nbctl', [`--db=${plane.northbound.remote}`, command, router]);
  const lines = text.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));
  return lines.filter((line) => /^[0-9a-f]/.test(line));
}

const eventuallyListed = (command: string, router: string, lines: readonly string[]) =>
  eventually(async () => expect(await listed(command, router)).toEqual(lines));

const eventuallyReady = (vpc: string) =>
  eventually(async () => {
    const { metadata } = await plane.client.get<Vpc>(R.vpcs, undefined, vpc);
    const wanted = { status: 'True', observedGeneration: metadata.generation };
    expect(await plane.ready(R.vpcs, vpc)).toMatchObject(wanted);
  });

test('routing: each file says what its comment says, and nothing is wrong with it', async () => {
  const routes = async (...lines: readonly string[]) => {
    await eventuallyListed('lr-route-list', 'office', lines);
    await eventuallyReady('office');
  };
  const hop1 = '192.168.50.0/24 10.1.9.11 dst-ip';
  await applyExamples(plane, 'routing', {
    '1-vpc.yaml': async () => expect(await networksInForce(plane)).toEqual(['desks', 'edge', 'servers']),
    '2-router.yaml': async () => {
      await routes(hop1);
      await eventuallyListed('lr-route-list', 'partner.default.vpc', ['10.1.0.0/16 192.168.50.11 dst-ip']);
    },
    '3-two-next-hops.yaml': () => routes(`${hop1} ecmp`, '192.168.50.0/24 10.1.9.12 dst-ip ecmp'),
    '4-by-source.yaml': async () => {
      await routes('0.0.0.0/0 10.1.9.11 dst-ip');
      const policy = '1 ip4.src == 10.1.2.0/24 && ip4.dst == $weft_outside4._.office reroute 10.1.9.12';
      expect(await listed('lr-policy-list', 'office')).toEqual([policy]);
    },
    '5-route-tables.yaml': async () => {
      await routes(hop1);
      const options = await plane.northbound.run('usr/bin/ovn-nbctl', [
        `--db=${plane.northbound.remote}`,
        'get',
        'Logical_Router_Port',
        'office-desks',
        'options:route_table',
      ]);
      expect(options.trim()).toBe('partners');
    },
    '6-policies.yaml': async () => {
      await routes(hop1, '0.0.0.0/0 10.1.1.1 dst-ip');
      expect(await listed('lr-policy-list', 'office')).toEqual([
        '200 ip4.src == 10.1.1.0/24 && ip4.dst == 10.1.2.0/24 && tcp.dst == 22 allow',
        '100 ip4.src == 10.1.1.0/24 && ip4.dst == 10.1.2.0/24 drop',
        '50 ip4.src == 10.1.1.0/24 && ip4.dst == 192.168.50.0/24 reroute 10.1.9.12',
        '1 ip4.dst == $weft_unrouted4._.office drop',
      ]);
    },
  });
});

test('peering: by hand, asked for, agreed on, shared', async () => {
  const peeringIs = (namespace: string, name: string, wanted: object) =>
    eventually(async () => expect(await plane.ready(R.vpcPeerings, name, namespace)).toMatchObject(wanted));
  const remote = async (namespace: string, name: string) =>
    (await plane.client.get<VpcPeering>(R.vpcPeerings, namespace, name)).status?.remotePrefixes;
  await applyExamples(plane, 'peering', {
    '1-by-hand.yaml': async () => {
      await networksInForce(plane);
      await eventuallyListed('lr-route-list', 'sales', ['10.12.0.0/24 169.254.0.2 dst-ip']);
      await eventuallyListed('lr-route-list', 'stock', ['10.11.0.0/24 169.254.0.1 dst-ip']);
      for (const name of ['sales', 'stock']) await eventuallyReady(name);
    },
    '2-teams.yaml': () => networksInForce(plane),
    '3-request.yaml': async () => {
      await peeringIs('team-blue', 'to-red', { status: 'False', reason: 'PeeringNotAccepted' });
      expect(await listed('lr-route-list', 'red')).toEqual([]);
    },
    '4-agreed.yaml': async () => {
      await peeringIs('team-blue', 'to-red', { status: 'True' });
      await peeringIs('team-red', 'to-blue', { status: 'True' });
      expect(await remote('team-blue', 'to-red')).toEqual(['10.21.1.0/24', 'fd00:21:1::/64']);
    },
    '5-shared.yaml': async () => {
      await networksInForce(plane);
      for (const team of ['red', 'blue']) {
        await peeringIs(`team-${team}`, `${team}-shared`, { status: 'True' });
        expect(await remote(`team-${team}`, `${team}-shared`)).toEqual(['10.30.0.0/24', 'fd00:30::/64']);
      }
      await eventually(async () => {
        const { status } = await plane.client.get<Vpc>(R.vpcs, undefined, 'ovn-cluster');
        expect(status).toMatchObject({ default: true, vpcPeerings: ['blue', 'red'] });
      });
    },
  });
});
