import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['test/e2e/**'],
    globalSetup: ['test/support/engine.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
