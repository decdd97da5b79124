import { createRandom } from '../../phantom/random.ts'
import { type Interval, quantile } from './estimate.ts'

export type BootstrapOptions = {
  readonly replicates: number
  readonly seed: number
}
/** 2,000 replicates put the ends of a 95 % interval within about 0.1 of its own standard error. */
export const BOOTSTRAP: BootstrapOptions = { replicates: 2000, seed: 1 }

/** How often each cluster is drawn in each replicate, drawing as many as there are, with replacement. */
export function* resamples(clusters: number, { replicates, seed }: BootstrapOptions): Generator<Uint16Array> {
  const random = createRandom(seed)
  const counts = new Uint16Array(clusters)
  for (let r = 0; r < replicates; r++) {
    counts.fill(0)
    for (let n = 0; n < clusters; n++) counts[Math.floor(random.next() * clusters)]++
    yield counts
  }
}

/** Percentile interval of replicates; those where a value was not defined are left out, null when most were. */
export function percentileInterval(values: readonly (number | null)[]): Interval | null {
  const defined = values.filter((v) => v !== null)
  if (defined.length < Math.max(1, values.length / 2)) return null
  return { low: quantile(defined, 0.025) as number, high: quantile(defined, 0.975) as number }
}

/** Scores sorted once, so that each replicate is one pass over them. */
export type Ranking = {
  /** Cluster and label of each case, by falling score. */
  readonly cluster: Uint32Array
  readonly label: Uint8Array
  /** 1 where the next case has a lower score. */
  readonly endsTie: Uint8Array
}

export function rank(
  scores: readonly number[],
  labels: readonly boolean[],
  clusters: readonly number[],
): Ranking {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a])
  return {
    cluster: Uint32Array.from(order, (i) => clusters[i]),
    label: Uint8Array.from(order, (i) => (labels[i] ? 1 : 0)),
    endsTie: Uint8Array.from(order, (i, n) =>
      n + 1 < order.length && scores[order[n + 1]] === scores[i] ? 0 : 1,
    ),
  }
}

/**
 * AUC and average precision when case n counts `weights[cluster of n]` times.
 * @param sensitivities Filled with the ROC curve's sensitivity at evenly spaced false-positive rates, when it is given.
 */
export function weightedAreas(
  { cluster, label, endsTie }: Ranking,
  weights: ArrayLike<number>,
  sensitivities?: Float64Array,
): { auc: number | null; averagePrecision: number | null } {
  let [positives, negatives] = [0, 0]
  for (let n = 0; n < label.length; n++) {
    if (label[n]) positives += weights[cluster[n]]
    else negatives += weights[cluster[n]]
  }
  let [tp, fp, pos, neg, area, precision, grid] = [0, 0, 0, 0, 0, 0, 0]
  for (let n = 0; n < label.length; n++) {
    if (label[n]) pos += weights[cluster[n]]
    else neg += weights[cluster[n]]
    if (!endsTie[n]) continue
    if (sensitivities && neg > 0) {
      // Linear from the point before the tie to the one after it; where the curve stands upright its upper end counts.
      const steps = sensitivities.length - 1
      for (; (grid / steps) * negatives < fp + neg - 1e-9; grid++)
        sensitivities[grid] = (tp + pos * Math.max(0, ((grid / steps) * negatives - fp) / neg)) / positives
    }
    area += neg * (tp + pos / 2)
    tp += pos
    fp += neg
    if (tp + fp > 0) precision += (pos * tp) / (tp + fp)
    pos = 0
    neg = 0
  }
  return {
    auc: positives > 0 && negatives > 0 ? area / (positives * negatives) : null,
    averagePrecision: positives > 0 ? precision / positives : null,
  }
}

export type Areas = {
  readonly auc: Interval | null
  readonly averagePrecision: Interval | null
  /** 95 % band of the ROC curve at evenly spaced false-positive rates from 0 to 1. */
  readonly band: { readonly low: readonly number[]; readonly high: readonly number[] } | null
}

/** Steps of the band along the false-positive rate. */
const BAND_STEPS = 50

/** Intervals of AUC and average precision when whole patients are drawn anew. */
export function bootstrapAreas(
  ranking: Ranking,
  clusters: number,
  options: BootstrapOptions = BOOTSTRAP,
): Areas {
  const aucs: (number | null)[] = []
  const precisions: (number | null)[] = []
  const columns = Array.from({ length: BAND_STEPS + 1 }, (): number[] => [])
  const sensitivities = new Float64Array(BAND_STEPS + 1)
  for (const weights of resamples(clusters, options)) {
    sensitivities.fill(1)
    const { auc, averagePrecision } = weightedAreas(ranking, weights, sensitivities)
    aucs.push(auc)
    precisions.push(averagePrecision)
    if (auc !== null) for (const [n, column] of columns.entries()) column.push(sensitivities[n])
  }
  const auc = percentileInterval(aucs)
  const ends = columns.map(percentileInterval)
  return {
    auc,
    averagePrecision: percentileInterval(precisions),
    band: auc && { low: ends.map((e) => e?.low ?? 0), high: ends.map((e) => e?.high ?? 1) },
  }
}
