import { expect, test } from 'vitest';
import { counted } from './run-tests.ts';

test('what a report says is what counts; a run that ended badly without one is a failure', () => {
  expect(counted('{"numPassedTests":7,"numFailedTests":0}', 0)).toEqual({ passed: 7, failed: 0 });
  expect(counted('{"numPassedTests":7,"numFailedTests":2}', 1)).toEqual({ passed: 7, failed: 2 });
  expect(counted('{"numPassedTests":7,"numFailedTests":0,"numFailedTestSuites":2}', 1)).toEqual({
    passed: 7,
    failed: 2,
  });
  expect(counted('{}', 1)).toEqual({ passed: 0, failed: 1 });
  expect(counted('{"numPassedTests":0}', 0)).toEqual({ passed: 0, failed: 1 });
});
