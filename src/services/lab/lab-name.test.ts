import { describe, expect, test } from 'vitest';
import { LabError } from './errors.ts';
import { boxOfNamespace, checkLabName, namespaceOf } from './lab-name.ts';
import { labPaths } from './paths.ts';
import { restartDelay } from './restart-delay.ts';

test.each(['lab', 'a', 'a-b', '1', 'fifteen-letters'])('%j names a lab', (name) => {
  expect(checkLabName(name)).toBe(name);
});

test.each(['', '-a', 'a-', 'A', 'a/b', '..', 'a b', 'a;b', 'sixteen-letters-', 'a'.repeat(16), 'ä'])(
  '%j does not',
  (name) => {
    expect(() => checkLabName(name)).toThrow(LabError);
  },
);

describe('namespaces', () => {
  test('belong to the lab whose name they carry', () => {
    expect(boxOfNamespace('lab', namespaceOf('lab', 'node12'))).toBe('node12');
  });

  test.each([
    ['a', namespaceOf('a-b', 'central')],
    ['a', namespaceOf('a-node1', 'central')],
    ['lab', 'weft-lab-'],
    ['lab', 'weft-lab2-central'],
    ['lab', 'other-lab-central'],
  ])('lab %s does not take %s', (lab, namespace) => {
    expect(boxOfNamespace(lab, namespace)).toBeUndefined();
  });
});

describe('WEFT_HOME', () => {
  test('the usual one fits every name of a lab', () => {
    expect(labPaths('/var/lib/weft', 'fifteen-letters').directory).toBe('/var/lib/weft/labs/fifteen-letters');
  });

  test.each([`/${'long/'.repeat(20)}`, 'relative', '/with blank', '/with:colon', '/with,comma'])(
    '%j does not work',
    (home) => {
      expect(() => labPaths(home, 'lab')).toThrow(/WEFT_HOME/);
    },
  );
});

describe('restarts', () => {
  test('the first is at once, then they slow down to 5 s', () => {
    let deaths = 0;
    const delays = Array.from({ length: 9 }, () => {
      const restart = restartDelay(deaths, 50);
      deaths = restart.deaths;
      return restart.delay;
    });
    expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  test('a long life makes earlier deaths forgotten', () => {
    expect(restartDelay(8, 60_000)).toEqual({ delay: 0, deaths: 1 });
  });
});
