import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/crash/**/*.test.ts'],
    globalSetup: 'test/store/database-server.setup.ts',
    fileParallelism: false,
    retry: process.env.CI ? 2 : 0,
    maxConcurrency: 3,
    // Found at the first look that sees it; only a failure waits that long.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 90_000,
    hookTimeout: 60_000,
  },
})
