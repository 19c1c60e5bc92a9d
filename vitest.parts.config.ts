import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/parts/**/*.test.ts'],
    fileParallelism: false,
    retry: process.env.CI ? 2 : 0,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
})
