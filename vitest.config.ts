import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/crash/**', 'test/parts/**', 'test/browser/**', 'node_modules/**'],
    globalSetup: 'test/store/database-server.setup.ts',
    // As many as there are cores, not one fewer: most of them wait for the database half of the time.
    maxWorkers: '100%',
    // Nothing here mocks a module or keeps state in one, so files of a worker share what they import.
    isolate: false,
    // Found at the first look that sees it; only a failure waits that long.
    expect: { poll: { timeout: 15_000 } },
    // On a build machine others may work, too: there a test has more time, and fails when it fails twice.
    testTimeout: process.env.CI ? 60_000 : 20_000,
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 60_000,
  },
})
