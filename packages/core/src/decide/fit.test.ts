import { expect, test } from 'vitest'
import { LEVELS, type Level } from '../levels.ts'
import { vertebraProbability } from './decide.ts'
import { fitDecision, type LabelledStudy } from './fit.ts'

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
