import { builtinModules } from 'node:module'
import path from 'node:path'
import vm from 'node:vm'
import { type BuildOptions, build } from 'esbuild'
import { expect, test } from 'vitest'

const core = path.dirname(import.meta.dirname)

/**
 * Built-ins that a dependency's own `browser` field replaces by an empty module. dicom-parser names zlib for
 * deflated files read in Node; in a browser it takes `pako` where the page has one.
 */
const EMPTY_IN_BROWSER = ['(disabled):zlib']

/** platform browser honours the `browser` field and condition of dependencies; nothing is left external. */
const bundle = (input: BuildOptions) =>
  build({
    ...input,
    bundle: true,
    platform: 'browser',
    target: 'es2024',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })

const bundleCore = (format: 'esm' | 'iife') =>
  bundle({ entryPoints: [path.join(core, 'src/index.ts')], format, globalName: 'neckfrac' })

const bundleText = (contents: string) =>
  bundle({ stdin: { contents, resolveDir: core, loader: 'ts' }, format: 'esm' })

test('the core bundles for a browser and imports nothing at run time', async () => {
  const { outputFiles, metafile, warnings } = await bundleCore('esm')
  expect(warnings.map((warning) => warning.text)).toEqual([])
  expect(Object.values(metafile.outputs).flatMap((output) => output.imports)).toEqual([])
  // esbuild leaves a require that it cannot follow as a call of its stand-in, which throws in a browser.
  const leftOver = outputFiles[0].text.match(/\b__require\(['"`\w].*|\bimport\(\s*['"]node:.*/g)
  expect(leftOver).toBeNull()
})

test('no built-in module of Node is asked for, not even one that becomes empty', async () => {
  const { metafile } = await bundleCore('esm')
  const inputs = Object.keys(metafile.inputs)
  const builtins = inputs.filter((input) => /^\(disabled\):/.test(input))
  expect(builtins.filter((input) => !EMPTY_IN_BROWSER.includes(input))).toEqual([])
  expect(inputs.filter((input) => input.includes('node:') || builtinModules.includes(input))).toEqual([])
})

/** Globals that every browser page and worker has and that the core and its dependencies may use. */
const browserGlobals = () => ({
  AbortController,
  AbortSignal,
  Blob,
  CompressionStream,
  console,
  crypto: globalThis.crypto,
  DecompressionStream,
  Response,
  TextDecoder,
  TextEncoder,
  URL,
  atob,
  btoa,
  clearTimeout,
  performance,
  queueMicrotask,
  setTimeout,
})

test('the bundle loads where there is no process, no Buffer and no require', async () => {
  const { outputFiles } = await bundleCore('iife')
  const page: Record<string, unknown> = { ...browserGlobals() }
  page.self = page.window = page
  vm.createContext(page)
  vm.runInContext(`${outputFiles[0].text}\nself.exported = Object.keys(neckfrac)`, page)
  expect(page.exported).toContain('NeckFracError')
})

test.each([
  `import { readFileSync } from 'node:fs'; console.log(readFileSync)`,
  `import path from 'path'; console.log(path)`,
  `export const read = async () => (await import('node:fs')).readFileSync`,
])('a Node import would be caught: %s', async (text) => {
  await expect(bundleText(text)).rejects.toThrow(/Could not resolve "(node:fs|path)"/)
})
