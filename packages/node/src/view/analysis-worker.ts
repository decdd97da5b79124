import { BroadcastChannel } from 'node:worker_threads'
import {
  analyze,
  type Detector,
  type LabelVolume,
  readStudy,
  type Scan,
  type SeriesRules,
  type Source,
  type StudyCandidate,
  scanSource,
  surveySource,
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

/** What a study tells before it is read. */
export type ScannedStudy = Pick<
  StudyCandidate,
  'studyInstanceUid' | 'seriesInstanceUid' | 'patientName' | 'patientId' | 'description'
>
export type StageProgress =
  | { readonly id: string; readonly kind: 'reading'; readonly done: number; readonly total: number }
  | { readonly id: string; readonly kind: 'analysing'; readonly stage: 'segment' | 'classify' | 'report' }

/** A volume whose voxels every thread sees: nothing is copied between them. */
export type SharedVolume = {
  readonly data: SharedArrayBuffer
  readonly shape: readonly [number, number, number]
  readonly ijkToLps: readonly number[]
}

type Scanned = Scan & { readonly source: Source; readonly candidates: readonly StudyCandidate[] }
const scans = new Map<string, Promise<Scanned>>()
let detector: Promise<Detector> | undefined

async function scanPath({ path, rules }: Omit<StudyPlace, 'index'>): Promise<Scanned> {
  const source = await openSource(path)
  const scan = await surveySource(source, { codecs: CODECS, rules })
  const candidates = [...scan.studies, ...scan.refused]
  // Nothing but files that are no images: its error says what they are.
  if (candidates.length === 0) await scanSource(source, { codecs: CODECS })
  return { ...scan, source, candidates }
}

const scanOnce = (place: Omit<StudyPlace, 'index'>): Promise<Scanned> => {
  const known = scans.get(place.path) ?? scanPath(place)
  scans.set(place.path, known)
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
  const studies = candidates.map(
    ({ studyInstanceUid, seriesInstanceUid, patientName, patientId, description }): ScannedStudy => ({
      studyInstanceUid,
      seriesInstanceUid,
      patientName,
      patientId,
      description,
    }),
  )
  return { studies, skipped }
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
  let labels: LabelVolume | null = null
  let volume: SharedVolume | undefined
  try {
    const readIt = async () => {
      const onProgress = ({ done, total }: { done: number; total: number }) =>
        tell({ id, kind: 'reading', done, total })
      const study = await readStudy(candidate, { codecs: CODECS, onProgress })
      volume = share(study.volume)
      return study
    }
    const run = analyze(place.path, readIt, detector, {
      clock: Date.now,
      onSegmentation: (segmentation) => {
        labels = segmentation.labels
      },
    })
    for (;;) {
      const next = await run.next()
      if (next.done)
        return {
          json: toJson(next.value),
          html: toHtml(next.value),
          labels: labels as LabelVolume | null,
          volume: volume!,
        }
      if (next.value.stage !== 'read') tell({ id, kind: 'analysing', stage: next.value.stage })
    }
  } finally {
    progress.close()
  }
})
