/** Questions and answers between two addresses of this machine, over real sockets. */
import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Prober, type ProbeTarget } from './prober.ts';

const HERE = '127.0.0.81';
const THERE = '127.0.0.82';
const SOON = { timeout: 15_000, interval: 50 };
const probers: Prober[] = [];

function prober(port: number): Prober {
  const made = new Prober({ port, mtuInterval: 3600, onChange: () => undefined, log: () => undefined });
  probers.push(made);
  made.start();
  return made;
}
/** expectedMtu 0: the MTU is not measured, since a loopback device has no limit that counts */
const target = (more: Partial<ProbeTarget> = {}): ProbeTarget => ({
  here: 'data2',
  there: 'data2',
  node: 'node2',
  from: HERE,
  to: THERE,
  expectedMtu: 0,
  ...more,
});

afterEach(async () => {
  for (const one of probers.splice(0)) await one.stop();
});

describe('a node', () => {
  test('that answers is reachable; that falls silent is not; that answers again is', async () => {
    const [a, b] = [prober(16_082), prober(16_082)];
    b.follow(new Set([THERE]), []);
    a.follow(new Set([HERE]), [target()]);
    expect(a.result(target()).reachable).toBeUndefined();
    await vi.waitFor(() => expect(a.result(target()).reachable).toBe(true), SOON);
    b.follow(new Set(), []);
    await vi.waitFor(() => expect(a.result(target()).reachable).toBe(false), SOON);
    b.follow(new Set([THERE]), []);
    await vi.waitFor(() => expect(a.result(target()).reachable).toBe(true), SOON);
  });

  test('that was away altogether: what it did not answer on one network says nothing once it answers on another', async () => {
    const [a, b] = [prober(16_085), prober(16_085)];
    const other = target({ here: 'data3', there: 'data3', to: '127.0.0.83' });
    b.follow(new Set([THERE, other.to]), []);
    a.follow(new Set([HERE]), [target(), other]);
    await vi.waitFor(
      () => expect([a.result(target()).reachable, a.result(other).reachable]).toEqual([true, true]),
      SOON,
    );
    b.follow(new Set(), []);
    await vi.waitFor(
      () => expect([a.result(target()).reachable, a.result(other).reachable]).toEqual([false, false]),
      SOON,
    );
    b.follow(new Set([THERE]), []);
    await vi.waitFor(() => expect(a.result(target()).reachable).toBe(true), SOON);
    expect(a.result(other).reachable).toBeUndefined();
    // and is found out again, if it is true
    await vi.waitFor(() => expect(a.result(other).reachable).toBe(false), SOON);
  });

  test('that is not asked any more is not known any more', async () => {
    const a = prober(16_083);
    a.follow(new Set([HERE, THERE]), [target()]);
    await vi.waitFor(() => expect(a.result(target()).reachable).toBe(true), SOON);
    a.follow(new Set([HERE, THERE]), []);
    expect(a.result(target()).reachable).toBeUndefined();
  });

  test('for which somebody else answers, who does not know the question, is not there', async () => {
    const a = prober(16_084);
    const liar = createSocket('udp4');
    await new Promise<void>((resolve) => liar.bind(16_084, THERE, resolve));
    let asked = 0;
    liar.on('message', (question, { port, address }) => {
      asked += 1;
      const answer = Buffer.from(question);
      answer[4] = 2;
      answer.writeBigUInt64BE(question.readBigUInt64BE(5) ^ 1n, 5);
      liar.send(answer, port, address);
      // and what is no answer at all
      liar.send(Buffer.from('WFT1'), port, address);
    });
    a.follow(new Set([HERE]), [target()]);
    await vi.waitFor(() => expect(a.result(target()).reachable).toBe(false), SOON);
    expect(asked).toBeGreaterThanOrEqual(4);
    liar.close();
  });
});
