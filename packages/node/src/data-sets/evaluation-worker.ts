import {
  analyze,
  type CaseContext,
  caseOfReport,
  compareLabels,
  type Detector,
  extentsOf,
  type FamilyName,
  failedCase,
  isNeckFracError,
  type PresetName,
  type Segmentation,
  type Study,
  type StudyCase,
  scanOfPhantom,
  synthesize,
  truthOfPhantom,
  type Volume,
} from '@neckfrac/core'
import { openBundle } from '../bundle.ts'
import { task } from '../pool.ts'
import { openTemplates } from './templates.ts'

export type PhantomCaseInput = {
  readonly uid: string
  readonly seed: number
  readonly preset: PresetName
  readonly family: FamilyName
  /** Files of label maps. */
  readonly templates: readonly string[]
  readonly bundle: string
}

let detector: Promise<Detector> | undefined

/** Makes one phantom in memory, runs the whole pipeline on it, on one thread, and puts the answer beside the truth. */
export const scorePhantomCase = task(async (input: PhantomCaseInput): Promise<StudyCase> => {
  detector ??= openBundle(input.bundle, 1)
  const networks = await detector
  const { uid, seed, preset, family } = input
  const { volume, labels, truth } = synthesize({
    seed,
    preset,
    family,
    templates: family === 'parametric' ? [] : openTemplates(input.templates),
  })
  const context: CaseContext = {
    truth: truthOfPhantom(truth),
    labels: null,
    family,
    seed,
    preset,
    scan: scanOfPhantom(truth),
  }
  let segmentation: Segmentation | null = null
  try {
    const run = analyze(uid, async () => studyOf(uid, volume), networks, {
      clock: () => performance.now(),
      figures: false,
      onSegmentation: (s) => {
        segmentation = s
      },
    })
    let next = await run.next()
    while (!next.done) next = await run.next()
    return caseOfReport(next.value, {
      ...context,
      labels: segmentation && compareLabels(labels, segmentation),
      extents: segmentation ? extentsOf(segmentation, volume) : {},
    })
  } catch (error) {
    // Without networks no study can be analysed; anything else is this study's own failure, and counts as one.
    if (isNeckFracError(error) && error.tag === 'bundle') throw error
    return failedCase(uid, error instanceof Error ? error.message : String(error), context)
  }
})

/** A phantom as a study that was read. */
const studyOf = (uid: string, volume: Volume): Study => ({
  studyInstanceUid: uid,
  seriesInstanceUid: uid,
  patientId: uid,
  description: 'SYNTHETIC',
  volume,
  plane: 'axial',
  slices: [],
  series: [],
  findings: [],
  skipped: [],
})
