import { LEVELS } from '../../levels.ts'
import type { Group } from '../evaluate.ts'
import {
  type Band,
  type BootstrapOptions,
  bootstrapAreas,
  estimateFromSums,
  rank,
} from '../metrics/bootstrap.ts'
import { type Estimate, toEstimate } from '../metrics/estimate.ts'
import { BINS, binOf, calibrationError, type ReliabilityBin, reliability } from '../metrics/reliability.ts'
import { type PrPoint, prCurve, type RocPoint, rocCurve } from '../metrics/roc.ts'
import { auc, averagePrecision } from '../metrics.ts'
import { type Row, sumsByStudy } from './rows.ts'

/** What probabilities say of one question, before any threshold. */
export type Question = {
  readonly name: Group['name']
  readonly count: number
  readonly positives: number
  readonly auc: Estimate | null
  readonly averagePrecision: Estimate | null
  readonly roc: readonly RocPoint[]
  readonly rocBand: Band | null
  readonly pr: readonly PrPoint[]
  readonly prBand: Band | null
  readonly logLoss: Estimate | null
  readonly brier: Estimate | null
  readonly reliability: readonly ReliabilityBin[]
  readonly calibrationError: Estimate | null
}

const NAMES: readonly Group['name'][] = ['patient', 'vertebrae', ...LEVELS]

/** The patient, all vertebrae together, and each level. */
export function askQuestions(rows: readonly Row[], studies: number, options: BootstrapOptions): Question[] {
  return NAMES.map((name) => {
    const own = rows.filter((r) => (name === 'vertebrae' ? r.column !== 'patient' : r.column === name))
    const scores = own.map((r) => r.probability)
    const labels = own.map((r) => r.label)
    const ranking = rank(
      scores,
      labels,
      own.map((r) => r.study),
    )
    const intervals = bootstrapAreas(ranking, studies, options)
    return {
      name,
      count: own.length,
      positives: labels.filter(Boolean).length,
      auc: toEstimate(auc(scores, labels), intervals.auc),
      averagePrecision: toEstimate(averagePrecision(scores, labels), intervals.averagePrecision),
      roc: rocCurve(scores, labels),
      rocBand: intervals.rocBand,
      pr: prCurve(scores, labels),
      prBand: intervals.prBand,
      reliability: reliability(scores, labels),
      ...errorsOf(own, options),
    }
  })
}

function errorsOf(rows: readonly Row[], options: BootstrapOptions) {
  // Count and the sums of both errors; then for each bin of the reliability curve its count, probabilities, positives.
  const patients = sumsByStudy(rows, ({ probability, label }) => [
    ...[1, -Math.log(label ? probability : 1 - probability), (probability - (label ? 1 : 0)) ** 2],
    ...Array.from({ length: BINS }, (_, bin) =>
      bin === binOf(probability) ? [1, probability, label ? 1 : 0] : [0, 0, 0],
    ).flat(),
  ])
  const binsOf = (sums: readonly number[]) =>
    Array.from({ length: BINS }, (_, bin) => {
      const [count, probabilities, positives] = sums.slice(3 + 3 * bin)
      if (count === 0) return { count, predicted: null, observed: null }
      return { count, predicted: probabilities / count, observed: { value: positives / count } }
    })
  return estimateFromSums(
    patients,
    {
      logLoss: ([count, loss]) => loss / count,
      brier: ([count, , squares]) => squares / count,
      calibrationError: (sums) => calibrationError(binsOf(sums)),
    },
    options,
  )
}
