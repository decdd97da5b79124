import { describe, expect, it } from 'vitest'
import golden from '../../../test/golden/evaluation.json' with { type: 'json' }
import type { Box3 } from '../cases/study-case.ts'
import { auc } from '../metrics.ts'
import { estimateCalls } from '../parts/calls.ts'
import { askQuestions, type Question } from '../parts/questions.ts'
import {
  BOOTSTRAP,
  bootstrapAreas,
  estimateFromSums,
  percentileInterval,
  rank,
  resamples,
  weightedAreas,
} from './bootstrap.ts'
import { type Estimate, quantile } from './estimate.ts'
import { froc, sensitivityAt, thresholdAt } from './froc.ts'
import { boxIou, dice, hull } from './overlap.ts'
import { predictiveValues } from './prevalence.ts'
import { calibrationError, reliability } from './reliability.ts'
import { prCurve, rocCurve } from './roc.ts'

const close = (a: readonly number[], b: readonly number[], digits = 10) => {
  expect(a.length).toBe(b.length)
  for (const [n, value] of a.entries()) expect(value).toBeCloseTo(b[n], digits)
}
const pick = (q: Question | undefined) => ({
  logLoss: q?.logLoss ?? null,
  brier: q?.brier ?? null,
  calibrationError: q?.calibrationError ?? null,
})
const ends = (i: { low: number; high: number } | null) => [i?.low ?? Number.NaN, i?.high ?? Number.NaN]

describe.each(golden.curves)('curves agree with scikit-learn, sample %#', (sample) => {
  const labels = sample.labels.map((l) => l === 1)
  const patients = sample.weights.length
  const ranking = rank(sample.scores, labels, sample.clusters)

  it('ROC and precision-recall, with ties', () => {
    const roc = rocCurve(sample.scores, labels)
    close(
      roc.map((p) => p.falsePositiveRate),
      sample.roc[0] as number[],
    )
    close(
      roc.map((p) => p.sensitivity),
      sample.roc[1] as number[],
    )
    close(
      roc.slice(1).map((p) => p.threshold),
      sample.roc[2].slice(1) as number[],
    )
    const pr = prCurve(sample.scores, labels)
    // scikit-learn goes on at full recall down to the lowest score, as ours does.
    close(
      pr.map((p) => p.recall),
      sample.pr[0],
    )
    close(
      pr.map((p) => p.precision),
      sample.pr[1],
    )
    close(
      pr.map((p) => p.threshold),
      sample.pr[2],
    )
  })

  it('areas and the curve when patients count several times or not at all', () => {
    const drawn = { sensitivities: new Float64Array(51), precisions: new Float64Array(51) }
    const areas = weightedAreas(ranking, sample.weights, drawn)
    expect(areas.auc).toBeCloseTo(sample.weightedAuc, 10)
    expect(areas.averagePrecision).toBeCloseTo(sample.weightedAp, 10)
    close([...drawn.sensitivities], sample.band)
    close([...drawn.precisions], sample.precisionAt)
  })

  it('intervals of patients drawn anew', () => {
    const { auc: a, averagePrecision: p } = bootstrapAreas(ranking, patients)
    // Two runs of a bootstrap differ: 2,000 and 1,000 replicates here.
    for (const [own, other] of [
      [a, sample.aucInterval],
      [p, sample.apInterval],
    ] as const)
      for (const [n, end] of ends(own).entries()) expect(Math.abs(end - other[n])).toBeLessThan(0.02)
  })

  it('calls and errors of probability, with intervals of patients drawn anew', () => {
    const rows = sample.scores.map((probability, n) => ({
      column: 'C1' as const,
      probability,
      label: labels[n],
      study: sample.clusters[n],
    }))
    const found: Record<string, Estimate | null> = {
      ...estimateCalls(rows, (row) => row.probability >= 0.5, BOOTSTRAP),
      ...pick(askQuestions(rows, patients, BOOTSTRAP).find((q) => q.name === 'C1')),
    }
    const certainAndWrong = rows.some((r) => r.probability === (r.label ? 0 : 1))
    for (const [name, { value, interval }] of Object.entries(sample.called)) {
      // scikit-learn takes an infinite loss for a large one.
      if (name === 'logLoss' && certainAndWrong) {
        expect(found.logLoss).toBeNull()
        continue
      }
      expect(found[name]?.value, name).toBeCloseTo(value, 10)
      for (const [n, end] of ends(found[name]?.interval ?? null).entries())
        expect(Math.abs(end - interval[n]), name).toBeLessThan(0.025)
    }
  })

  it('reliability and the expected calibration error', () => {
    const bins = reliability(sample.scores, labels)
    expect(bins.map((b) => b.count)).toEqual(sample.binSizes)
    expect(calibrationError(bins)).toBeCloseTo(sample.calibrationError, 10)
    if (!sample.calibrationCurve) return
    const filled = bins.filter((b) => b.count > 0)
    close(
      filled.map((b) => b.predicted ?? Number.NaN),
      sample.calibrationCurve[0],
    )
    close(
      filled.map((b) => b.observed?.value ?? Number.NaN),
      sample.calibrationCurve[1],
    )
  })
})

it.each(golden.prevalence)("predictive values are scikit-learn's at another prevalence, set %#", (set) => {
  const share = ([value, low, high]: readonly number[]) => ({ value, low, high })
  const { ppv, npv } = predictiveValues(share(set.sensitivity), share(set.specificity), set.prevalence)
  expect(ppv?.value).toBeCloseTo(set.ppv, 10)
  expect(npv?.value).toBeCloseTo(set.npv, 10)
  expect(ppv?.interval?.low).toBeLessThan(set.ppv)
  expect(ppv?.interval?.high).toBeGreaterThan(set.ppv)
})

describe.each(golden.boxes)('FROC agrees with brute force, set %#', (set) => {
  const box = ([from, to]: number[][]) => ({ from, to }) as unknown as Box3
  const scans = set.scans.map((s) => ({
    fractures: s.fractures.map(box),
    marks: s.marks.map((m) => ({ box: box(m.box as number[][]), score: m.score })),
  }))
  it('overlaps of boxes are those of their unit cubes', () => {
    for (const [n, { marks, fractures }] of scans.entries())
      for (const [i, m] of marks.entries())
        close(
          fractures.map((f) => boxIou(m.box, f)),
          set.overlaps[n][i],
          12,
        )
  })
  it('points, readings and mean', () => {
    const result = froc(scans, { replicates: 200, seed: 1 })
    expect(result).not.toBeNull()
    if (!result) return
    close(
      result.points.map((p) => p.threshold),
      set.points.map((p) => p[0]),
    )
    close(
      result.points.map((p) => p.falseBoxes),
      set.points.map((p) => p[1]),
    )
    close(
      result.points.map((p) => p.sensitivity),
      set.points.map((p) => p[2]),
    )
    close(
      result.sensitivities.map((s) => s.sensitivity.value),
      set.at,
    )
    expect(result.mean.value).toBeCloseTo(set.mean, 10)
    const t = thresholdAt(result.points, 1)
    const called = result.found.flat().filter((s) => s !== null && s >= t).length
    expect(called / result.found.flat().length).toBeCloseTo(sensitivityAt(result.points, 1), 10)
  })
})

it('FROC of scans without fractures is not defined', () => {
  expect(froc([{ marks: [], fractures: [] }])).toBeNull()
})

it("the interval of a mean over patients is SciPy's percentile bootstrap", () => {
  const { values, mean, interval } = golden.clusterMean
  const sums = values.map((own) => [own.reduce((a, b) => a + b, 0), own.length])
  const measures = { mean: ([sum, count]: readonly number[]) => sum / count }
  const found = estimateFromSums(sums, measures, { replicates: 4000, seed: 3 }).mean
  expect(found?.value).toBeCloseTo(mean, 10)
  const [low, high] = ends(found?.interval ?? null)
  expect(Math.abs(low - interval[0])).toBeLessThan(0.003)
  expect(Math.abs(high - interval[1])).toBeLessThan(0.003)
})

it('few patients, and draws that all agree, have no interval', () => {
  const measures = { mean: ([sum, count]: readonly number[]) => sum / count }
  const of = (patients: number, value: (n: number) => number) =>
    estimateFromSums(
      Array.from({ length: patients }, (_, n) => [value(n), 1]),
      measures,
      BOOTSTRAP,
    ).mean
  expect(of(9, (n) => n)).toEqual({ value: 4, interval: null })
  expect(of(10, (n) => n)?.interval).not.toBeNull()
  expect(of(40, () => 1)).toEqual({ value: 1, interval: null })
  expect(of(0, () => 1)).toBeNull()
  // Nine fractured patients among forty, ranked perfectly.
  const patients = Array.from({ length: 40 }, (_, n) => n)
  const areas = (fractured: number) =>
    bootstrapAreas(
      rank(
        patients.map((n) => 1 - n / 40),
        patients.map((n) => n % 2 === 0 && n < 2 * fractured),
        patients,
      ),
      40,
    )
  expect(areas(9)).toEqual({ auc: null, averagePrecision: null, rocBand: null, prBand: null })
  expect(areas(10).auc).not.toBeNull()
})

it('where a curve stands upright, its upper end counts', () => {
  // One negative first, then two positives, then the other negative: upright at a rate of 0.5.
  const ranking = rank([0.9, 0.8, 0.7, 0.1], [false, true, true, false], [0, 1, 2, 3])
  const drawn = { sensitivities: new Float64Array(51), precisions: new Float64Array(51) }
  weightedAreas(ranking, [1, 1, 1, 1], drawn)
  expect([0, 24, 25, 50].map((n) => drawn.sensitivities[n])).toEqual([0, 0, 1, 1])
})

it('the same seed draws the same patients', () => {
  const draw = () => [...resamples(5, { replicates: 3, seed: 4 })].map((w) => [...w])
  expect(draw()).toEqual(draw())
  for (const weights of resamples(9, { replicates: 5, seed: 1 }))
    expect(weights.reduce((a, b) => a + b, 0)).toBe(9)
})

it("Dice is scikit-learn's F1 of the voxels", () => {
  const { a, b, dice: expected } = golden.overlap
  close(
    [0, 1, 2, 3].map((k) => dice(Uint8Array.from(a), Uint8Array.from(b), k)),
    expected,
  )
})

it("quantiles are NumPy's", () => {
  const { values, at } = golden.quantiles
  for (const [share, expected] of at) expect(quantile(values, share)).toBeCloseTo(expected, 10)
  expect(quantile([], 0.5)).toBeNull()
})

it('hulls hold all their boxes', () => {
  expect(
    hull([
      { from: [1, 5, 3], to: [4, 6, 4] },
      { from: [2, 3, 4], to: [3, 9, 5] },
    ]),
  ).toEqual({ from: [1, 3, 3], to: [4, 9, 5] })
  expect(hull([])).toBeNull()
})

it('an interval needs most of its replicates', () => {
  expect(percentileInterval([null, null, 0.5])).toBeNull()
  expect(auc([0.1], [true])).toBeNull()
})
