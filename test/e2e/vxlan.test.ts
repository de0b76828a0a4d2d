/** The same stories over VXLAN. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestLab } from '../support/test-lab.ts';

let lab: TestLab;
let demo: { readonly ok: boolean; readonly checks: readonly { readonly what: string; readonly ok: boolean }[] };

beforeAll(async () => {
  lab = await TestLab.make('x');
  const { code, stdout, stderr } = await lab.weft(
    'demo',
    '--name',
    lab.name,
    '--encap',
    'vxlan',
    '--engine',
    process.env['WEFT_ENGINE_ROOT']!,
    '-o',
    'json',
  );
  if (stdout === '') throw new Error(`demo ended with ${code}: ${stderr}`);
  demo = JSON.parse(stdout) as typeof demo;
}, 180_000);

afterAll(async () => {
  await lab?.remove();
});

test('every pair is as it should be, and a packet may be 8 bytes larger than over Geneve', () => {
  expect(demo.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(demo.ok).toBe(true);
  expect(demo.checks.map(({ what }) => what)).toContain('ping 1450 bytes');
});

test('VXLAN between the node addresses, and no Geneve', async () => {
  const seen = await lab.capture('node1', 'eth2', 'udp port 4789 or udp port 6081', () =>
    lab.guest('demo/web-1', 'ping', '-c', '3', '-i', '0.2', '10.0.100.9'),
  );
  expect(seen).toMatch(/192\.168\.1\.11\.\d+ > 192\.168\.1\.12\.4789: VXLAN/);
  expect(seen).toContain('10.0.100.9: ICMP echo request');
  expect(seen).not.toContain('Geneve');
});

test('demo again in a lab of another encapsulation is refused', async () => {
  const { code, stderr } = await lab.weft('demo', '--name', lab.name, '--encap', 'geneve');
  expect([code, stderr]).toEqual([2, expect.stringContaining(`lab ${lab.name} has --encap vxlan, not geneve`)]);
});
