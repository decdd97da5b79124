import type { Decision } from '../bundle/manifest.ts'
import { LEVELS, type Level } from '../levels.ts'
import type { Call } from '../report/report.ts'

/** Raw scores of one vertebra, before ensemble and calibration. */
export type Scores = {
  /** Model I: logit of the vertebra from its most suspicious slices. */
  readonly slices: number
  /** Model II: logit of the vertebra from the whole stack. */
  readonly sequence: number
}

/** Raw scores of a study's judged vertebrae. */
export type StudyScores = Readonly<Partial<Record<Level, Scores>>>

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

/** The ensemble's logit before calibration. */
export const ensembleLogit = ({ slices, sequence }: Scores, sliceModelWeight: number): number =>
  sliceModelWeight * slices + (1 - sliceModelWeight) * sequence

/** Calibrated probability of a fracture of one vertebra. */
export function vertebraProbability(
  level: Level,
  scores: Scores,
  { sliceModelWeight, calibration, site }: Pick<Decision, 'sliceModelWeight' | 'calibration' | 'site'>,
): number {
  const logit = ensembleLogit(scores, sliceModelWeight) - (site?.shift[level] ?? 0)
  return sigmoid(calibration.slope * logit + calibration.intercept)
}

/** The same of every judged vertebra of a study, from the head down. */
export const probabilitiesOf = (
  scores: StudyScores,
  decision: Parameters<typeof vertebraProbability>[2],
): { readonly level: Level; readonly probability: number }[] =>
  LEVELS.flatMap((level) => {
    const own = scores[level]
    return own ? [{ level, probability: vertebraProbability(level, own, decision) }] : []
  })

/**
 * patient_overall: the probability that at least one of the vertebrae in view is fractured, were they independent:
 * 1 - (1 - p1)(1 - p2)... It is never below the largest of them.
 */
export function patientProbability(probabilities: readonly number[]): number {
  return 1 - probabilities.reduce((healthy, p) => healthy * (1 - p), 1)
}

/** What a decision is called; null where there was nothing to decide on. */
export const callOf = (fracture: boolean | null): Call =>
  fracture === null ? 'not-assessable' : fracture ? 'fracture' : 'no-fracture'

/** Calls of all levels; a level without probability is not assessable. */
export function decide(
  probabilities: Readonly<Partial<Record<Level, number>>>,
  { thresholds }: Decision,
): { levels: Record<Level, boolean | null>; patient: { probability: number; fracture: boolean } } {
  const seen = LEVELS.flatMap((level) => probabilities[level] ?? [])
  const probability = patientProbability(seen)
  const levels = Object.fromEntries(
    LEVELS.map((level) => {
      const p = probabilities[level]
      return [level, p === undefined ? null : p >= thresholds[level]]
    }),
  ) as Record<Level, boolean | null>
  return { levels, patient: { probability, fracture: probability >= thresholds.patient } }
}
