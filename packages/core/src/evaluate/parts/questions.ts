import { LEVELS } from '../../levels.ts'
import type { Group } from '../evaluate.ts'
import { type Areas, type BootstrapOptions, bootstrapAreas, rank } from '../metrics/bootstrap.ts'
import type { Estimate } from '../metrics/estimate.ts'
import { calibrationError, type ReliabilityBin, reliability } from '../metrics/reliability.ts'
import { type PrPoint, prCurve, type RocPoint, rocCurve } from '../metrics/roc.ts'
import { auc, averagePrecision } from '../metrics.ts'
import type { Row } from './rows.ts'

/** What probabilities say of one question, before any threshold. */
export type Question = {
  readonly name: Group['name']
  readonly count: number
  readonly positives: number
  readonly auc: Estimate | null
  readonly averagePrecision: Estimate | null
  readonly roc: readonly RocPoint[]
  readonly band: Areas['band']
  readonly pr: readonly PrPoint[]
  readonly reliability: readonly ReliabilityBin[]
  readonly calibrationError: number | null
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
    const estimate = (value: number | null, interval: Estimate['interval']) =>
      value === null ? null : { value, interval }
    const bins = reliability(scores, labels)
    return {
      name,
      count: own.length,
      positives: labels.filter(Boolean).length,
      auc: estimate(auc(scores, labels), intervals.auc),
      averagePrecision: estimate(averagePrecision(scores, labels), intervals.averagePrecision),
      roc: rocCurve(scores, labels),
      band: intervals.band,
      pr: prCurve(scores, labels),
      reliability: bins,
      calibrationError: calibrationError(bins),
    }
  })
}
