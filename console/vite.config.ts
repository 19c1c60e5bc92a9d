import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** An agent to talk to while working on the console: `npx vite console`. */
const AGENT = 'http://127.0.0.1:8080'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  // No script or style may stand in the page itself: its security policy refuses them.
  build: { outDir: 'dist', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { '/v1': AGENT } },
})
