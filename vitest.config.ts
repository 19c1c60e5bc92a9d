import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/parts/**', 'test/browser/**', 'node_modules/**'],
    // On a build machine others may work, too: there a test has more time, and fails when it fails twice.
    testTimeout: process.env.CI ? 60_000 : 20_000,
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 60_000,
  },
})
