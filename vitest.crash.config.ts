import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/crash/**/*.test.ts'],
    fileParallelism: false,
    retry: process.env.CI ? 2 : 0,
    maxConcurrency: 3,
    testTimeout: 90_000,
    hookTimeout: 60_000,
  },
})
