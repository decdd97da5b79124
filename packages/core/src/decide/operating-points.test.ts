import { expect, test } from 'vitest'
import golden from '../../test/golden/operating-points.json' with { type: 'json' }
import { type Decision, decisionSchema } from '../bundle/manifest.ts'
import { LEVELS, type Level } from '../levels.ts'
import {
  atOperatingPoint,
  chooseOperatingPoints,
  type ScoredVertebra,
  thresholdForSensitivity,
  thresholdForSpecificity,
} from './operating-points.ts'

const cases = golden.map((g) => ({ ...g, labels: g.labels.map((l) => l === 1) }))

/** Weighted share of the cases of one class that are called as they are. */
function share({ scores, labels, weights }: (typeof cases)[number], threshold: number, of: boolean): number {
  const sum = (keep: (n: number) => boolean) => weights.reduce((s, w, n) => (keep(n) ? s + w : s), 0)
  return sum((n) => labels[n] === of && scores[n] >= threshold === of) / sum((n) => labels[n] === of)
}

test.each(cases)(
  'a bound on the specificity costs no sensitivity that scikit-learn keeps, sample %#',
  (c) => {
    const threshold = thresholdForSpecificity(c, 0.9) as number
    expect(share(c, threshold, false)).toBeGreaterThanOrEqual(0.9 - 1e-9)
    expect(share(c, threshold, true)).toBeCloseTo(c.sensitivityAtSpecificity90, 10)
  },
)

test.each(cases)(
  'a bound on the sensitivity costs no specificity that scikit-learn keeps, sample %#',
  (c) => {
    const threshold = thresholdForSensitivity(c, 0.98) as number
    expect(share(c, threshold, true)).toBeGreaterThanOrEqual(0.98 - 1e-9)
    expect(share(c, threshold, false)).toBeCloseTo(c.specificityAtSensitivity98, 10)
  },
)

test('thresholds lie halfway between the scores they divide', () => {
  const scores = [0.9, 0.7, 0.5, 0.1]
  expect(thresholdForSpecificity({ scores, labels: [true, true, false, false] }, 0.9)).toBeCloseTo(0.6)
  expect(thresholdForSensitivity({ scores, labels: [true, true, false, false] }, 0.98)).toBeCloseTo(0.6)
})

test('nothing is called where the highest score is a false alarm', () => {
  expect(thresholdForSpecificity({ scores: [0.9, 0.5], labels: [false, true] }, 0.9)).toBeCloseTo(0.95)
})

test('one class alone fixes nothing', () => {
  expect(thresholdForSpecificity({ scores: [0.5], labels: [true] }, 0.9)).toBeNull()
  expect(thresholdForSensitivity({ scores: [0.5], labels: [false] }, 0.98)).toBeNull()
})

/** C1 has forty fractures, C2 one; the others none. */
const vertebrae: ScoredVertebra[] = LEVELS.flatMap((level, l) =>
  Array.from({ length: 80 }, (_, n) => {
    const fractured = (level === 'C1' && n < 40) || (level === 'C2' && n < 1)
    return { level, fractured, probability: fractured ? 0.6 + n / 200 : 0.004 * n + 0.03 * l }
  }),
)
const points = chooseOperatingPoints(
  vertebrae,
  [
    { probability: 0.9, fractured: true },
    { probability: 0.2, fractured: false },
  ],
  '80 test cases',
)

test('each point reaches its aim on the cases it was chosen on, where the level has enough of its own', () => {
  for (const level of LEVELS) {
    const { specificity, negatives, few } = points['specificity-90'].reached[level]
    expect(specificity?.value).toBeGreaterThanOrEqual(0.9)
    expect([negatives >= 30, few]).toEqual([true, false])
  }
  const { sensitivity, few } = points['sensitivity-98'].reached.C1
  expect(sensitivity?.value).toBeGreaterThanOrEqual(0.98)
  // Wilson's lower bound for 40 of 40 is n / (n + z^2).
  expect(sensitivity?.low).toBeCloseTo(0.9123786, 6)
  expect(few).toBe(false)
})

test('a level without enough fractures borrows from the others and says that it has few', () => {
  expect(points['sensitivity-98'].reached.C2).toMatchObject({ positives: 1, few: true })
  expect(points['sensitivity-98'].reached.C5).toMatchObject({ positives: 0, sensitivity: null, few: true })
  // With C1's forty fractures counted as ten, all of which have to be found.
  expect(points['sensitivity-98'].thresholds.C5).toBeLessThan(0.6 + 0.005)
  expect(points.f2.reached.patient.few).toBe(true)
})

const decision: Decision = {
  sliceModelWeight: 0.5,
  calibration: { slope: 1, intercept: 0 },
  operatingPoint: 'f2',
  thresholds: points.f2.thresholds,
  operatingPoints: points,
  learnedOn: 'test',
}

test('a decision changes its point by name and survives JSON', () => {
  const stored = decisionSchema.parse(JSON.parse(JSON.stringify(decision)))
  const other = atOperatingPoint(stored, 'sensitivity-98')
  expect(other.operatingPoint).toBe('sensitivity-98')
  expect(other.thresholds).toEqual(points['sensitivity-98'].thresholds)
  expect(atOperatingPoint(other, 'f2').thresholds).toEqual(points.f2.thresholds)
})

test.each(['nonsense', 'toString', '__proto__'])(
  'refuses the unknown point %s and names those there are',
  (name) => {
    expect(() => atOperatingPoint(decision, name)).toThrow(/"f2", "specificity-90", "sensitivity-98"/)
  },
)

test('a bundle from before there were points keeps the one that it has', () => {
  const thresholds = Object.fromEntries([...LEVELS, 'patient'].map((l) => [l, 0.3])) as Record<
    Level | 'patient',
    number
  >
  const old = decisionSchema.parse({
    ...decision,
    operatingPoint: 'highest F2',
    thresholds,
    operatingPoints: undefined,
  })
  expect(atOperatingPoint(old, 'highest F2').thresholds).toEqual(thresholds)
  expect(() => atOperatingPoint(old, 'sensitivity-98')).toThrow(/"highest F2"/)
})
