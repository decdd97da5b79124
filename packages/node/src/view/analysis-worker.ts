import { BroadcastChannel } from 'node:worker_threads'
import {
  analyzeForViewing,
  type Detector,
  identityOf,
  listCandidates,
  readStudy,
  type SeriesRules,
  toHtml,
  toJson,
} from '@neckfrac/core'
import { openBundle } from '../bundle.ts'
import { CODECS } from '../codecs.ts'
import { task } from '../pool.ts'
import { openSource } from '../sources.ts'

/** A study of a path: the worker scans a path once and keeps what it found. */
export type StudyPlace = {
  readonly path: string
  readonly index: number
  /** The same for all places of one viewer. */
  readonly rules?: SeriesRules | undefined
}

export type StageProgress =
  | { readonly id: string; readonly kind: 'reading'; readonly done: number; readonly total: number }
  | { readonly id: string; readonly kind: 'preparing' }
  | { readonly id: string; readonly kind: 'analysing'; readonly stage: 'segment' | 'classify' | 'report' }

/** A volume whose voxels every thread sees: nothing is copied between them. */
export type SharedVolume = {
  readonly data: SharedArrayBuffer
  readonly shape: readonly [number, number, number]
  readonly ijkToLps: readonly number[]
}

const scans = new Map<string, ReturnType<typeof listCandidates>>()
let detector: Promise<Detector> | undefined

const scanOnce = ({ path, rules }: Omit<StudyPlace, 'index'>) => {
  const known =
    scans.get(path) ?? openSource(path).then((source) => listCandidates(source, { codecs: CODECS, rules }))
  scans.set(path, known)
  return known
}

const candidateAt = async (place: StudyPlace) => (await scanOnce(place)).candidates[place.index]

function share({ data, shape, ijkToLps }: { data: Int16Array } & Omit<SharedVolume, 'data'>): SharedVolume {
  const shared = new SharedArrayBuffer(data.byteLength)
  new Int16Array(shared).set(data)
  return { data: shared, shape, ijkToLps }
}

export const scan = task(async (place: Omit<StudyPlace, 'index'>) => {
  const { candidates, skipped } = await scanOnce(place)
  return { studies: candidates.map(identityOf), skipped }
})

export const read = task(async (place: StudyPlace) => {
  const { volume } = await readStudy(await candidateAt(place), { codecs: CODECS })
  return share(volume)
})

export type AnalysisInput = StudyPlace & {
  readonly id: string
  readonly channel: string
  readonly bundle: string
}

export const analyse = task(async ({ id, channel, bundle, ...place }: AnalysisInput) => {
  const progress = new BroadcastChannel(channel)
  const tell = (message: StageProgress) => progress.postMessage(message)
  detector ??= openBundle(bundle, 0)
  const candidate = await candidateAt(place)
  try {
    const run = analyzeForViewing(place.path, candidate, detector, {
      clock: Date.now,
      codecs: CODECS,
      onProgress: ({ done, total }) => tell({ id, kind: 'reading', done, total }),
    })
    for (;;) {
      const next = await run.next()
      if (next.done) {
        const { report, labels, volume } = next.value
        return { json: toJson(report), html: toHtml(report), labels, volume: share(volume) }
      }
      const { stage } = next.value
      if (stage === 'prepare') tell({ id, kind: 'preparing' })
      else if (stage !== 'read') tell({ id, kind: 'analysing', stage })
    }
  } finally {
    progress.close()
  }
})
