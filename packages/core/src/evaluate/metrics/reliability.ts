import { type Share, wilson } from '../metrics.ts'

/** Cases whose probability lies in [from, to); the last bin holds 1 as well. */
export type ReliabilityBin = {
  readonly from: number
  readonly to: number
  readonly count: number
  /** Mean probability; null in an empty bin. */
  readonly predicted: number | null
  /** Share of positives with its Wilson interval. */
  readonly observed: Share | null
}

/** As in Guo 2017, who made the expected calibration error usual. */
export const BINS = 10

/** Which of the bins a probability belongs to. */
export const binOf = (probability: number, bins = BINS): number =>
  Math.min(bins - 1, Math.floor(probability * bins))

/** Probabilities against what happened, in bins of equal width. */
export function reliability(
  scores: readonly number[],
  labels: readonly boolean[],
  bins = BINS,
): ReliabilityBin[] {
  const tallies = Array.from({ length: bins }, () => ({ count: 0, sum: 0, positives: 0 }))
  for (const [n, score] of scores.entries()) {
    const tally = tallies[binOf(score, bins)]
    tally.count++
    tally.sum += score
    if (labels[n]) tally.positives++
  }
  return tallies.map(({ count, sum, positives }, n) => ({
    from: n / bins,
    to: (n + 1) / bins,
    count,
    predicted: count === 0 ? null : sum / count,
    observed: wilson(positives, count),
  }))
}

type Bin = Pick<ReliabilityBin, 'count' | 'predicted'> & {
  readonly observed: { readonly value: number } | null
}

/** Expected calibration error: mean distance of predicted and observed over the bins, by their counts. */
export function calibrationError(bins: readonly Bin[]): number | null {
  const total = bins.reduce((sum, b) => sum + b.count, 0)
  if (total === 0) return null
  return bins.reduce(
    (sum, b) =>
      b.predicted === null || b.observed === null
        ? sum
        : sum + (b.count / total) * Math.abs(b.predicted - b.observed.value),
    0,
  )
}
