import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { BroadcastChannel } from 'node:worker_threads'
import {
  displayName,
  isUnderWay,
  type Manifest,
  reasonOf,
  type SeriesRules,
  type Skipped,
  SOFTWARE,
  type StudyEntry,
  type StudyIdentity,
  type StudyList,
  type StudyStatus,
  statusOf,
  summarize,
} from '@neckfrac/core'
import { readManifest } from '../bundle.ts'
import { createPool } from '../pool.ts'
import { folderName } from '../predict.ts'
import type * as AnalysisTasks from './analysis-worker.ts'
import type { SharedVolume, StageProgress, StudyPlace } from './analysis-worker.ts'
import { type KeptReport, type KeptResults, openKeptResults } from './kept-results.ts'

/** A row of the list with what the server needs of it. */
export type ViewedStudy = {
  readonly place: StudyPlace
  readonly seriesInstanceUid: string
  readonly kept: KeptResults
  entry: StudyEntry
}

/** The studies of some paths: analysed one after another in the background, kept below one folder. */
export type ViewedStudies = {
  list(): StudyList
  find(id: string): ViewedStudy | undefined
  /** Calls back after every change; returns a function that ends it. */
  subscribe(onChange: () => void): () => void
  volume(study: ViewedStudy): Promise<SharedVolume>
  dispose(): Promise<void>
}

export type ViewedOptions = {
  readonly bundle: string
  /** Where results are kept, and looked for at the next start. */
  readonly out: string
  /** The site's own rules that choose the series; the default ones when absent. */
  readonly rules?: SeriesRules | undefined
}

/** Volumes held ready: the one on the screen and the one that was just analysed. 300 slices of 512 x 512 are 157 MB. */
const VOLUMES_HELD = 2
/**
 * Share of an analysis that lies behind at the beginning of each stage, once the images are read: of 3.6 s for 300 slices
 * on two busy cores, labelling took 1.0, judging 1.8, the pictures 0.8.
 */
const FRACTION = { segment: 0, classify: 0.28, report: 0.79 } as const

export async function viewStudies(
  paths: readonly string[],
  { bundle, out, rules }: ViewedOptions,
): Promise<ViewedStudies> {
  const manifest = await readManifest(bundle)
  const file = new URL('./analysis-worker.ts', import.meta.url)
  // Two threads: whoever opens a study does not wait for the analysis of the next one.
  const analyst = createPool<typeof AnalysisTasks>(file, 1)
  const reader = createPool<typeof AnalysisTasks>(file, 1)
  const channel = `neckfrac-view-${randomUUID()}`
  const progress = new BroadcastChannel(channel)
  const studies = new Map<string, ViewedStudy>()
  const skipped: Skipped[] = []
  const listeners = new Set<() => void>()
  const taken = new Set<string>()
  const volumes = new Map<string, Promise<SharedVolume>>()
  const stopping = new AbortController()
  let current: StudyList = { studies: [], skipped: [], model: identify(manifest) }

  const changed = () => {
    current = { ...current, studies: [...studies.values()].map(({ entry }) => entry), skipped: [...skipped] }
    for (const listener of listeners) listener()
  }
  const setStatus = (study: ViewedStudy, status: StudyStatus) => {
    study.entry = { ...study.entry, status }
    changed()
  }
  const judged = (study: ViewedStudy, report: KeptReport) => {
    study.entry = { ...study.entry, status: statusOf(report), summary: summarize(report) }
    changed()
  }
  const hold = (id: string, volume: Promise<SharedVolume>) => {
    volumes.delete(id)
    volumes.set(id, volume)
    volume.catch(() => volumes.delete(id))
    for (const oldest of [...volumes.keys()].slice(0, -VOLUMES_HELD)) volumes.delete(oldest)
    return volume
  }

  progress.onmessage = ({ data }: { data: StageProgress }) => {
    const study = studies.get(data.id)
    if (!study || !isUnderWay(study.entry.status)) return
    if (data.kind === 'reading') setStatus(study, { kind: 'reading', done: data.done, total: data.total })
    else if (data.kind === 'preparing') setStatus(study, { kind: 'preparing', note: '' })
    else setStatus(study, { kind: 'analysing', stage: data.stage, fraction: FRACTION[data.stage] })
  }
  progress.unref()

  const add = (path: string, index: number, found: StudyIdentity, status: StudyStatus): ViewedStudy => {
    const id = folderName(found.studyInstanceUid, taken)
    const study: ViewedStudy = {
      place: { path, index, rules },
      seriesInstanceUid: found.seriesInstanceUid,
      kept: openKeptResults(join(out, id)),
      entry: {
        id,
        patient: displayName(found.patientName, found.patientId || found.studyInstanceUid),
        description: found.description,
        studyInstanceUid: found.studyInstanceUid,
        source: path,
        status,
        summary: null,
      },
    }
    studies.set(id, study)
    return study
  }

  const analyseStudy = async (study: ViewedStudy): Promise<void> => {
    const { id } = study.entry
    try {
      const before = await study.kept.report()
      if (
        before &&
        isCurrent(before, manifest) &&
        (await isOf(before, study)) &&
        (await study.kept.labels())
      ) {
        judged(study, before)
        return
      }
      setStatus(study, { kind: 'reading', done: 0, total: 0 })
      const input = { ...study.place, id, channel, bundle }
      const results = await analyst.run('analyse', input, {
        label: study.place.path,
        signal: stopping.signal,
      })
      const report = await study.kept.save(results)
      hold(id, Promise.resolve(results.volume))
      judged(study, report)
    } catch (error) {
      if (!stopping.signal.aborted)
        setStatus(study, { kind: 'failed', reason: reasonOf(error, study.place.path) })
    }
  }

  const scanPath = async (path: string): Promise<void> => {
    try {
      const found = await analyst.run('scan', { path, rules }, { label: path, signal: stopping.signal })
      for (const [index, study] of found.studies.entries()) add(path, index, study, { kind: 'waiting' })
      skipped.push(...found.skipped)
      changed()
    } catch (error) {
      const reason = reasonOf(error, path)
      const nameless = { seriesInstanceUid: '', patientName: '', patientId: basename(path), description: '' }
      add(path, -1, { ...nameless, studyInstanceUid: path }, { kind: 'failed', reason })
      changed()
    }
  }

  const work = async (): Promise<void> => {
    for (const path of paths) await scanPath(path)
    for (const study of [...studies.values()]) {
      if (stopping.signal.aborted) return
      if (study.entry.status.kind === 'waiting') await analyseStudy(study)
    }
  }
  void work()

  return {
    list: () => current,
    find: (id) => studies.get(id),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    volume: (study) => {
      const { id } = study.entry
      return hold(id, volumes.get(id) ?? reader.run('read', study.place, { label: study.place.path }))
    },
    dispose: async () => {
      stopping.abort()
      progress.close()
      await Promise.all([analyst.dispose(), reader.dispose()])
    },
  }
}

const identify = ({ name, version, trainedOn, decision: { operatingPoint } }: Manifest) => ({
  name,
  version,
  trainedOn,
  operatingPoint,
})

/** Whether a report is of this study, of the series that is read, and of its files as they are now. */
async function isOf(report: KeptReport, { place, entry, seriesInstanceUid }: ViewedStudy): Promise<boolean> {
  const { mtimeMs } = await stat(place.path)
  return (
    report.source === place.path &&
    report.studyInstanceUid === entry.studyInstanceUid &&
    report.seriesInstanceUid === seriesInstanceUid &&
    mtimeMs < Date.parse(report.createdAt)
  )
}

/** Whether the same program with the same networks and points would report the same again. */
function isCurrent(report: KeptReport, { networks, decision }: Manifest): boolean {
  const { bundle } = report
  return (
    report.software.version === SOFTWARE.version &&
    bundle.operatingPoint === decision.operatingPoint &&
    Object.keys(decision.operatingPoints ?? {}).every((name) => bundle.operatingPoints?.[name]) &&
    Object.entries(networks).every(([name, network]) => bundle.networks[name] === network.sha256)
  )
}
