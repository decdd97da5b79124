import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'
import { staticBuild } from './static-build.ts'

/** ONNX Runtime's `.mjs` becomes `.js`: many static hosts do not know that the other is JavaScript too. */
const assetFileNames = ({ names }: { names: string[] }) =>
  names[0]?.endsWith('.mjs') ? 'assets/[name]-[hash].js' : 'assets/[name]-[hash][extname]'

// React's development build is half as large again; whoever builds from a test has said that this is one.
process.env.NODE_ENV = 'production'

/** Relative addresses: the same build is served by `neckfrac view` and from any folder of a static host. */
export default defineConfig({
  base: './',
  root: import.meta.dirname,
  plugins: [react(), staticBuild()],
  resolve: {
    alias: { xmlbuilder2: `${import.meta.dirname}/src/study/no-xml.ts` },
    // ONNX Runtime without its WebAssembly inside: that is a file of its own, loaded by the engine that needs it.
    conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions],
  },
  worker: { format: 'es', rolldownOptions: { output: { assetFileNames } } },
  build: {
    target: 'es2024',
    // Fonts, pictures and modules stay files: the content security policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    rolldownOptions: { output: { assetFileNames } },
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 6000,
  },
})
