import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, sep } from 'node:path'
import {
  canOpen,
  countedFrom,
  feedbackSchema,
  firstPlace,
  invert,
  NeckFracError,
  pageHeaders,
  pagePolicy,
  transform,
} from '@neckfrac/core'
import type { ViewedStudies, ViewedStudy } from './studies.ts'

export type ViewServer = {
  /** Address with the key: whoever opens it may see the studies. */
  readonly url: string
  dispose(): Promise<void>
}

export type ViewServerOptions = {
  readonly studies: ViewedStudies
  /** Folder of the built page. */
  readonly page: string
  /** 0: any free port. */
  readonly port: number
}

/** The studies never leave the machine: nothing but a loopback address is listened on. */
const HOST = '127.0.0.1'
/** Longest feedback: eight comments of 2000 characters, each up to 4 bytes or an escape of 6, and what is around them. */
const LARGEST_BODY = 128 * 1024
/** A list that changes faster is not read faster. */
const EVENT_EVERY_MS = 150

/** The report is one file with its own styles and pictures, and no script. */
const REPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

const HEADERS = {
  ...pageHeaders(pagePolicy()),
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=()',
  'Cache-Control': 'no-store',
} as const

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
}

/** A refusal with its HTTP status. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Serves the page and the studies on loopback to whoever holds the key. @throws NeckFracError usage: the port is taken. */
export async function serveStudies({ studies, page, port }: ViewServerOptions): Promise<ViewServer> {
  const key = randomBytes(24).toString('base64url')
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    answer(request, response).catch((error: unknown) => {
      const status = error instanceof Refusal ? error.status : 500
      if (status === 500) console.error(error)
      if (response.headersSent) response.destroy()
      else
        send(
          response,
          status,
          'text/plain; charset=utf-8',
          error instanceof Error ? error.message : String(error),
        )
    })
  })
  await new Promise<void>((done, failed) => {
    server.once('error', (cause) => {
      failed(
        new NeckFracError('usage', `cannot listen on ${HOST}:${port}: ${cause.message}; try --port 0`, {
          cause,
        }),
      )
    })
    server.listen(port, HOST, done)
  })
  const bound = (server.address() as AddressInfo).port
  const hosts = new Set([`${HOST}:${bound}`, `localhost:${bound}`])
  // Cookies do not tell ports apart.
  const cookie = `neckfrac-${bound}`

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A page of another name that points to this address (DNS rebinding) sends its own name.
    if (!hosts.has(request.headers.host ?? ''))
      throw new Refusal(403, 'This server answers to its loopback address only.')
    const url = new URL(request.url ?? '/', `http://${HOST}:${bound}`)
    const given = url.searchParams.get('key')
    if (given !== null && isSame(given, key)) {
      response.setHeader('Set-Cookie', `${cookie}=${key}; HttpOnly; SameSite=Strict; Path=/`)
      response.setHeader('Location', '/')
      return send(response, 303, 'text/plain', '')
    }
    if (!isSame(cookieOf(request, cookie), key))
      throw new Refusal(
        403,
        'Open the address that `neckfrac view` printed: it holds the key to these studies.',
      )
    const site = request.headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none')
      throw new Refusal(403, 'Another page may not ask for these studies.')
    if (url.pathname.startsWith('/api/'))
      return answerApi(url.pathname.slice(5).split('/'), request, response)
    if (request.method !== 'GET') throw new Refusal(405, 'GET only')
    return sendPage(response, page, url.pathname)
  }

  async function answerApi(parts: readonly string[], request: IncomingMessage, response: ServerResponse) {
    const [what, id, part] = parts
    const isGet = request.method === 'GET'
    if (what === 'studies' && id === undefined && isGet) return sendJson(response, studies.list())
    if (what === 'events' && id === undefined && isGet) return sendEvents(response, studies)
    const study = what === 'studies' && id !== undefined ? studies.find(decodeURIComponent(id)) : undefined
    if (!study) throw new Refusal(404, 'no such study')
    if (part === 'feedback' && request.method === 'PUT') return receiveFeedback(study, request, response)
    if (!isGet) throw new Refusal(405, 'GET only')
    if (!canOpen(study.entry)) throw new Refusal(409, 'not analysed yet')
    if (part === 'report') return send(response, 200, TYPES['.json'], await study.kept.file('report.json'))
    if (part === 'feedback') return sendJson(response, await study.kept.feedback())
    if (part === 'volume')
      return sendGrid(response, await studies.volume(study), Int16Array.BYTES_PER_ELEMENT)
    if (part === 'first-slice')
      return sendGrid(response, await firstSlice(study, studies), Int16Array.BYTES_PER_ELEMENT)
    if (part === 'labels') {
      const labels = await study.kept.labels()
      return labels ? sendGrid(response, labels, 1) : sendJson(response, null)
    }
    if (part === 'report.html') {
      response.setHeader('Content-Security-Policy', REPORT_POLICY)
      return send(response, 200, TYPES['.html'], await study.kept.file('report.html'))
    }
    throw new Refusal(404, 'no such part of a study')
  }

  return {
    url: `http://${HOST}:${bound}/?key=${key}`,
    dispose: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

/** Compares without telling by its time how much was right. */
const isSame = (a: string, b: string) =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())

const cookieOf = ({ headers }: IncomingMessage, name: string): string =>
  (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? ''

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.setHeader('Content-Type', type)
  response.setHeader('Content-Length', typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength)
  response.writeHead(status).end(body)
}

const sendJson = (response: ServerResponse, value: unknown) =>
  send(response, 200, TYPES['.json'], JSON.stringify(value))

type Voxels = {
  readonly data: ArrayBufferLike | Uint8Array
  readonly shape: readonly number[]
  readonly ijkToLps: readonly number[]
}

/** Voxels, little endian, x fastest; shape and place in a header. */
function sendGrid(response: ServerResponse, { data, shape, ijkToLps }: Voxels, bytesPerVoxel: number): void {
  response.setHeader('X-NeckFrac-Grid', JSON.stringify({ shape, ijkToLps, bytesPerVoxel }))
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data)
  send(response, 200, 'application/octet-stream', bytes)
}

/** The slice that a reader will look at first: through the most suspicious place, or the middle one. */
async function firstSlice(study: ViewedStudy, studies: ViewedStudies): Promise<Voxels> {
  const [report, { data, shape, ijkToLps }] = await Promise.all([study.kept.report(), studies.volume(study)])
  const [slices, rows, columns] = shape
  const place = firstPlace(report?.vertebrae ?? [])
  const wanted = place ? Math.round(transform(invert(ijkToLps), place)[2]) : Math.floor(slices / 2)
  const slice = Math.min(Math.max(0, wanted), slices - 1)
  const bytes = rows * columns * Int16Array.BYTES_PER_ELEMENT
  return {
    data: new Uint8Array(data, slice * bytes, bytes),
    shape: [1, rows, columns],
    ijkToLps: countedFrom(ijkToLps, [0, 0, slice]),
  }
}

function sendEvents(response: ServerResponse, studies: ViewedStudies): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  let timer: NodeJS.Timeout | undefined
  const tell = () => {
    timer = undefined
    response.write(`data: ${JSON.stringify(studies.list())}\n\n`)
  }
  tell()
  const stop = studies.subscribe(() => {
    timer ??= setTimeout(tell, EVENT_EVERY_MS)
  })
  response.on('close', () => {
    stop()
    clearTimeout(timer)
  })
}

async function receiveFeedback(study: ViewedStudy, request: IncomingMessage, response: ServerResponse) {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request) {
    size += part.length
    if (size > LARGEST_BODY) throw new Refusal(413, 'too long')
    parts.push(part)
  }
  let feedback: unknown
  try {
    feedback = JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch {
    throw new Refusal(400, 'not JSON')
  }
  const parsed = feedbackSchema.safeParse(feedback)
  if (!parsed.success)
    throw new Refusal(400, `${parsed.error.issues[0].path.join('.')}: ${parsed.error.issues[0].message}`)
  if (parsed.data.studyInstanceUid !== study.entry.studyInstanceUid)
    throw new Refusal(409, 'feedback of another study')
  await study.kept.saveFeedback(parsed.data)
  sendJson(response, null)
}

/** The mark by which the page knows that studies come from here. */
const MARK = '<meta name="neckfrac-server" content="1" />'

async function sendPage(response: ServerResponse, page: string, pathname: string): Promise<void> {
  const file = join(page, pathname === '/' ? 'index.html' : decodeURIComponent(pathname))
  const type = TYPES[extname(file)]
  if (!file.startsWith(page + sep) || !type) throw new Refusal(404, 'no such file')
  const bytes = await readFile(file).catch(() => {
    throw new Refusal(404, 'no such file')
  })
  if (pathname !== '/') return send(response, 200, type, bytes)
  send(response, 200, type, bytes.toString('utf8').replace('<head>', `<head>\n    ${MARK}`))
}
