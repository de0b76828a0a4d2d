import { expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import { Compiler } from './engine.ts';
import { RULES } from './rules.ts';
import type { Change } from './world.ts';

const object = (kind: string, name: string, spec: unknown): Change =>
  ({
    kind,
    key: name,
    object: { apiVersion: 'kubeovn.io/v1', kind, metadata: { name }, spec } as KubeObject,
  }) as Change;

const hop = (name: string, address: string) =>
  object('IP', name, { subnet: 'net', macAddress: '02:00:00:00:00:01', v4IpAddress: address, podName: name });

const down = (key: string, is = true): Change => ({ kind: 'PortDown', key, object: is ? { down: true } : undefined });

function world(): Compiler {
  const compiler = new Compiler(RULES);
  compiler.apply([
    { kind: 'Settings', key: 'cluster', object: { tunnelMtu: 1442 } },
    object('Vpc', 'red', {
      staticRoutes: ['10.0.0.7', '10.0.0.8', '10.0.0.9'].map((nextHopIP) => ({ cidr: '192.0.2.0/24', nextHopIP })),
      policyRoutes: [{ priority: 5, match: 'ip4', action: 'reroute', nextHopIP: '10.0.0.7,10.0.0.8' }],
    }),
    object('Subnet', 'net', { vpc: 'red', cidrBlock: '10.0.0.0/24', gateway: '10.0.0.1' }),
    hop('seven', '10.0.0.7'),
    hop('eight', '10.0.0.8'),
  ]);
  return compiler;
}

function nextHops(compiler: Compiler): unknown {
  const rows = [...compiler.rows.ids()];
  const of = (table: string) => rows.filter((id) => id.startsWith(`${table}/`)).map((id) => compiler.rows.columns(id)!);
  return {
    routes: of('Logical_Router_Static_Route')
      .filter(({ ip_prefix: prefix }) => prefix !== '0.0.0.0/0')
      .map(({ nexthop }) => nexthop as string)
      .toSorted(),
    policy: of('Logical_Router_Policy').find(({ action }) => action === 'reroute')!['nexthops'],
  };
}

const reasons = (compiler: Compiler) =>
  compiler.issues('Vpc', 'red').map(({ reason, field, message }) => `${reason} ${field} ${message}`);

test('of several next hops those are used whose port is up, and what nobody has a port of', () => {
  const compiler = world();
  expect(nextHops(compiler)).toEqual({
    routes: ['10.0.0.7', '10.0.0.8', '10.0.0.9'],
    policy: ['10.0.0.7', '10.0.0.8'],
  });
  expect(reasons(compiler)).toEqual([]);

  compiler.apply([down('eight')]);
  expect(nextHops(compiler)).toEqual({ routes: ['10.0.0.7', '10.0.0.9'], policy: ['10.0.0.7'] });
  expect(reasons(compiler)).toEqual([
    expect.stringMatching(/^NextHopDown spec\.staticRoutes\[1\]\.nextHopIP .*10\.0\.0\.8 \(IP object eight\)/),
    expect.stringMatching(/^NextHopDown spec\.policyRoutes\[0\]\.nextHopIP .*10\.0\.0\.8/),
  ]);

  compiler.apply([down('eight', false)]);
  expect(nextHops(compiler)).toEqual(nextHops(world()));
  expect(reasons(compiler)).toEqual([]);
});

test('when all of them are down, all stay: there is nothing better', () => {
  const compiler = world();
  compiler.apply([down('seven'), down('eight')]);
  expect(nextHops(compiler)).toEqual({ routes: ['10.0.0.9'], policy: ['10.0.0.7', '10.0.0.8'] });
});

test('a single next hop stays, up or down', () => {
  const compiler = world();
  compiler.apply([
    object('Vpc', 'red', {
      staticRoutes: [{ cidr: '192.0.2.0/24', nextHopIP: '10.0.0.7' }],
      policyRoutes: [{ priority: 5, match: 'ip4', action: 'reroute', nextHopIP: '10.0.0.7' }],
    }),
    down('seven'),
  ]);
  expect(nextHops(compiler)).toEqual({ routes: ['10.0.0.7'], policy: ['10.0.0.7'] });
  expect(reasons(compiler)).toEqual([]);
});
