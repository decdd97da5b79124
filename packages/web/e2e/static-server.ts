import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, sep } from 'node:path'
import { listenOnLoopback } from './loopback.ts'

export type StaticServer = {
  readonly url: string
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[]
  stop(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}

/** The plainest of hosts: files of a folder below a path, as GitHub Pages has them, and not one header of its own. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    asked.push(pathname)
    const name = pathname.replace(/^\/neckfrac\//, '')
    const file = join(folder, name === '' ? 'index.html' : decodeURIComponent(name))
    const bytes =
      file.startsWith(folder + sep) && name !== pathname ? await readFile(file).catch(() => null) : null
    if (bytes === null) return response.writeHead(404).end()
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(bytes)
  })
  const { port, stop } = await listenOnLoopback(server)
  return { url: `http://127.0.0.1:${port}/neckfrac/`, asked, stop }
}
