import {
  type Canal,
  type Detector,
  drawNeck,
  drawReadingSheet,
  measureNeck,
  NeckFracError,
  type NeckPicture,
  type NeckReading,
  type NeckResult,
  READING,
  readNiftiLabels,
  readStudy,
  type Session,
  type StudyCandidate,
  scanSource,
  scoreStudy,
  segment,
  traceCanal,
  type Volume,
  visibleField,
} from '@neckfrac/core'
import { openBundle, openSegmenter } from '../bundle.ts'
import { CODECS } from '../codecs.ts'
import { task } from '../pool.ts'
import { openSource } from '../sources.ts'

type Study = { readonly source: string; readonly uid: string }

/** Cuts of one neck to read levels on; null where no cord was drawn. */
export const drawReading = task(
  async (study: Study): Promise<Record<string, ReturnType<typeof drawReadingSheet>> | null> => {
    const { volume, canal, field } = await readNeck(study)
    if (!canal) return null
    return Object.fromEntries(
      Object.entries(READING.sheets).map(([name, cuts]) => [
        name,
        drawReadingSheet(study.uid, volume, canal, field, cuts),
      ]),
    )
  },
)

export type MeasureInput = Study & {
  readonly bundle: string
  readonly reading: NeckReading | null
  /** Whether to judge fractures, too, whatever the resolution. */
  readonly scores: boolean
  readonly picture: boolean
}

/** Labels one neck and measures the labels. */
export const measure = task(
  async (input: MeasureInput): Promise<{ result: NeckResult; picture: NeckPicture | null }> => {
    const { uid: id, bundle, reading, scores } = input
    const { volume, canal, field } = await readNeck(input)
    const networks = await (scores ? openedBundle(bundle) : openedSegmenter(bundle))
    const segmentation = await segment(
      volume,
      'sessions' in networks ? networks.sessions.segmenter : networks,
    )
    const result: NeckResult = {
      id,
      split: reading?.split ?? null,
      neck: measureNeck(segmentation, canal, field, reading),
      scores: 'sessions' in networks ? await scoreStudy(volume, networks, segmentation) : null,
    }
    return { result, picture: input.picture ? drawNeck(volume, segmentation, canal, field) : null }
  },
)

let detector: Promise<Detector> | undefined
const openedBundle = (folder: string): Promise<Detector> => {
  detector ??= openBundle(folder, 1)
  return detector
}
let segmenter: Promise<Session> | undefined
const openedSegmenter = (folder: string): Promise<Session> => {
  segmenter ??= openSegmenter(folder, 1)
  return segmenter
}

type Opened = {
  readonly studies: readonly StudyCandidate[]
  structures(path: string): Promise<Uint8Array | null>
}
const opened = new Map<string, Promise<Opened>>()

async function open(path: string): Promise<Opened> {
  const source = await openSource(path)
  const [files, { studies }] = await Promise.all([source.files(), scanSource(source, { codecs: CODECS })])
  return {
    studies,
    structures: async (image) => {
      const path = image.replace(/\.nii(\.gz)?$/i, '.structures.nii$1')
      return (await files.find((f) => f.path === path)?.read()) ?? null
    },
  }
}

/** The volume, and the canal where an expert's structures lie beside it: NAME.structures.nii.gz, 1 cord, 2 brainstem. */
async function readNeck({ source, uid }: Study): Promise<{
  volume: Volume
  canal: Canal | null
  field: { top: number; bottom: number }
}> {
  const folder = opened.get(source) ?? open(source)
  opened.set(source, folder)
  const { studies, structures } = await folder
  const candidate = studies.find((s) => s.studyInstanceUid === uid)
  if (!candidate?.content) throw new NeckFracError('data', `${uid} is not in ${source}`)
  const { volume } = await readStudy(candidate, { codecs: CODECS })
  const bytes = candidate.content.kind === 'nifti' ? await structures(candidate.content.file.path) : null
  const field = visibleField(volume)
  if (!field) throw new NeckFracError('data', `${uid} shows no body`)
  return { volume, canal: bytes ? traceCanal(readNiftiLabels(bytes, uid)) : null, field }
}
