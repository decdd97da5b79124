import type { LabelVolume, Volume } from '@neckfrac/core'
import type { OpenStudy, StudyList, StudyReport, StudyService } from './studies.ts'

type Grid = Pick<Volume, 'shape' | 'ijkToLps'>

/** Studies of the loopback server of `neckfrac view`. */
export function openServerStudies(): StudyService {
  let current: StudyList = { studies: [], skipped: [], model: null }
  const listeners = new Set<() => void>()
  const events = new EventSource('/api/events')
  events.onmessage = ({ data }) => {
    current = JSON.parse(data)
    for (const listener of listeners) listener()
  }
  const listed = (id: string) =>
    new Promise<void>((done) => {
      const look = () => {
        if (!current.studies.some((study) => study.id === id)) return
        listeners.delete(look)
        done()
      }
      listeners.add(look)
      look()
    })

  return {
    kind: 'server',
    list: () => current,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    open: async (id, { signal, onProgress, onFirstSlice } = {}): Promise<OpenStudy> => {
      const part = (name: string) =>
        ask(`/api/studies/${encodeURIComponent(id)}/${name}`, { signal: signal ?? null })
      // A picture while the rest is on its way; without one nothing is lost.
      const first = part('first-slice').then(async (r) => {
        onFirstSlice?.({ ...gridOf(r), data: new Int16Array(await r.arrayBuffer()) })
      })
      first.catch(() => {})
      const [report, volume, labels, feedback] = await Promise.all([
        part('report').then((r) => r.json() as Promise<StudyReport>),
        part('volume').then(async (r) => {
          const bytes = await receive(r, onProgress)
          return { ...gridOf(r), data: new Int16Array(bytes) }
        }),
        part('labels').then(async (r): Promise<LabelVolume | null> => {
          if (!r.headers.has(GRID)) return null
          return { ...gridOf(r), data: new Uint8Array(await r.arrayBuffer()) }
        }),
        part('feedback').then((r) => r.json() as Promise<OpenStudy['feedback']>),
        listed(id),
      ])
      const entry = current.studies.find((study) => study.id === id)!
      return { entry, report, volume, labels, feedback, dispose: () => {} }
    },
    saveFeedback: async (id, feedback) => {
      const body = JSON.stringify(feedback)
      await ask(`/api/studies/${encodeURIComponent(id)}/feedback`, { method: 'PUT', body })
    },
    reportUrl: async (id) => `/api/studies/${encodeURIComponent(id)}/report.html`,
  }
}

const GRID = 'X-NeckFrac-Grid'
const gridOf = (response: Response): Grid => JSON.parse(response.headers.get(GRID)!)

/** @throws Error with the server's own words. */
async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init)
  if (response.ok) return response
  throw new Error((await response.text()) || `the server answers ${response.status}`)
}

/** Reads a body straight into one buffer of its announced length. */
async function receive(response: Response, onProgress?: (fraction: number) => void): Promise<ArrayBuffer> {
  const size = Number(response.headers.get('Content-Length'))
  const bytes = new Uint8Array(size)
  const reader = response.body!.getReader()
  let at = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    bytes.set(value, at)
    at += value.length
    onProgress?.(at / size)
  }
  if (at !== size) throw new Error(`the images are cut off after ${at} of ${size} bytes`)
  return bytes.buffer
}
