import { type BootstrapOptions, estimateFromSums } from '../metrics/bootstrap.ts'
import type { Estimate } from '../metrics/estimate.ts'
import { fScore } from '../metrics.ts'
import { type Row, sumsByStudy } from './rows.ts'

/** What calls are worth, with intervals of drawing whole patients anew. */
export type CalledEstimates = {
  readonly sensitivity: Estimate | null
  readonly specificity: Estimate | null
  readonly precision: Estimate | null
  readonly f1: Estimate | null
  readonly f2: Estimate | null
  /** F2 less that of calling everything, in the same patients. */
  readonly f2Gain: Estimate | null
}

export function estimateCalls(
  rows: readonly Row[],
  isCalled: (row: Row) => boolean,
  options: BootstrapOptions,
): CalledEstimates {
  const patients = sumsByStudy(rows, (row) => {
    const called = isCalled(row)
    const [tp, fp] = [called && row.label, called && !row.label]
    return [tp, fp, !called && !row.label, !called && row.label].map(Number)
  })
  const confusionOf = ([tp, fp, tn, fn]: readonly number[]) => ({ tp, fp, tn, fn })
  const f = (sums: readonly number[], beta: number) => fScore(confusionOf(sums), beta)
  return estimateFromSums(
    patients,
    {
      sensitivity: ([tp, , , fn]) => tp / (tp + fn),
      specificity: ([, fp, tn]) => tn / (tn + fp),
      precision: ([tp, fp]) => tp / (tp + fp),
      f1: (sums) => f(sums, 1),
      f2: (sums) => f(sums, 2),
      f2Gain: (sums) => {
        const [tp, fp, tn, fn] = sums
        const [own, all] = [f(sums, 2), f([tp + fn, fp + tn, 0, 0], 2)]
        return own === null || all === null ? null : own - all
      },
    },
    options,
    Math.min(
      patients.filter(([tp, , , fn]) => tp + fn > 0).length,
      patients.filter(([, fp, tn]) => fp + tn > 0).length,
    ),
  )
}
