import { expect, test } from 'vitest'
import { LEVELS, type Level } from '../levels.ts'
import { type Scores, vertebraProbability } from './decide.ts'
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
    LEVELS.map((l) => ({ p: vertebraProbability(l, s.scores[l]!, decision), y: s.fractured[l] })),
  )
  const mean = rows.reduce((sum, r) => sum + r.p, 0) / rows.length
  const prevalence = rows.filter((r) => r.y).length / rows.length
  expect(mean).toBeCloseTo(prevalence, 2)
  const recall =
    rows.filter((r) => r.y && r.p >= decision.thresholds.C4).length / rows.filter((r) => r.y).length
  expect(recall).toBeGreaterThan(0.9)
})

test('shares the vote where neither model is better, and where little is known', () => {
  const alike = studies(60).map((s) => ({
    ...s,
    scores: Object.fromEntries(
      LEVELS.map((l) => [
        l,
        {
          slices: s.scores[l]!.sequence + s.scores[l]!.slices,
          sequence: s.scores[l]!.sequence - s.scores[l]!.slices,
        },
      ]),
    ) as Record<Level, Scores>,
  }))
  expect(fitDecision(alike, 'test').sliceModelWeight).toBe(0.5)
  const clear = fitDecision(studies(300), 'test').sliceModelWeight
  expect(fitDecision(studies(6), 'test').sliceModelWeight).toBeGreaterThan(clear)
})

test('says so when there is nothing to learn from', () => {
  const healthy = studies(3).map((s) => ({
    ...s,
    fractured: Object.fromEntries(LEVELS.map((l) => [l, false])) as Record<Level, boolean>,
  }))
  expect(() => fitDecision(healthy, 'test')).toThrow(/0 fractured and 21 intact/)
})
