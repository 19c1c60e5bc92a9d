import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** An agent to talk to while working on the console: `npx vite console`. */
const AGENT = 'http://127.0.0.1:8080'

/** What asks for everything else, and therefore waits for nothing. */
const FIRST = /console.src.(main|pages\.ts|api.early|ui.theme)|vite.preload-helper|rolldown.runtime/
const EVERYWHERE =
  /node_modules.(react|react-dom|scheduler|@tanstack.(?!react-virtual|virtual-core)[\w-]+)[\\/]|console.src.(app|routes|pages.frame|pages.sign-in|ui.(basics|title)|api.(client|live|queries)|words|times)/

/** The browser is told of the large file with the page, not by the small one that asks for it. */
function preloadApp(): Plugin {
  return {
    name: 'preload-app',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle = {} }) =>
        Object.values(bundle).flatMap((file) =>
          file.type === 'chunk' && file.name === 'app'
            ? [
                {
                  tag: 'link',
                  attrs: { rel: 'modulepreload', crossorigin: true, href: `/${file.fileName}` },
                  injectTo: 'head' as const,
                },
              ]
            : [],
        ),
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), preloadApp()],
  // No script or style may stand in the page itself: its security policy refuses them.
  build: {
    ...{ outDir: 'dist', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
    // What every screen needs comes in one file instead of a dozen small ones.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'first', test: FIRST, priority: 1 },
            { name: 'app', test: EVERYWHERE },
          ],
        },
      },
    },
  },
  server: { proxy: { '/v1': AGENT } },
})
