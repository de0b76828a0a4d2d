/** A controller that was paused, replaced and woken up must not write: real processes, real signals. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually } from '../support/control-plane.ts';
import { ControllerProcess } from '../support/controller-process.ts';
import { network, pod, R, subnet, vpc } from '../support/objects.ts';

let plane: ControlPlane;
const processes: ControllerProcess[] = [];

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  await plane.client.create(R.vpcs, vpc('red'));
  await plane.client.create(R.subnets, subnet('net1', 'red', '10.0.0.0/24'));
  await plane.client.create(R.attachments, network('net1', 'net1'));
});

afterAll(async () => {
  await Promise.all(processes.map((each) => each.stop('SIGKILL')));
  await plane[Symbol.asyncDispose]();
});

async function start(): Promise<ControllerProcess> {
  const started = await ControllerProcess.start(plane);
  processes.push(started);
  return started;
}

const nbctl = async (...args: string[]) =>
  (await plane.northbound.run('usr/bin/ovn-nbctl', [`--db=${plane.northbound.remote}`, ...args])).trim();
const ports = async () => (await nbctl('--bare', '--columns=name', 'list', 'Logical_Switch_Port')).split(/\s+/);

test('stopped, replaced, woken up: it writes nothing and ends', async () => {
  const old = await start();
  old.child.kill('SIGSTOP');
  const next = await start();
  await plane.client.create(R.pods, pod('served', 'net1'));
  await eventually(async () => expect(await ports()).toContain('served.default.net1.default.ovn'));
  // nobody is at work when this one comes: whoever writes its port can only be the one that wakes up
  await next.stop();
  await plane.client.create(R.pods, pod('waiting', 'net1'));
  const before = [await nbctl('show'), await nbctl('--bare', '--columns=external_ids', 'list', 'NB_Global')];
  old.child.kill('SIGCONT');
  expect(await old.ended).toBe(0);
  expect([await nbctl('show'), await nbctl('--bare', '--columns=external_ids', 'list', 'NB_Global')]).toEqual(before);
  expect(await ports()).not.toContain('waiting.default.net1.default.ovn');
  const last = await start();
  await eventually(async () => expect(await ports()).toContain('waiting.default.net1.default.ovn'));
  const { items } = await plane.client.list<IpObject>(R.ips);
  expect(new Set(items.map(({ spec }) => spec?.v4IpAddress)).size).toBe(2);
  await last.stop();
});
