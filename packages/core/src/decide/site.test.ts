import { describe, expect, test } from 'vitest'
import { LEVELS, type Level } from '../levels.ts'
import { type Scores, vertebraProbability } from './decide.ts'
import { fitDecision, type LabelledStudy } from './fit.ts'
import { adjustToSite, LEAST_AT_SITE, medianLogits } from './site.ts'

/** Studies whose logits lie higher by so much, by level, as a scanner's look may do. */
function studies(count: number, offset: (level: Level) => number, seed = 1): LabelledStudy[] {
  let state = seed
  const random = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  return Array.from({ length: count }, () => {
    const truth = LEVELS.map(() => random() < 0.1)
    const scores = LEVELS.map((level, n): [Level, Scores] => {
      const score = (truth[n] ? 3 : -3) + 4 * (random() - 0.5) + offset(level)
      return [level, { slices: score, sequence: score }]
    })
    return {
      scores: Object.fromEntries(scores),
      fractured: Object.fromEntries(LEVELS.map((l, n) => [l, truth[n]])) as Record<Level, boolean>,
    }
  })
}

const scoresOf = (all: readonly LabelledStudy[]) => all.map((s) => s.scores)
const specificity = (all: readonly LabelledStudy[], decision: ReturnType<typeof fitDecision>) => {
  const intact = all.flatMap((s) =>
    LEVELS.filter((l) => !s.fractured[l]).map((l) => [l, s.scores[l]!] as const),
  )
  const calm = intact.filter(([l, s]) => vertebraProbability(l, s, decision) < decision.thresholds[l])
  return calm.length / intact.length
}

const decision = fitDecision(
  studies(300, () => 0),
  'home',
)

describe('a decision moves to a site whose logits lie higher', () => {
  const offset = (level: Level) => (level === 'C6' ? 6 : level === 'C2' ? -1 : 2)
  const moved = adjustToSite(decision, scoresOf(studies(200, offset, 7)), 'a month of one scanner')

  test('by level, and without labels', () => {
    expect(moved.site?.learnedOn).toBe('a month of one scanner')
    for (const level of LEVELS) expect(moved.site?.shift[level]).toBeCloseTo(offset(level), 0)
    expect(moved.thresholds).toEqual(decision.thresholds)
  })

  test('so that its thresholds hold there as they did at home', () => {
    const there = studies(300, offset, 11)
    const atHome = specificity(
      studies(300, () => 0, 11),
      decision,
    )
    expect(specificity(there, decision)).toBeLessThan(atHome - 0.1)
    expect(specificity(there, moved)).toBeGreaterThan(atHome - 0.02)
  })

  test('and learning again with labels forgets the site', () => {
    expect(fitDecision(studies(300, offset), 'there').site).toBeUndefined()
  })
})

test('the median is that of the ensemble, by level', () => {
  const of = (slices: number, sequence: number) => ({ C3: { slices, sequence } })
  expect(medianLogits([of(0, 4), of(2, 2), of(9, 9)], 0.25)).toEqual({ C3: 3 })
})

test('refuses what would be a guess', () => {
  const few = scoresOf(studies(LEAST_AT_SITE - 1, () => 0))
  expect(() => adjustToSite(decision, few, '')).toThrow(/needs 50 judged vertebrae.*C1 49, C2 49/)
  const { medians: _, ...old } = decision
  expect(() => adjustToSite(old, scoresOf(studies(60, () => 0)), '')).toThrow(/Calibrate it again/)
})
