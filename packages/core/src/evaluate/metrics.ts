/** Scores and truths of one question, e.g. all C2 of a test set. */
export type Sample = {
  /** Probabilities, 0..1. */
  readonly scores: readonly number[]
  readonly labels: readonly boolean[]
}

export type Confusion = { readonly tp: number; readonly fp: number; readonly tn: number; readonly fn: number }

/** A share with its 95 % Wilson interval. */
export type Share = { readonly value: number; readonly low: number; readonly high: number }

/** null where a value is not defined, e.g. recall without positives. Never 0 instead. */
export type Metrics = {
  readonly count: number
  readonly positives: number
  readonly confusion: Confusion
  readonly accuracy: number | null
  readonly recall: Share | null
  readonly specificity: Share | null
  readonly precision: number | null
  readonly f1: number | null
  readonly f2: number | null
  readonly auc: number | null
  readonly averagePrecision: number | null
  /** Mean of -log p of what was true, natural logarithm; null when a certain prediction was wrong. */
  readonly logLoss: number | null
  readonly brier: number | null
}

/** All metrics of a sample; `called` says for each case whether it is called positive. */
export function measure({ scores, labels }: Sample, called: readonly boolean[]): Metrics {
  const confusion = confuse(called, labels)
  const { tp, fp, tn, fn } = confusion
  return {
    count: labels.length,
    positives: tp + fn,
    confusion,
    accuracy: ratio(tp + tn, labels.length),
    recall: wilson(tp, tp + fn),
    specificity: wilson(tn, tn + fp),
    precision: ratio(tp, tp + fp),
    f1: fScore(confusion, 1),
    f2: fScore(confusion, 2),
    auc: auc(scores, labels),
    averagePrecision: averagePrecision(scores, labels),
    logLoss: logLoss(scores, labels),
    brier: mean(scores.map((p, i) => (p - (labels[i] ? 1 : 0)) ** 2)),
  }
}

export function confuse(called: readonly boolean[], labels: readonly boolean[]): Confusion {
  const count = (call: boolean, truth: boolean) =>
    labels.reduce((n, label, i) => n + (label === truth && called[i] === call ? 1 : 0), 0)
  return { tp: count(true, true), fp: count(true, false), tn: count(false, false), fn: count(false, true) }
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

const mean = (values: readonly number[]): number | null =>
  ratio(
    values.reduce((a, b) => a + b, 0),
    values.length,
  )

/** F-beta; null without positives, where recall is not defined. */
export function fScore({ tp, fp, fn }: Confusion, beta: number): number | null {
  return tp + fn === 0 ? null : ((1 + beta ** 2) * tp) / ((1 + beta ** 2) * tp + beta ** 2 * fn + fp)
}

/** Wilson's score interval without continuity correction, 95 %. */
export function wilson(part: number, whole: number): Share | null {
  if (whole === 0) return null
  const z = 1.959963984540054
  const p = part / whole
  const middle = p + z ** 2 / (2 * whole)
  const half = z * Math.sqrt((p * (1 - p)) / whole + z ** 2 / (4 * whole ** 2))
  const scale = 1 + z ** 2 / whole
  return {
    value: p,
    low: part === 0 ? 0 : (middle - half) / scale,
    high: part === whole ? 1 : (middle + half) / scale,
  }
}

/** Area under the ROC curve: the share of positive-negative pairs in the right order, ties counted half. */
export function auc(scores: readonly number[], labels: readonly boolean[]): number | null {
  let [pairs, positives, negatives] = [0, 0, 0]
  for (const { pos, neg } of tiesDescending(scores, labels).reverse()) {
    pairs += pos * (negatives + neg / 2)
    positives += pos
    negatives += neg
  }
  return ratio(pairs, positives * negatives)
}

/** Sum over thresholds of precision times the recall gained, as scikit-learn defines it. */
export function averagePrecision(scores: readonly number[], labels: readonly boolean[]): number | null {
  let [sum, tp, fp] = [0, 0, 0]
  for (const { pos, neg } of tiesDescending(scores, labels)) {
    tp += pos
    fp += neg
    sum += (pos * tp) / (tp + fp)
  }
  return ratio(sum, tp)
}

/** Cases by falling score, equal scores together; `weights` count a case as more or less than one. */
export function tiesDescending(
  scores: readonly number[],
  labels: readonly boolean[],
  weights?: readonly number[],
): { score: number; pos: number; neg: number }[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a])
  const ties: { score: number; pos: number; neg: number }[] = []
  for (const i of order) {
    if (ties.at(-1)?.score !== scores[i]) ties.push({ score: scores[i], pos: 0, neg: 0 })
    const tie = ties[ties.length - 1]
    tie[labels[i] ? 'pos' : 'neg'] += weights ? weights[i] : 1
  }
  return ties
}

function logLoss(scores: readonly number[], labels: readonly boolean[]): number | null {
  const loss = mean(scores.map((p, i) => -Math.log(labels[i] ? p : 1 - p)))
  return loss === null || !Number.isFinite(loss) ? null : loss
}
