import type { Decision } from '../bundle/manifest.ts'
import { NeckFracError } from '../errors.ts'
import { fitPlatt } from '../evaluate/threshold.ts'
import { LEVELS, type Level } from '../levels.ts'
import {
  ensembleLogit,
  patientProbability,
  probabilitiesOf,
  type StudyScores,
  vertebraProbability,
} from './decide.ts'
import { chooseOperatingPoints, DEFAULT_OPERATING_POINT } from './operating-points.ts'
import { medianLogits } from './site.ts'

/** Raw scores of a study that no network was trained on, with its truth. */
export type LabelledStudy = {
  readonly scores: StudyScores
  readonly fractured: Readonly<Record<Level, boolean>>
}

/** Fractured vertebrae, and intact ones, without which slope and intercept would be a guess. */
export const LEAST_DECIDING = 5

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
  if (Math.min(fractures, rows.length - fractures) < LEAST_DECIDING)
    throw new NeckFracError(
      'data',
      `${fractures} fractured and ${rows.length - fractures} intact vertebrae of ${studies.length} studies were labelled and judged; a decision needs ${LEAST_DECIDING} of each. Give more studies, or a segmenter that was trained for longer.`,
    )

  const labels = rows.map((r) => r.fractured)
  const candidates = WEIGHTS.map((sliceModelWeight) => {
    const logits = rows.map((r) => ensembleLogit(r.scores, sliceModelWeight))
    const calibration = fitPlatt(logits, labels)
    return { sliceModelWeight, calibration, losses: logLosses(logits, labels, calibration) }
  })
  const { sliceModelWeight, calibration } = mostEven(candidates)

  const scale = { sliceModelWeight, calibration }
  const vertebrae = rows.map((r) => ({ ...r, probability: vertebraProbability(r.level, r.scores, scale) }))
  const patients = studies.flatMap(({ scores, fractured }) => {
    const seen = probabilitiesOf(scores, scale).map((v) => v.probability)
    if (seen.length === 0) return []
    return {
      probability: patientProbability(seen),
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
    medians: medianLogits(
      studies.map((s) => s.scores),
      sliceModelWeight,
    ),
  }
}

/**
 * The candidate nearest to equal shares among those whose loss is within one standard error of the lowest (the paired
 * differences' error; Breiman et al., Classification and Regression Trees, 1984): some hundred vertebrae do not tell
 * shares apart, and two models that err apart err less together on studies of another kind.
 */
function mostEven<T extends { readonly sliceModelWeight: number; readonly losses: readonly number[] }>(
  candidates: readonly T[],
): T {
  const best = candidates.reduce((a, b) => (sum(b.losses) < sum(a.losses) ? b : a))
  const asGood = candidates.filter(({ losses }) => {
    const differences = losses.map((loss, n) => loss - best.losses[n])
    const mean = sum(differences) / differences.length
    const variance = sum(differences.map((d) => (d - mean) ** 2)) / (differences.length - 1)
    return mean <= Math.sqrt(variance / differences.length)
  })
  const uneven = ({ sliceModelWeight }: T) => Math.abs(sliceModelWeight - 0.5)
  return asGood.reduce((a, b) => (uneven(b) < uneven(a) ? b : a))
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Cross-entropy of each prediction. */
function logLosses(
  logits: readonly number[],
  labels: readonly boolean[],
  { slope, intercept }: Decision['calibration'],
): number[] {
  // log(1 + e^-x) for a positive, log(1 + e^x) for a negative, without overflow.
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
  return logits.map((logit, n) => {
    const x = slope * logit + intercept
    return softplus(labels[n] ? -x : x)
  })
}
