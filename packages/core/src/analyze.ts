import type { Decision } from './bundle/manifest.ts'
import { findCandidates } from './classify/candidates.ts'
import { networkInput } from './classify/crop.ts'
import { locate } from './classify/locate.ts'
import { classifySequence } from './classify/sequence.ts'
import { classifySlices, type SliceScores } from './classify/slices.ts'
import { suspicionOf } from './classify/suspicion.ts'
import { cropVertebra, type VertebraCrop } from './classify/vertebra-crop.ts'
import { mapConcurrently } from './concurrency.ts'
import { assess } from './decide/assessable.ts'
import { callOf, decide, type Scores, sigmoid, vertebraProbability } from './decide/decide.ts'
import type { Detector } from './detector.ts'
import { LEVELS, type Level, labelOf } from './levels.ts'
import type { Clock, Signal } from './ports.ts'
import { makeFigures } from './report/figures.ts'
import { noticeFor, type Report, type VertebraResult } from './report/report.ts'
import { segment } from './segment/segment.ts'
import type { Segmentation } from './segment/segmentation.ts'
import type { Study } from './series/study.ts'
import { SOFTWARE } from './version.ts'
import { spacingMm } from './volume/geometry.ts'
import type { Volume } from './volume/volume.ts'

export type Stage = 'read' | 'prepare' | 'segment' | 'classify' | 'report'

/** Typed progress: the stage that begins. */
export type AnalysisProgress = { readonly stage: Stage }

/** How far a stage is, between its beginning and the next one's. */
export type AnalysisStep = {
  readonly stage: 'segment' | 'classify'
  readonly done: number
  readonly total: number
}

export type AnalyzeOptions = {
  readonly clock: Clock
  readonly signal?: Signal
  /** Leave out the pictures when nobody will look at them. */
  readonly figures?: boolean
  /** Called as the networks work: batches of slices when labelling, vertebrae when judging. */
  readonly onStep?: (step: AnalysisStep) => void
  /** Is given the labels as soon as there are some: for those who draw or score them. */
  readonly onSegmentation?: (segmentation: Segmentation) => void
}

/**
 * The whole pipeline on one page: HU volume -> labelled vertebrae -> crops -> two models -> ensemble -> one Report.
 * @param readStudy Reads the study; called once. Its errors pass through.
 * @param loading The networks, or a promise of them: they can load while the study is read. What is then still to come is
 * the stage `prepare`.
 */
export async function* analyze(
  source: string,
  readStudy: () => Promise<Study>,
  loading: Detector | Promise<Detector>,
  options: AnalyzeOptions,
): AsyncGenerator<AnalysisProgress, Report> {
  const { clock, signal, onStep } = options
  const watch = stopwatch(clock)

  yield { stage: 'read' }
  const study = await readStudy()
  watch.lap('read')

  yield { stage: 'prepare' }
  const detector = await loading
  watch.lap('prepare')

  yield { stage: 'segment' }
  const segmentation = await segment(study.volume, detector.sessions.segmenter, {
    signal,
    onProgress: (done, total) => onStep?.({ stage: 'segment', done, total }),
  })
  options.onSegmentation?.(segmentation)
  const findings = [...study.findings, ...assess(study, segmentation)]
  const analysable = !findings.some((f) => f.severity === 'blocking')
  watch.lap('segment')

  yield { stage: 'classify' }
  const judged = analysable ? await judge(study.volume, segmentation, detector, options) : []
  watch.lap('classify')

  yield { stage: 'report' }
  const { vertebrae, patient } = results(judged, segmentation, study, detector)
  const figures =
    options.figures === false ? [] : makeFigures({ volume: study.volume, segmentation, vertebrae })
  watch.lap('report')

  const { manifest } = detector
  return {
    schemaVersion: 1,
    notice: noticeFor(manifest.trainedOn),
    software: SOFTWARE,
    bundle: {
      name: manifest.name,
      version: manifest.version,
      trainedOn: manifest.trainedOn,
      networks: Object.fromEntries(Object.entries(manifest.networks).map(([name, n]) => [name, n.sha256])),
      operatingPoint: manifest.decision.operatingPoint,
      ...pointsOf(manifest.decision),
      ...(manifest.decision.site && { site: manifest.decision.site.learnedOn }),
    },
    createdAt: new Date(clock()).toISOString(),
    source,
    studyInstanceUid: study.studyInstanceUid,
    seriesInstanceUid: study.seriesInstanceUid,
    description: study.description,
    geometry: {
      rows: study.volume.shape[1],
      columns: study.volume.shape[2],
      sliceCount: study.volume.shape[0],
      spacingMm: spacingMm(study.volume.ijkToLps),
    },
    series: study.series,
    status: analysable ? 'analysed' : 'not-analysable',
    patient,
    vertebrae,
    findings,
    skipped: study.skipped,
    timingsMs: watch.laps,
    figures,
  }
}

type Judged = { readonly crop: VertebraCrop; readonly scores: Scores; readonly slices: SliceScores }

/** Both models' raw scores of every labelled cervical vertebra, from the head down. */
async function judge(
  volume: Volume,
  segmentation: Segmentation,
  { sessions }: Detector,
  { signal, onStep }: Pick<AnalyzeOptions, 'signal' | 'onStep'> = {},
): Promise<Judged[]> {
  const total = segmentation.vertebrae.length
  let done = 0
  // Two at a time: the next vertebra is cropped while the networks work on this one.
  const judged = await mapConcurrently(segmentation.vertebrae, 2, async (vertebra) => {
    signal?.throwIfAborted()
    const crop = cropVertebra(volume, segmentation, vertebra)
    if (!crop) {
      done++
      return []
    }
    const input = networkInput(crop)
    const slices = await classifySlices(input, crop.level, sessions.slices)
    const sequence = await classifySequence(input, sessions.sequence)
    onStep?.({ stage: 'classify', done: ++done, total })
    return { crop, slices, scores: { slices: slices.logit, sequence } }
  })
  return judged.flat()
}

/** Raw scores of every judged vertebra of a study, however coarse: what `neckfrac calibrate` learns from. */
export async function scoreStudy(
  volume: Volume,
  detector: Detector,
  labelled?: Segmentation,
): Promise<Partial<Record<Level, Scores>>> {
  const segmentation = labelled ?? (await segment(volume, detector.sessions.segmenter))
  const judged = await judge(volume, segmentation, detector)
  return Object.fromEntries(judged.map(({ crop, scores }) => [crop.level, scores]))
}

function results(
  judged: readonly Judged[],
  { vertebrae }: Segmentation,
  { volume, slices }: Study,
  { manifest: { decision } }: Detector,
): Pick<Report, 'vertebrae' | 'patient'> {
  const byLevel = new Map(judged.map((j) => [j.crop.level, j]))
  const probabilities = Object.fromEntries(
    judged.map((j) => [j.crop.level, vertebraProbability(j.crop.level, j.scores, decision)]),
  ) as Partial<Record<Level, number>>
  const decided = decide(probabilities, decision)
  return {
    vertebrae: LEVELS.map((level): VertebraResult => {
      const j = byLevel.get(level)
      const fracture = decided.levels[level]
      const vertebra = vertebrae.find((v) => v.label === labelOf(level))
      return {
        level,
        centreLps: vertebra?.centreLps ?? null,
        inView: vertebra ? (vertebra.truncated ? 'partly' : 'whole') : 'no',
        probability: probabilities[level] ?? null,
        threshold: decision.thresholds[level],
        call: callOf(fracture),
        box: j && fracture ? locate(j.crop, j.slices, volume, slices) : null,
        ...(j && { suspicion: suspicionOf(j.crop, j.slices, probabilities[level] ?? 0) }),
        candidates: j ? findCandidates(j.crop, j.slices, probabilities[level] ?? 0, volume, slices) : [],
        models: j ? { slices: sigmoid(j.scores.slices), sequence: sigmoid(j.scores.sequence) } : {},
      }
    }),
    patient: {
      probability: judged.length > 0 ? decided.patient.probability : null,
      threshold: decision.thresholds.patient,
      call: callOf(judged.length > 0 ? decided.patient.fracture : null),
    },
  }
}

/** Thresholds of every point, so that whoever holds the report can ask how another one would have called. */
function pointsOf({ operatingPoints }: Decision): Pick<Report['bundle'], 'operatingPoints'> {
  if (!operatingPoints) return {}
  const points = Object.entries(operatingPoints).map(([name, { aim, thresholds }]) => [
    name,
    { aim, thresholds },
  ])
  return { operatingPoints: Object.fromEntries(points) }
}

/** Milliseconds spent in each stage. */
function stopwatch(clock: Clock): { laps: Record<string, number>; lap(name: string): void } {
  const laps: Record<string, number> = {}
  let last = clock()
  return {
    laps,
    lap: (name) => {
      const now = clock()
      laps[name] = now - last
      last = now
    },
  }
}
