import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Relative addresses: the same build is served by `neckfrac view` and from any folder of a static host. */
export default defineConfig({
  base: './',
  root: import.meta.dirname,
  plugins: [react()],
  resolve: { alias: { xmlbuilder2: `${import.meta.dirname}/src/study/no-xml.ts` } },
  worker: { format: 'es' },
  build: {
    target: 'es2024',
    // Fonts, pictures and modules stay files: the content security policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6000,
  },
})
