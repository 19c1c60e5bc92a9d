import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/parts/**/*.test.ts'],
    globalSetup: 'test/store/database-server.setup.ts',
    fileParallelism: false,
    retry: process.env.CI ? 2 : 0,
    // Found at the first look that sees it; only a failure waits that long.
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
})
