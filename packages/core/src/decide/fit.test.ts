import { expect, test } from 'vitest'
import { LEVELS, type Level } from '../levels.ts'
import { vertebraProbability } from './decide.ts'
import { fBetaThreshold, fitDecision, type LabelledStudy } from './fit.ts'

const row = (score: number, positive: boolean, weight = 1) => ({ score, positive, weight })

test('the threshold has the highest F2, by brute force', () => {
  const rows = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2].map((s, n) => row(s, [0, 1, 5].includes(n)))
  const f2 = (t: number) => {
    const called = rows.filter((r) => r.score >= t)
    const tp = called.filter((r) => r.positive).length
    return (5 * tp) / (4 * 3 + called.length)
  }
  const best = Math.max(...Array.from({ length: 100 }, (_, n) => f2(n / 100)))
  expect(f2(fBetaThreshold(rows))).toBeCloseTo(best)
  expect(fBetaThreshold(rows)).toBeCloseTo(0.35)
})

test('a weight of zero leaves a row out', () => {
  expect(fBetaThreshold([row(0.9, true), row(0.5, false), row(0.1, true, 0)])).toBeCloseTo(0.7)
})

/** Model II knows the truth with noise; Model I is noise alone. */
function studies(count: number): LabelledStudy[] {
  let state = 1
  const random = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  return Array.from({ length: count }, () => {
    const truth = LEVELS.map(() => random() < 0.2)
    const scores = truth.map((t) => ({
      slices: 4 * (random() - 0.5),
      sequence: (t ? 2 : -2) + 6 * (random() - 0.5),
    }))
    const by = <T>(values: readonly T[]) =>
      Object.fromEntries(LEVELS.map((l, n) => [l, values[n]])) as Record<Level, T>
    return { scores: by(scores), fractured: by(truth) }
  })
}

test('trusts the better model, is calibrated and prefers recall', () => {
  const data = studies(300)
  const decision = fitDecision(data, 'test')
  expect(decision.sliceModelWeight).toBeLessThan(0.2)
  const rows = data.flatMap((s) =>
    LEVELS.map((l) => ({ p: vertebraProbability(s.scores[l]!, decision), y: s.fractured[l] })),
  )
  const mean = rows.reduce((sum, r) => sum + r.p, 0) / rows.length
  const prevalence = rows.filter((r) => r.y).length / rows.length
  expect(mean).toBeCloseTo(prevalence, 2)
  const recall =
    rows.filter((r) => r.y && r.p >= decision.thresholds.C4).length / rows.filter((r) => r.y).length
  expect(recall).toBeGreaterThan(0.9)
})

test('says so when there is nothing to learn from', () => {
  const healthy = studies(3).map((s) => ({
    ...s,
    fractured: Object.fromEntries(LEVELS.map((l) => [l, false])) as Record<Level, boolean>,
  }))
  expect(() => fitDecision(healthy, 'test')).toThrow(/0 fractured and 21 intact/)
})
