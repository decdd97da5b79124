import { expect, test } from 'vitest'
import { LEVELS } from '../levels.ts'
import { sampleLookAlikes, samplePlan } from './plan.ts'

const STUDIES = 20_000

test('levels and patients are fractured as often as in RSNA 2022', () => {
  const byLevel = LEVELS.map(() => 0)
  const byCount = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let seed = 0; seed < STUDIES; seed++) {
    const levels = new Set(samplePlan({ seed, preset: 'rsna' }).map((f) => f.level))
    for (const level of levels) byLevel[LEVELS.indexOf(level)]++
    byCount[levels.size]++
  }
  // Percent of studies; field facts of the data set, 2,019 studies.
  const expected = [7.2, 14.1, 3.6, 5.3, 8.0, 13.7, 19.5]
  byLevel.forEach((n, i) => {
    expect(Math.abs((100 * n) / STUDIES - expected[i]), LEVELS[i]).toBeLessThan(0.8)
  })
  const counts = [1058, 623, 239, 64, 26, 7, 2]
  counts.forEach((n, i) => {
    expect(Math.abs(byCount[i] / STUDIES - n / 2019), `${i} levels`).toBeLessThan(0.012)
  })
})

test('fractured levels cluster', () => {
  let pairs = 0
  let neighbours = 0
  for (let seed = 0; seed < 5000; seed++) {
    const levels = [...new Set(samplePlan({ seed, preset: 'rsna' }).map((f) => LEVELS.indexOf(f.level)))]
    if (levels.length !== 2) continue
    pairs++
    if (Math.abs(levels[0] - levels[1]) === 1) neighbours++
  }
  // Without preference about 0.29 of the pairs would be neighbours.
  expect(neighbours / pairs).toBeGreaterThan(0.38)
})

test('a plan holds what a level can suffer, once', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const plan = samplePlan({ seed, preset: 'train' })
    for (const { level, type, severity } of plan) {
      if (type.startsWith('dens') || type.startsWith('c2-')) expect(level).toBe('C2')
      if (type.startsWith('c1-')) expect(level).toBe('C1')
      if (type === 'compression' || type === 'burst') expect(LEVELS.indexOf(level)).toBeGreaterThan(1)
      expect(severity).toBeGreaterThan(0)
      expect(severity).toBeLessThanOrEqual(1)
    }
    expect(new Set(plan.map((f) => f.level + f.type)).size).toBe(plan.length)
  }
})

test('healthy patients have no fractures', () => {
  for (let seed = 0; seed < 200; seed++) expect(samplePlan({ seed, preset: 'healthy' })).toEqual([])
})

test('look-alikes are as common in broken vertebrae as in whole ones', () => {
  const counts = { broken: [0, 0], whole: [0, 0] }
  let studies = 0
  let without = 0
  for (let seed = 0; seed < 4000; seed++) {
    const plan = samplePlan({ seed, preset: 'train' })
    const found = sampleLookAlikes({ seed, plan })
    studies++
    if (found.length === 0) without++
    for (const level of LEVELS) {
      const side = plan.some((f) => f.level === level) ? counts.broken : counts.whole
      side[0]++
      side[1] += found.filter((l) => l.level === level).length
    }
    if (plan.some((f) => f.type.startsWith('dens')))
      expect(found.some((l) => l.type === 'os-odontoideum')).toBe(false)
  }
  const [broken, whole] = [counts.broken, counts.whole].map(([n, hits]) => hits / n)
  // Breaks exclude a few kinds; levels differ.
  expect(broken / whole).toBeGreaterThan(0.8)
  expect(broken / whole).toBeLessThan(1.25)
  expect(without / studies).toBeLessThan(0.02)
})
