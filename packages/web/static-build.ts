import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Plugin, transformWithOxc } from 'vite'
import { pageHeaders, pagePolicy } from '../core/src/page-headers.ts'
import { STYLE as REPORT_STYLE } from '../core/src/report/html-style.ts'

const digest = (text: string) => createHash('sha256').update(text).digest('base64')

/** A report opens from the page's memory and inherits this policy: its one style sheet is named by its hash. */
const POLICY = pagePolicy(`'sha256-${digest(REPORT_STYLE)}'`)

/** What only a browser with WebGPU fetches. */
const GPU_FILES =
  /\/(ort\.webgpu|ort-wasm-simd-threaded\.asyncify|(segmenter|slices|sequence)\.\w+-\S*\.bin|parity)/

/** Makes the build a page for any static host: its policy in the page itself, and a service worker that knows every file. */
export function staticBuild(): Plugin {
  return {
    name: 'neckfrac-static-build',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
        injectTo: 'head-prepend',
      },
    ],
    writeBundle: async ({ dir }) => {
      const entries = await readdir(dir!, { recursive: true, withFileTypes: true })
      const names = entries
        .filter((entry) => entry.isFile() && entry.name !== 'service-worker.js')
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(dir!.length + 1)
            .replaceAll('\\', '/'),
        )
        .sort()
      const page = await readFile(join(dir!, 'index.html'), 'utf8')
      const build = {
        version: digest(`${names.join()}${page}`),
        files: names.map((name) => (name === 'index.html' ? '' : name)),
        gpuFiles: names.filter((name) => GPU_FILES.test(`/${name}`)),
        headers: pageHeaders(POLICY),
      }
      const source = await readFile(join(import.meta.dirname, 'src', 'offline', 'service-worker.ts'), 'utf8')
      const { code } = await transformWithOxc(source, 'service-worker.ts')
      await writeFile(join(dir!, 'service-worker.js'), `const BUILD = ${JSON.stringify(build)}\n${code}`)
    },
  }
}
