import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: 'test/store/database-server.setup.ts',
    fileParallelism: false,
    // Found at the first look that sees it; only a failure waits that long.
    expect: { poll: { timeout: 15_000 } },
    retry: process.env.CI ? 2 : 0,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
