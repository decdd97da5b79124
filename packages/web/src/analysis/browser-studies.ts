import {
  canOpen,
  displayName,
  isUnderWay,
  type PresetName,
  reasonOf,
  type Skipped,
  type StudyEntry,
  type StudyIdentity,
  type StudyList,
  type StudyStatus,
  statusOf,
  summarize,
  type Volume,
} from '@neckfrac/core'
import { startOffline } from '../offline/offline.ts'
import type { Feedback, OpenStudy, StudyService } from '../studies/studies.ts'
import { createAnalyst, GraphicsCardLost, Stopped } from './analyst.ts'
import type { Drop } from './dropped-source.ts'
import { groupDrops } from './drops.ts'
import type { Engine } from './onnx-session.ts'
import type { Analysis, NumberedDrop } from './worker.ts'

/** A row of the list. Before a drop is scanned it is one row, which its studies replace. */
type Row = {
  entry: StudyEntry
  /** What is still to be done; ends with the row in its last state. */
  readonly work: () => Promise<void>
  drop?: NumberedDrop
  index?: number
  results?: Omit<Analysis, 'volume'>
  feedback: Feedback | null
  /** The feedback that the reader has as a file. */
  exported: Feedback | null
}

/** What `neckfrac demo` makes. */
const PHANTOM: PresetName = 'rsna'

/**
 * Studies of this tab: read, analysed and kept in it. One is analysed at a time, by a worker that a cancel ends; a
 * second worker reads a study again when it is opened. Everything is gone with the tab: nothing of a patient stays on
 * the computer.
 */
export async function openBrowserStudies(): Promise<StudyService> {
  await startOffline()
  let engine = new URLSearchParams(location.search).get('engine') as Engine | null
  /** Why the engine is not what it was, for the user. */
  let trouble = ''
  const analyst = createAnalyst()
  const reader = createAnalyst()
  let rows: Row[] = []
  let skipped: Skipped[] = []
  let current: StudyList = { studies: [], skipped: [], model: null }
  const listeners = new Set<() => void>()
  /** The volume that was analysed or opened last: 600 slices of 512 x 512 are 315 MB, so there is one. */
  let held: { readonly row: Row; readonly volume: Volume } | null = null
  let active: Row | null = null
  let count = 0

  const changed = (change: Partial<StudyList> = {}) => {
    current = { ...current, ...change, studies: rows.map(({ entry }) => entry), skipped }
    for (const listener of listeners) listener()
  }
  const setStatus = (row: Row, status: StudyStatus) => {
    row.entry = { ...row.entry, status }
    changed()
  }
  const nextId = () => `${Date.now().toString(36)}-${++count}`
  const find = (id: string) => rows.find(({ entry }) => entry.id === id)

  const worksOff = async (): Promise<void> => {
    if (active) return
    for (;;) {
      // Files before networks: a drop shows its studies soon.
      const waiting = rows.filter(({ entry }) => entry.status.kind === 'waiting')
      active = waiting.find(({ drop }) => !drop) ?? waiting[0] ?? null
      if (!active) return
      await active.work()
    }
  }
  const list = (row: Row) => {
    rows = [...rows, row]
    changed()
    void worksOff()
  }
  const entryOf = (patient: string, source: string): StudyEntry => ({
    id: nextId(),
    patient,
    description: '',
    studyInstanceUid: '',
    source,
    status: { kind: 'waiting' },
    summary: null,
  })

  const analyse = async (row: Row): Promise<void> => {
    const { drop, index } = row
    setStatus(row, { kind: 'reading', done: 0, total: 0 })
    held = null
    try {
      const attempt = () =>
        analyst.run('analyse', { drop: drop!, index: index!, engine }, (status) => {
          setStatus(
            row,
            trouble && 'note' in status ? { ...status, note: `${status.note}: ${trouble}` } : status,
          )
        })
      const { volume, ...results } = await attempt().catch((error) => {
        if (!(error instanceof GraphicsCardLost)) throw error
        engine = 'wasm'
        trouble = error.message
        return attempt()
      })
      row.results = results
      held = { row, volume }
      row.entry = { ...row.entry, status: statusOf(results.report), summary: summarize(results.report) }
      changed()
    } catch (error) {
      if (!(error instanceof Stopped)) setStatus(row, { kind: 'failed', reason: reasonOf(error, drop!.name) })
    }
  }

  const studyRow = (drop: NumberedDrop, index: number, found: StudyIdentity): Row => {
    const { studyInstanceUid, patientName, patientId, description } = found
    const patient = displayName(patientName, patientId || studyInstanceUid)
    const row: Row = {
      entry: { ...entryOf(patient, drop.name), description, studyInstanceUid },
      work: () => analyse(row),
      drop,
      index,
      feedback: null,
      exported: null,
    }
    return row
  }

  /** Lists a drop, scans it in its turn and puts its studies in its place; one that holds none stays, and says why. */
  const addDrop = (name: string, make: () => Promise<Drop>, status: StudyStatus): Promise<void> =>
    new Promise((done) => {
      const work = async () => {
        setStatus(row, status)
        try {
          const drop = { ...(await make()), id: ++count }
          const found = await analyst.run('scan', { drop }, (status) => setStatus(row, status))
          const studies = found.studies.map((study, index) => studyRow(drop, index, study))
          rows = rows.flatMap((r) => (r === row ? studies : [r]))
          skipped = [...skipped, ...found.skipped]
          changed()
        } catch (error) {
          if (!(error instanceof Stopped)) setStatus(row, { kind: 'failed', reason: reasonOf(error, name) })
        }
        done()
      }
      const row: Row = { entry: entryOf(name, name), work, feedback: null, exported: null }
      list(row)
    })

  const volumeOf = async (row: Row, onProgress?: (fraction: number) => void): Promise<Volume> => {
    if (held?.row === row) return held.volume
    held = null
    const volume = await reader.run('read', { drop: row.drop!, index: row.index! }, (status) => {
      if (status.kind === 'reading' && status.total > 0) onProgress?.(status.done / status.total)
    })
    held = { row, volume }
    return volume
  }

  analyst.run('identify', undefined as never).then(
    (model) => changed({ model }),
    () => {}, // the first analysis says what is wrong
  )

  // What nobody has as a file is not lost without a question.
  addEventListener('beforeunload', (event) => {
    if (rows.some(({ feedback, exported }) => feedback !== exported)) event.preventDefault()
  })

  // A file dropped on the page must not replace it, and with it all studies; the list takes what is meant for it.
  for (const type of ['dragover', 'drop'] as const) addEventListener(type, (event) => event.preventDefault())

  return {
    kind: 'browser',
    list: () => current,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    add: async (files) => {
      await Promise.all(
        groupDrops(files).map((drop) =>
          addDrop(drop.name, async () => drop, { kind: 'reading', done: 0, total: 0 }),
        ),
      )
    },
    addPhantom: async (seed) => {
      const make = () => analyst.run('phantom', { seed, preset: PHANTOM })
      void addDrop(`synthetic patient ${seed}`, make, { kind: 'making' })
    },
    cancel: (id) => {
      const row = find(id)
      if (!row || !isUnderWay(row.entry.status)) return
      setStatus(row, { kind: 'cancelled' })
      if (row === active) analyst.stop()
    },
    open: async (id, { signal, onProgress } = {}): Promise<OpenStudy> => {
      const row = find(id)
      if (!row?.results || !canOpen(row.entry))
        throw new Error('This study is not in this tab any more. Go back to the list and drop it again.')
      const { report, labels } = row.results
      const volume = await volumeOf(row, onProgress)
      signal?.throwIfAborted()
      return { entry: row.entry, report, volume, labels, feedback: row.feedback, dispose: () => {} }
    },
    saveFeedback: async (id, feedback) => {
      const row = find(id)
      if (row) row.feedback = feedback
    },
    feedbackExported: (id, feedback) => {
      const row = find(id)
      if (row) row.exported = feedback
    },
    reportUrl: async (id) => {
      const url = URL.createObjectURL(new Blob([find(id)?.results?.html ?? ''], { type: 'text/html' }))
      setTimeout(() => URL.revokeObjectURL(url), 60_000)
      return url
    },
  }
}
