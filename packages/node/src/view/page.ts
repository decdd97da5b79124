import { spawn } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NeckFracError } from '@neckfrac/core'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const web = join(root, 'packages', 'web')
/** What the page is built from. */
const SOURCES = [
  'packages/web/src',
  'packages/web/public',
  'packages/web/index.html',
  'packages/web/vite.config.ts',
  'packages/web/static-build.ts',
  'packages/core/src',
  'package-lock.json',
]

/** Folder of the built page; builds it at the first use and after a change of its sources, in some seconds. */
export async function openPage(): Promise<string> {
  const dist = join(web, 'dist')
  const built = await stat(join(dist, 'index.html')).then(
    (s) => s.mtimeMs,
    () => 0,
  )
  if (built > (await newest())) return dist
  console.error('Building the page, once …')
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const output: Uint8Array[] = []
  const code = await new Promise<number | null>((done, failed) => {
    const build = spawn(process.execPath, [vite, 'build', web, '--logLevel', 'warn'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    build.stdout.on('data', (part) => output.push(part))
    build.stderr.on('data', (part) => output.push(part))
    build.once('error', failed).once('exit', done)
  })
  if (code !== 0)
    throw new NeckFracError(
      'usage',
      `the page cannot be built; npm run build:web says why:\n${Buffer.concat(output)}`,
    )
  return dist
}

async function newest(): Promise<number> {
  const times = SOURCES.map(async (source) => {
    const path = join(root, source)
    const entries = (await stat(path)).isDirectory() ? await readdir(path, { recursive: true }) : ['']
    return Math.max(
      ...(await Promise.all(entries.map(async (name) => (await stat(join(path, name))).mtimeMs))),
    )
  })
  return Math.max(...(await Promise.all(times)))
}
