import { describe, expect, test } from 'vitest';
import { type CarriedGroup, GatewayLosses } from './gateway-losses.ts';

const carried = (first: string, ...carriers: readonly string[]): readonly CarriedGroup[] => [
  { group: 'gateway:phys:a', first, carriers: new Set(carriers) },
];
const yes = () => true;
const no = () => false;

/** `a` carried the group, and has lost it at 1000 */
function lossAt1000(): GatewayLosses {
  const losses = new GatewayLosses([], 0);
  losses.look(carried('a', 'a'), yes, 0);
  losses.look(carried('a', 'b'), no, 500);
  losses.look(carried('a', 'b'), no, 1000);
  return losses;
}

describe('a node has lost its gateways', () => {
  test('when OVN has moved them for half a second', () => {
    const losses = new GatewayLosses([], 0);
    losses.look(carried('a', 'a'), yes, 0);
    expect(losses.isWaiting).toBe(false);
    losses.look(carried('a', 'b'), yes, 100);
    losses.look(carried('a', 'b'), yes, 599);
    expect(losses.lost).toEqual(new Set());
    expect(losses.isWaiting).toBe(true);
    losses.look(carried('a', 'b'), yes, 600);
    expect(losses.lost).toEqual(new Set(['a']));
  });

  test('not when it has them again before', () => {
    const losses = new GatewayLosses([], 0);
    losses.look(carried('a', 'a'), yes, 0);
    losses.look(carried('a', 'b'), yes, 100);
    losses.look(carried('a', 'a'), yes, 400);
    losses.look(carried('a', 'b'), yes, 500);
    losses.look(carried('a', 'b'), yes, 900);
    expect(losses.lost).toEqual(new Set());
  });

  test('not when it has just been given them, or some are still on their way', () => {
    const losses = new GatewayLosses([], 0);
    losses.look(carried('a', 'a'), yes, 0);
    losses.look(carried('b', 'a'), yes, 100);
    losses.look(carried('b', 'a', 'b'), yes, 5000);
    losses.look(carried('b', 'a'), yes, 9000);
    losses.look(carried('b', 'a'), yes, 20_000);
    expect(losses.lost).toEqual(new Set());
  });

  test('not when nobody carries them', () => {
    const losses = new GatewayLosses([], 0);
    losses.look(carried('a', 'a'), yes, 0);
    losses.look(carried('a'), yes, 100);
    losses.look(carried('a'), yes, 5000);
    expect(losses.lost).toEqual(new Set());
  });
});

describe('it has been well', () => {
  test('when others have reached it for two seconds, four after the loss', () => {
    const losses = lossAt1000();
    losses.look(carried('b', 'b'), yes, 1500);
    losses.look(carried('b', 'b'), yes, 4999);
    expect(losses.lost).toEqual(new Set(['a']));
    losses.look(carried('b', 'b'), no, 5000);
    losses.look(carried('b', 'b'), yes, 6000);
    losses.look(carried('b', 'b'), yes, 7999);
    expect(losses.lost).toEqual(new Set(['a']));
    losses.look(carried('b', 'b'), yes, 8000);
    expect(losses.lost).toEqual(new Set());
  });

  test('later with each loss after the third', () => {
    const losses = new GatewayLosses([], 0);
    const holds = Array.from({ length: 9 }, (_, index) => {
      const start = index * 100_000;
      losses.look(carried('a', 'a'), yes, start);
      losses.look(carried('a', 'b'), yes, start + 1000);
      losses.look(carried('a', 'b'), yes, start + 1500);
      let now = start + 1500;
      for (; losses.lost.size > 0; now += 500) losses.look(carried('b', 'b'), yes, now);
      return (now - 500 - start - 1500) / 1000;
    });
    expect(holds).toEqual([4, 4, 4, 8, 16, 32, 60, 60, 60]);
  });

  test('after a minute where nobody says', () => {
    const losses = lossAt1000();
    losses.look(carried('b', 'b'), () => undefined, 60_999);
    expect(losses.lost).toEqual(new Set(['a']));
    losses.look(carried('b', 'b'), () => undefined, 61_000);
    expect(losses.lost).toEqual(new Set());
  });
});

test('what was lost before a restart is lost after it', () => {
  const losses = new GatewayLosses(['a'], 100);
  losses.look(carried('b', 'b'), yes, 100);
  losses.look(carried('b', 'b'), yes, 4099);
  expect(losses.lost).toEqual(new Set(['a']));
  losses.look(carried('b', 'b'), yes, 4100);
  expect(losses.lost).toEqual(new Set());
});
