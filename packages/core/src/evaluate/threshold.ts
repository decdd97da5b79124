import { sigmoid } from '../decide/decide.ts'
import { type Confusion, fScore, tiesDescending } from './metrics.ts'

/**
 * The threshold of the highest F-beta when scores at or above it are called positive. It lies halfway between two
 * neighbouring scores; of equally good ones the widest gap wins, then the higher threshold, so that few positives
 * decide as little as possible. `weights` count a case as more or less than one. null without positives: then nothing can be learned.
 */
export function bestThreshold(
  scores: readonly number[],
  labels: readonly boolean[],
  beta = 2,
  weights?: readonly number[],
): number | null {
  const ties = tiesDescending(scores, labels, weights)
  const positives = ties.reduce((sum, { pos }) => sum + pos, 0)
  if (positives === 0) return null
  let best = { f: -1, gap: 0, threshold: 0 }
  let [tp, fp] = [0, 0]
  for (const [i, { score, pos, neg }] of ties.entries()) {
    tp += pos
    fp += neg
    const confusion: Confusion = { tp, fp, fn: positives - tp, tn: 0 }
    const f = fScore(confusion, beta) ?? 0
    // Below the lowest score every case is positive already; the score itself says so as well.
    const below = ties[i + 1]?.score ?? score
    const gap = score - below
    if (f > best.f + 1e-12 || (f > best.f - 1e-12 && gap > best.gap)) {
      best = { f, gap, threshold: (score + below) / 2 }
    }
  }
  return best.threshold
}

/**
 * Platt scaling p = sigmoid(slope * logit + intercept), fitted by Newton's method to Platt's smoothed targets
 * (Platt 1999; Lin, Lin and Weng 2007). `ridge` draws the slope towards 1 and the intercept towards 0, so that a set
 * of one class still has a solution.
 */
export function fitPlatt(
  logits: readonly number[],
  labels: readonly boolean[],
  ridge = 1e-3,
): { slope: number; intercept: number } {
  const positives = labels.filter(Boolean).length
  const high = (positives + 1) / (positives + 2)
  const low = 1 / (labels.length - positives + 2)
  const loss = (slope: number, intercept: number) =>
    logits.reduce(
      (sum, x, i) => {
        const z = slope * x + intercept
        return sum + Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - (labels[i] ? high : low) * z
      },
      (ridge / 2) * ((slope - 1) ** 2 + intercept ** 2),
    )
  let [slope, intercept] = [1, 0]
  let current = loss(slope, intercept)
  for (let iteration = 0; iteration < 100; iteration++) {
    let [ga, gb, haa, hab, hbb] = [ridge * (slope - 1), ridge * intercept, ridge, 0, ridge]
    for (const [i, x] of logits.entries()) {
      const p = sigmoid(slope * x + intercept)
      const error = p - (labels[i] ? high : low)
      const weight = p * (1 - p)
      ga += error * x
      gb += error
      haa += weight * x * x
      hab += weight * x
      hbb += weight
    }
    const det = haa * hbb - hab * hab
    const da = (hbb * ga - hab * gb) / det
    const db = (haa * gb - hab * ga) / det
    // Halve the step until it improves: far from the minimum Newton's full step overshoots.
    let step = 1
    while (step > 1e-10 && loss(slope - step * da, intercept - step * db) > current) step /= 2
    if (step <= 1e-10) break
    slope -= step * da
    intercept -= step * db
    current = loss(slope, intercept)
    if (Math.abs(da) + Math.abs(db) < 1e-10) break
  }
  return { slope, intercept }
}
