import { locate } from './classify/locate.ts'
import { classifySequence } from './classify/sequence.ts'
import { classifySlices, type SliceScores } from './classify/slices.ts'
import { cropVertebrae, type VertebraCrop } from './classify/vertebra-crop.ts'
import { assess } from './decide/assessable.ts'
import { decide, type Scores, sigmoid, vertebraProbability } from './decide/decide.ts'
import type { Detector } from './detector.ts'
import { LEVELS, type Level, labelOf } from './levels.ts'
import type { Clock, Signal } from './ports.ts'
import { makeFigures } from './report/figures.ts'
import { NOTICE, type Report, type VertebraResult } from './report/report.ts'
import { segment } from './segment/segment.ts'
import type { Segmentation } from './segment/segmentation.ts'
import type { Study } from './series/study.ts'
import { SOFTWARE } from './version.ts'
import { spacingMm } from './volume/geometry.ts'

export type Stage = 'read' | 'segment' | 'classify' | 'report'

/** Typed progress: the stage and how much of it is done, 0..1. */
export type AnalysisProgress = { readonly stage: Stage; readonly share: number }

export type AnalyzeOptions = {
  readonly clock: Clock
  readonly signal?: Signal
  /** Leave out the pictures when nobody will look at them. */
  readonly figures?: boolean
}

/**
 * The whole pipeline on one page: HU volume -> labelled vertebrae -> crops -> two models -> ensemble -> one Report.
 * @param readStudy Reads the study; called once. Its errors pass through.
 */
export async function* analyze(
  source: string,
  readStudy: () => Promise<Study>,
  detector: Detector,
  options: AnalyzeOptions,
): AsyncGenerator<AnalysisProgress, Report> {
  const { clock, signal } = options
  const watch = stopwatch(clock)

  yield { stage: 'read', share: 0 }
  const study = await readStudy()
  watch.lap('read')

  yield { stage: 'segment', share: 0 }
  const segmentation = await segment(study.volume, detector.sessions.segmenter, { signal })
  const findings = [...study.findings, ...assess(study.volume, segmentation)]
  const analysable = !findings.some((f) => f.severity === 'blocking')
  watch.lap('segment')

  const judged: Judged[] = []
  if (analysable) {
    const crops = cropVertebrae(study.volume, segmentation)
    for (const crop of crops) {
      signal?.throwIfAborted()
      yield { stage: 'classify', share: judged.length / crops.length }
      judged.push({ crop, ...(await score(crop, detector)) })
    }
  }
  watch.lap('classify')

  yield { stage: 'report', share: 0 }
  const { vertebrae, patient } = results(judged, segmentation, study, detector)
  const figures =
    options.figures === false ? [] : makeFigures({ volume: study.volume, segmentation, vertebrae })
  watch.lap('report')

  const { manifest } = detector
  return {
    schemaVersion: 1,
    notice: NOTICE,
    software: SOFTWARE,
    bundle: {
      name: manifest.name,
      version: manifest.version,
      trainedOn: manifest.trainedOn,
      networks: Object.fromEntries(Object.entries(manifest.networks).map(([name, n]) => [name, n.sha256])),
      operatingPoint: manifest.decision.operatingPoint,
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

/** Both models' raw scores of one vertebra. */
async function score(crop: VertebraCrop, { sessions }: Detector): Promise<Omit<Judged, 'crop'>> {
  const slices = await classifySlices(crop, sessions.slices)
  const sequence = await classifySequence(crop, sessions.sequence)
  return { slices, scores: { slices: slices.logit, sequence } }
}

/** Raw scores of every judged vertebra of a study: what `neckfrac calibrate` learns from. */
export async function scoreStudy(
  study: Study,
  detector: Detector,
): Promise<{ segmentation: Segmentation; scores: Partial<Record<Level, Scores>> }> {
  const segmentation = await segment(study.volume, detector.sessions.segmenter)
  const scores: Partial<Record<Level, Scores>> = {}
  for (const crop of cropVertebrae(study.volume, segmentation))
    scores[crop.level] = (await score(crop, detector)).scores
  return { segmentation, scores }
}

function results(
  judged: readonly Judged[],
  { vertebrae }: Segmentation,
  { volume, slices }: Study,
  { manifest: { decision } }: Detector,
): Pick<Report, 'vertebrae' | 'patient'> {
  const byLevel = new Map(judged.map((j) => [j.crop.level, j]))
  const probabilities = Object.fromEntries(
    judged.map((j) => [j.crop.level, vertebraProbability(j.scores, decision)]),
  ) as Partial<Record<Level, number>>
  const decided = decide(probabilities, decision)
  return {
    vertebrae: LEVELS.map((level): VertebraResult => {
      const j = byLevel.get(level)
      const fracture = decided.levels[level]
      return {
        level,
        centreLps: vertebrae.find((v) => v.label === labelOf(level))?.centreLps ?? null,
        probability: probabilities[level] ?? null,
        threshold: decision.thresholds[level],
        call: fracture === null ? 'not-assessable' : fracture ? 'fracture' : 'no-fracture',
        box: j && fracture ? locate(j.crop, j.slices, volume, slices) : null,
        models: j ? { slices: sigmoid(j.scores.slices), sequence: sigmoid(j.scores.sequence) } : {},
      }
    }),
    patient: {
      probability: judged.length > 0 ? decided.patient.probability : null,
      threshold: decision.thresholds.patient,
      call: judged.length === 0 ? 'not-assessable' : decided.patient.fracture ? 'fracture' : 'no-fracture',
    },
  }
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
