import { describe, expect, it } from 'vitest'
import { byColumn } from '../../test/columns.ts'
import golden from '../../test/golden/metrics.json' with { type: 'json' }
import { competitionLoss } from './competition.ts'
import { auc, averagePrecision, measure, wilson } from './metrics.ts'

describe('measure agrees with scikit-learn and SciPy', () => {
  it.each(golden.samples)('sample %#', (sample) => {
    const labels = sample.labels.map((l) => l === 1)
    const m = measure(
      { scores: sample.scores, labels },
      sample.scores.map((p) => p >= sample.threshold),
    )
    expect(m.confusion).toEqual(sample.confusion)
    for (const name of [
      'accuracy',
      'precision',
      'f1',
      'f2',
      'auc',
      'averagePrecision',
      'logLoss',
      'brier',
    ] as const)
      expect(m[name], name).toBeCloseTo(sample[name], 10)
    for (const name of ['recall', 'specificity'] as const) {
      const [value, low, high] = sample[name]
      expect(m[name]?.value, name).toBeCloseTo(value, 10)
      expect(m[name]?.low, name).toBeCloseTo(low, 8)
      expect(m[name]?.high, name).toBeCloseTo(high, 8)
    }
  })
})

describe('values that are not defined are null, never 0', () => {
  it('without positives', () => {
    const m = measure({ scores: [0.1, 0.2], labels: [false, false] }, [false, false])
    expect(m).toMatchObject({
      recall: null,
      precision: null,
      f1: null,
      f2: null,
      auc: null,
      averagePrecision: null,
    })
    expect(m.specificity?.value).toBe(1)
  })
  it('without negatives', () => {
    const m = measure({ scores: [0.7], labels: [true] }, [true])
    expect(m).toMatchObject({ specificity: null, auc: null, averagePrecision: 1 })
  })
  it('of nothing at all', () => {
    expect(measure({ scores: [], labels: [] }, [])).toMatchObject({
      count: 0,
      accuracy: null,
      logLoss: null,
      brier: null,
    })
  })
  it('for the log loss of a certain mistake', () => {
    expect(measure({ scores: [1], labels: [false] }, [true]).logLoss).toBeNull()
  })
})

describe('ties', () => {
  it('count half in the AUC, and give prevalence as average precision', () => {
    expect(auc([0.5, 0.5, 0.5, 0.5], [true, false, false, false])).toBe(0.5)
    expect(averagePrecision([0.5, 0.5, 0.5, 0.5], [true, false, false, false])).toBe(0.25)
  })
})

it('Wilson intervals stay inside 0..1 at the ends', () => {
  expect(wilson(0, 10)).toMatchObject({ value: 0, low: 0 })
  expect(wilson(10, 10)).toMatchObject({ value: 1, high: 1 })
})

it("the competition's loss agrees with scikit-learn's weighted log loss", () => {
  const { labels, probabilities, perStudy, global } = golden.competition
  const loss = competitionLoss(
    labels.map((row, i) => ({
      labels: byColumn(row.map((l) => l === 1)),
      probabilities: byColumn(probabilities[i]),
    })),
  )
  expect(loss.perStudy).toBeCloseTo(perStudy, 10)
  expect(loss.global).toBeCloseTo(global, 10)
})
