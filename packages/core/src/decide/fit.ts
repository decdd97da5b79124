import type { Decision } from '../bundle/manifest.ts'
import { NeckFracError } from '../errors.ts'
import { fitPlatt } from '../evaluate/threshold.ts'
import { LEVELS, type Level } from '../levels.ts'
import { ensembleLogit, patientProbability, type Scores, vertebraProbability } from './decide.ts'
import { chooseOperatingPoints, DEFAULT_OPERATING_POINT } from './operating-points.ts'

/** Raw scores of a study that no network was trained on, with its truth. */
export type LabelledStudy = {
  readonly scores: Readonly<Partial<Record<Level, Scores>>>
  readonly fractured: Readonly<Record<Level, boolean>>
}

/** Shares of Model I that are tried. */
const WEIGHTS = Array.from({ length: 21 }, (_, n) => n / 20)

/** Learns ensemble weight, calibration and the operating points. @throws NeckFracError `data` without both classes. */
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

  const probability = (s: Scores) => vertebraProbability(s, { sliceModelWeight, calibration })
  const vertebrae = rows.map((r) => ({ ...r, probability: probability(r.scores) }))
  const patients = studies.flatMap(({ scores, fractured }) => {
    const seen = LEVELS.flatMap((level) => scores[level] ?? [])
    if (seen.length === 0) return []
    return {
      probability: patientProbability(seen.map(probability)),
      fractured: LEVELS.some((level) => fractured[level]),
    }
  })
  const operatingPoints = chooseOperatingPoints(vertebrae, patients, learnedOn)
  return {
    sliceModelWeight,
    calibration,
    operatingPoint: DEFAULT_OPERATING_POINT,
    thresholds: operatingPoints[DEFAULT_OPERATING_POINT].thresholds,
    operatingPoints,
    learnedOn,
  }
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
