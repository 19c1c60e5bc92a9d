import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['deploy/n8n/test/**/*.test.ts'],
    globalSetup: 'test/store/database-server.setup.ts',
    testTimeout: process.env.CI ? 60_000 : 20_000,
    retry: process.env.CI ? 2 : 0,
    hookTimeout: 60_000,
  },
})
