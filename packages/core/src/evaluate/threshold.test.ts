import { describe, expect, it } from 'vitest'
import golden from '../../test/golden/metrics.json' with { type: 'json' }
import { confuse, fScore } from './metrics.ts'
import { bestThreshold, fitPlatt } from './threshold.ts'

describe('bestThreshold', () => {
  it.each(golden.samples)(
    'reaches the best F2 that scikit-learn finds, sample %#',
    ({ scores, labels, bestF2 }) => {
      const truth = labels.map((l) => l === 1)
      const threshold = bestThreshold(scores, truth) ?? Number.NaN
      const called = scores.map((s) => s >= threshold)
      expect(fScore(confuse(called, truth), 2)).toBeCloseTo(bestF2, 12)
    },
  )
  it('lies halfway between the scores it divides', () => {
    expect(bestThreshold([0.1, 0.2, 0.8, 0.9], [false, false, true, true])).toBe(0.5)
  })
  it('takes the lowest score when everything has to be called', () => {
    expect(bestThreshold([0.3, 0.6], [true, false])).toBe(0.3)
  })
  it('leaves out cases of weight zero', () => {
    expect(bestThreshold([0.9, 0.5, 0.1], [true, false, true], 2, [1, 1, 0])).toBe(0.7)
  })
  it('cannot be learned without positives', () => {
    expect(bestThreshold([0.3, 0.6], [false, false])).toBeNull()
  })
})

describe('fitPlatt', () => {
  it.each(golden.platt)(
    'finds the minimum that SciPy finds, set %#',
    ({ logits, labels, ridge, slope, intercept }) => {
      const fit = fitPlatt(
        logits,
        labels.map((l) => l === 1),
        ridge,
      )
      expect(fit.slope).toBeCloseTo(slope, 5)
      expect(fit.intercept).toBeCloseTo(intercept, 5)
    },
  )
  it.each(golden.platt)("without a ridge is scikit-learn's, set %#", ({ logits, labels, withoutRidge }) => {
    const fit = fitPlatt(
      logits,
      labels.map((l) => l === 1),
      0,
    )
    expect(fit.slope).toBeCloseTo(withoutRidge[0], 3)
    expect(fit.intercept).toBeCloseTo(withoutRidge[1], 3)
  })
  it('stays finite for separated and for one-sided sets', () => {
    for (const labels of [
      [false, false, true, true],
      [false, false, false, false],
    ]) {
      const { slope, intercept } = fitPlatt([-40, -20, 20, 40], labels)
      expect(Number.isFinite(slope) && Number.isFinite(intercept)).toBe(true)
    }
  })
})
