import { tiesDescending } from '../metrics.ts'

/** What calling everything at or above `threshold` reaches. */
export type RocPoint = {
  readonly threshold: number
  readonly falsePositiveRate: number
  readonly sensitivity: number
}
export type PrPoint = { readonly threshold: number; readonly recall: number; readonly precision: number }

/** ROC curve from (0, 0), where nothing is called, to (1, 1): one point a distinct score. Empty with one class only. */
export function rocCurve(scores: readonly number[], labels: readonly boolean[]): RocPoint[] {
  const ties = tiesDescending(scores, labels)
  const positives = ties.reduce((sum, t) => sum + t.pos, 0)
  const negatives = scores.length - positives
  if (positives === 0 || negatives === 0) return []
  let [tp, fp] = [0, 0]
  const points = ties.map(({ score, pos, neg }): RocPoint => {
    tp += pos
    fp += neg
    return { threshold: score, falsePositiveRate: fp / negatives, sensitivity: tp / positives }
  })
  return [{ threshold: Infinity, falsePositiveRate: 0, sensitivity: 0 }, ...points]
}

/** Precision and recall at each distinct score, the highest first. Empty without positives. */
export function prCurve(scores: readonly number[], labels: readonly boolean[]): PrPoint[] {
  const ties = tiesDescending(scores, labels)
  const positives = ties.reduce((sum, t) => sum + t.pos, 0)
  if (positives === 0) return []
  let [tp, fp] = [0, 0]
  return ties.map(({ score, pos, neg }): PrPoint => {
    tp += pos
    fp += neg
    return { threshold: score, recall: tp / positives, precision: tp / (tp + fp) }
  })
}
