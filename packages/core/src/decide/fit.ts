import type { Decision } from '../bundle/manifest.ts'
import { NeckFracError } from '../errors.ts'
import { bestThreshold, fitPlatt } from '../evaluate/threshold.ts'
import { LEVELS, type Level } from '../levels.ts'
import { ensembleLogit, patientProbability, type Scores, vertebraProbability } from './decide.ts'

/** Raw scores of a study that no network was trained on, with its truth. */
export type LabelledStudy = {
  readonly scores: Readonly<Partial<Record<Level, Scores>>>
  readonly fractured: Readonly<Record<Level, boolean>>
}

/** F2 weighs a missed fracture four times as much as a false alarm. */
const BETA = 2
/** Shares of Model I that are tried. */
const WEIGHTS = Array.from({ length: 21 }, (_, n) => n / 20)
/**
 * The other levels count together as this many fractures when a level's threshold is chosen: a level with three
 * fractures in the calibration set cannot fix its own threshold, one with forty can.
 */
const BORROWED_FRACTURES = 10

/** Learns ensemble weight, calibration and F2 thresholds. @throws NeckFracError `data` without both classes. */
export function fitDecision(studies: readonly LabelledStudy[], learnedOn: string): Decision {
  const rows = studies.flatMap(({ scores, fractured }) =>
    LEVELS.flatMap((level) => {
      const s = scores[level]
      return s ? [{ level, scores: s, fractured: fractured[level] }] : []
    }),
  )
  const fractures = rows.filter((r) => r.fractured).length
  if (fractures < 5 || rows.length - fractures < 5)
    throw new NeckFracError(
      'data',
      `${fractures} fractured and ${rows.length - fractures} intact vertebrae were labelled: too few to calibrate. Give more studies.`,
    )

  const labels = rows.map((r) => r.fractured)
  const candidates = WEIGHTS.map((sliceModelWeight) => {
    const logits = rows.map((r) => ensembleLogit(r.scores, sliceModelWeight))
    const calibration = fitPlatt(logits, labels)
    const loss = logLoss(logits, labels, calibration)
    return { sliceModelWeight, calibration, loss }
  })
  const { sliceModelWeight, calibration } = candidates.reduce((a, b) => (b.loss < a.loss ? b : a))

  const draft: Decision = {
    sliceModelWeight,
    calibration,
    operatingPoint: 'highest F2',
    thresholds: { C1: 0, C2: 0, C3: 0, C4: 0, C5: 0, C6: 0, C7: 0, patient: 0 },
    learnedOn,
  }
  const probabilities = rows.map((r) => vertebraProbability(r.scores, draft))
  const thresholds = Object.fromEntries(
    LEVELS.map((level) => {
      const elsewhere = rows.filter((r) => r.fractured && r.level !== level).length
      const borrowed = elsewhere > 0 ? BORROWED_FRACTURES / elsewhere : 0
      const weights = rows.map((r) => (r.level === level ? 1 : borrowed))
      return [level, bestThreshold(probabilities, labels, BETA, weights) ?? 1]
    }),
  ) as Record<Level, number>

  const patients = studies.flatMap(({ scores, fractured }) => {
    const seen = LEVELS.flatMap((level) => scores[level] ?? [])
    if (seen.length === 0) return []
    const score = patientProbability(seen.map((s) => vertebraProbability(s, draft)))
    return { score, fractured: LEVELS.some((level) => fractured[level]) }
  })
  const patient = bestThreshold(
    patients.map((p) => p.score),
    patients.map((p) => p.fractured),
    BETA,
  )
  return { ...draft, thresholds: { ...thresholds, patient: patient ?? 1 } }
}

function logLoss(
  logits: readonly number[],
  labels: readonly boolean[],
  { slope, intercept }: Decision['calibration'],
): number {
  // log(1 + e^-x) for a positive, log(1 + e^x) for a negative, without overflow.
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
  return logits.reduce((sum, logit, n) => {
    const x = slope * logit + intercept
    return sum + softplus(labels[n] ? -x : x)
  }, 0)
}
