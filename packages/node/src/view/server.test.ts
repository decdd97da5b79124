import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Feedback } from '@neckfrac/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openKeptResults } from './kept-results.ts'
import { serveStudies, type ViewServer } from './server.ts'
import type { ViewedStudies, ViewedStudy } from './studies.ts'

const UID = '2.25.1'
const FEEDBACK: Feedback = {
  schemaVersion: 1,
  studyInstanceUid: UID,
  seriesInstanceUid: '2.25.2',
  bundle: { name: 'compact', version: '0' },
  operatingPoint: 'f2',
  changedAt: '2026-01-01T00:00:00.000Z',
  patient: null,
  vertebrae: {
    C2: { verdict: 'unsure', comment: 'ü', shown: { probability: 0.5, threshold: 0.4, call: 'fracture' } },
  },
}

describe('the loopback server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neckfrac-view-'))
  const page = join(folder, 'page')
  let server: ViewServer
  let cookie: string
  let address: URL

  const ask = (
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) =>
    new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((done, failed) => {
      const { method = 'GET', headers = {}, body } = options
      const sent = request(
        { host: '127.0.0.1', port: address.port, path, method, headers: { cookie, ...headers } },
        (r) => {
          const parts: Buffer[] = []
          r.on('data', (part) => parts.push(part))
          r.on('end', () => done({ status: r.statusCode!, headers: r.headers, body: Buffer.concat(parts) }))
        },
      )
      sent.on('error', failed)
      sent.end(body)
    })

  beforeAll(async () => {
    mkdirSync(page)
    writeFileSync(join(page, 'index.html'), '<html><head></head></html>')
    writeFileSync(join(folder, 'secret.json'), '{}')
    const kept = openKeptResults(join(folder, 'kept'))
    mkdirSync(join(folder, 'kept'))
    writeFileSync(join(folder, 'kept', 'report.json'), '{"a":1}')
    const entry = { id: UID, studyInstanceUid: UID, status: { kind: 'done' } } as ViewedStudy['entry']
    const place = { path: '', index: 0 }
    const study: ViewedStudy = { place, seriesInstanceUid: '1.2', kept, entry }
    const studies: ViewedStudies = {
      list: () => ({ studies: [entry], skipped: [], model: null }),
      find: (id) => (id === UID ? study : undefined),
      subscribe: () => () => {},
      volume: async () => {
        const data = new SharedArrayBuffer(16)
        new Int16Array(data).set([1, -2, 3, -4, 5, -6, 7, -8])
        return { data, shape: [2, 2, 2], ijkToLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] }
      },
      dispose: async () => {},
    }
    server = await serveStudies({ studies, page, port: 0 })
    address = new URL(server.url)
    cookie = ''
    const { headers } = await ask(`/?key=${address.searchParams.get('key')}`)
    cookie = String((headers['set-cookie'] as string[])[0]).split(';')[0]
  })
  afterAll(async () => {
    await server.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  it('gives the page, marked, under a policy that allows no foreign or inline script', async () => {
    const { status, headers, body } = await ask('/')
    expect(status).toBe(200)
    expect(body.toString()).toContain('<meta name="neckfrac-server"')
    const policy = String(headers['content-security-policy'])
    expect(policy).toMatch(/default-src 'none'/)
    expect(/script-src ([^;]*)/.exec(policy)![1]).toBe("'self' 'wasm-unsafe-eval'")
    expect(headers['cross-origin-opener-policy']).toBe('same-origin')
    expect(headers['cross-origin-embedder-policy']).toBe('require-corp')
  })

  it('keeps the key in a cookie that scripts and other sites do not see', async () => {
    const { status, headers } = await ask(`/?key=${address.searchParams.get('key')}`)
    expect(status).toBe(303)
    expect(String(headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/)
    expect(headers.location).toBe('/')
  })

  it.each([
    ['without the key', '/', { cookie: '' }],
    ['with another key', '/', { cookie: 'neckfrac=x' }],
    ['with a wrong key in the address', '/?key=x', { cookie: '' }],
    ['under another name (DNS rebinding)', '/', { host: 'evil.example' }],
    ['from another page', '/api/studies', { 'sec-fetch-site': 'cross-site' }],
    ['from a page of another port', '/api/studies', { 'sec-fetch-site': 'same-site' }],
  ])('refuses a request %s', async (_, path, headers) => {
    expect((await ask(path, { headers })).status).toBe(403)
  })

  it.each(['/../secret.json', '/%2e%2e/secret.json', '/..%2fsecret.json', '/no.js'])(
    'gives nothing but the files of the page: %s',
    async (path) => {
      expect((await ask(path)).status).toBe(404)
    },
  )

  it('gives voxels with their place, and one slice of them', async () => {
    const { headers, body } = await ask(`/api/studies/${UID}/volume`)
    expect(JSON.parse(String(headers['x-neckfrac-grid'])).shape).toEqual([2, 2, 2])
    expect([...new Int16Array(body.buffer, body.byteOffset, 8)]).toEqual([1, -2, 3, -4, 5, -6, 7, -8])
    const first = await ask(`/api/studies/${UID}/first-slice`)
    expect(first.body.readInt16LE(0)).toBe(5)
    expect(JSON.parse(String(first.headers['x-neckfrac-grid'])).ijkToLps[11]).toBe(1)
  })

  it('keeps feedback, and gives it back', async () => {
    const path = `/api/studies/${UID}/feedback`
    expect((await ask(path)).body.toString()).toBe('null')
    expect((await ask(path, { method: 'PUT', body: JSON.stringify(FEEDBACK) })).status).toBe(200)
    expect(JSON.parse((await ask(path)).body.toString())).toEqual(FEEDBACK)
    expect(JSON.parse(readFileSync(join(folder, 'kept', 'feedback.json'), 'utf8'))).toEqual(FEEDBACK)
  })

  it.each([
    ['no JSON', 'x', 400],
    ['of another form', '{"schemaVersion":1}', 400],
    ['of another study', JSON.stringify({ ...FEEDBACK, studyInstanceUid: '9' }), 409],
    ['that is too long', ' '.repeat(200_000), 413],
  ])('refuses feedback %s', async (_, body, status) => {
    expect((await ask(`/api/studies/${UID}/feedback`, { method: 'PUT', body })).status).toBe(status)
  })

  it('knows only the studies it was given', async () => {
    expect((await ask('/api/studies/..%2f..%2fx/report')).status).toBe(404)
    expect((await ask(`/api/studies/${UID}/passwords`)).status).toBe(404)
  })
})
