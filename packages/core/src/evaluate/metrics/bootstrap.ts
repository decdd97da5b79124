import { createRandom } from '../../phantom/random.ts'
import { type Estimate, type Interval, quantile, toEstimate } from './estimate.ts'

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

/**
 * Fewer patients than this, of either class where there are two, get no interval: percentiles of so few are too narrow
 * (Hesterberg 2015), and of a perfect ranking they have no width at all.
 */
export const LEAST_PATIENTS = 10

/**
 * Percentile interval of replicates; those where a value was not defined are left out, null when most were. Replicates
 * that all agree say nothing about what other patients would give: null as well.
 */
export function percentileInterval(values: readonly (number | null)[]): Interval | null {
  const defined = values.filter((v) => v !== null)
  if (defined.length < Math.max(1, values.length / 2)) return null
  const [low, high] = [quantile(defined, 0.025) as number, quantile(defined, 0.975) as number]
  return low === high ? null : { low, high }
}

/**
 * Estimates from sums over patients, with the interval of drawing whole patients anew.
 * @param patients What each adds: one row a patient, the same columns in all.
 * @param measures Functions of the summed columns; null where they are not defined.
 * @param rarer How many patients are of the rarer class, where there are two.
 */
export function estimateFromSums<K extends string>(
  patients: readonly (readonly number[])[],
  measures: Readonly<Record<K, (sums: readonly number[]) => number | null>>,
  options: BootstrapOptions,
  rarer = patients.length,
): Record<K, Estimate | null> {
  const names = Object.keys(measures) as K[]
  const sumsOf = (weight: (patient: number) => number): number[] => {
    const sums = (patients[0] ?? []).map(() => 0)
    for (const [n, row] of patients.entries()) {
      const times = weight(n)
      if (times > 0) for (const [column, value] of row.entries()) sums[column] += times * value
    }
    return sums
  }
  const finite = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null)
  const own = sumsOf(() => 1)
  const replicates = new Map(names.map((name) => [name, [] as (number | null)[]]))
  if (rarer >= LEAST_PATIENTS)
    for (const weights of resamples(patients.length, options)) {
      const sums = sumsOf((n) => weights[n])
      for (const name of names) replicates.get(name)?.push(finite(measures[name](sums)))
    }
  return Object.fromEntries(
    names.map((name) => [
      name,
      toEstimate(finite(measures[name](own)), percentileInterval(replicates.get(name) ?? [])),
    ]),
  ) as Record<K, Estimate | null>
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

/** A ROC curve's sensitivities at evenly spaced false-positive rates, and precisions at evenly spaced recalls, 0 to 1. */
export type Curves = { readonly sensitivities: Float64Array; readonly precisions: Float64Array }

/**
 * AUC and average precision when case n counts `weights[cluster of n]` times.
 * @param curves Filled when it is given.
 */
export function weightedAreas(
  { cluster, label, endsTie }: Ranking,
  weights: ArrayLike<number>,
  curves?: Curves,
): { auc: number | null; averagePrecision: number | null } {
  curves?.sensitivities.fill(1)
  curves?.precisions.fill(0)
  let [positives, negatives] = [0, 0]
  for (let n = 0; n < label.length; n++) {
    if (label[n]) positives += weights[cluster[n]]
    else negatives += weights[cluster[n]]
  }
  let [tp, fp, pos, neg, area, precision] = [0, 0, 0, 0, 0, 0]
  let [rate, recall] = [0, 0]
  for (let n = 0; n < label.length; n++) {
    if (label[n]) pos += weights[cluster[n]]
    else neg += weights[cluster[n]]
    if (!endsTie[n]) continue
    if (curves && neg > 0) {
      // Linear from the point before the tie to the one after it; where the curve stands upright its upper end counts.
      const steps = curves.sensitivities.length - 1
      for (; (rate / steps) * negatives < fp + neg - 1e-9; rate++)
        curves.sensitivities[rate] =
          (tp + pos * Math.max(0, ((rate / steps) * negatives - fp) / neg)) / positives
    }
    if (curves && pos > 0) {
      // Steps, as average precision counts them: the highest threshold that reaches the recall.
      const steps = curves.precisions.length - 1
      for (; recall <= steps && (recall / steps) * positives < tp + pos + 1e-9; recall++)
        curves.precisions[recall] = (tp + pos) / (tp + pos + fp + neg)
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
  readonly rocBand: Band | null
  /** 95 % band of the precision at evenly spaced recalls from 0 to 1. */
  readonly prBand: Band | null
}
export type Band = { readonly low: readonly number[]; readonly high: readonly number[] }

/** Steps of a band along its axis. */
const BAND_STEPS = 50

/** Intervals of AUC and average precision when whole patients are drawn anew; null with few patients of either class. */
export function bootstrapAreas(
  ranking: Ranking,
  clusters: number,
  options: BootstrapOptions = BOOTSTRAP,
): Areas {
  if (Math.min(patientsWith(ranking, 1), patientsWith(ranking, 0)) < LEAST_PATIENTS)
    return { auc: null, averagePrecision: null, rocBand: null, prBand: null }
  const aucs: (number | null)[] = []
  const precisions: (number | null)[] = []
  const columns = () => Array.from({ length: BAND_STEPS + 1 }, (): number[] => [])
  const [rocColumns, prColumns] = [columns(), columns()]
  const curves: Curves = {
    sensitivities: new Float64Array(BAND_STEPS + 1),
    precisions: new Float64Array(BAND_STEPS + 1),
  }
  for (const weights of resamples(clusters, options)) {
    const { auc, averagePrecision } = weightedAreas(ranking, weights, curves)
    aucs.push(auc)
    precisions.push(averagePrecision)
    if (auc === null) continue
    for (const [n, column] of rocColumns.entries()) column.push(curves.sensitivities[n])
    for (const [n, column] of prColumns.entries()) column.push(curves.precisions[n])
  }
  return {
    auc: percentileInterval(aucs),
    averagePrecision: percentileInterval(precisions),
    rocBand: bandOf(rocColumns),
    prBand: bandOf(prColumns),
  }
}

const patientsWith = ({ cluster, label }: Ranking, wanted: 0 | 1): number =>
  new Set(cluster.filter((_, n) => label[n] === wanted)).size

function bandOf(columns: readonly (readonly number[])[]): Band {
  const at = (share: number) => columns.map((column) => quantile(column, share) ?? 0)
  return { low: at(0.025), high: at(0.975) }
}
