import { expect, it } from 'vitest'
import { report } from '../../test/report.ts'
import { LEVELS } from '../levels.ts'
import { pointsOfReport, recall } from './recall.ts'

const every = (value: number) =>
  ({ ...Object.fromEntries(LEVELS.map((l) => [l, value])), patient: value }) as Record<
    (typeof LEVELS)[number] | 'patient',
    number
  >
const withPoints = {
  ...report,
  bundle: {
    ...report.bundle,
    operatingPoints: {
      lax: { aim: 'nothing is called', thresholds: every(1) },
      strict: { aim: 'everything is called', thresholds: every(0) },
    },
  },
}

it('names the point in use first', () => {
  expect(pointsOfReport(withPoints)).toEqual([report.bundle.operatingPoint, 'lax', 'strict'])
  expect(pointsOfReport(report)).toEqual([report.bundle.operatingPoint])
})

it('calls follow the thresholds, probabilities stay, and what was not judged stays so', () => {
  for (const [name, call] of [
    ['strict', 'fracture'],
    ['lax', 'no-fracture'],
  ] as const) {
    const other = recall(withPoints, name)
    expect(other.bundle.operatingPoint).toBe(name)
    expect(other.patient.call).toBe(call)
    for (const [n, v] of other.vertebrae.entries()) {
      expect(v.probability).toBe(report.vertebrae[n].probability)
      expect(v.call).toBe(v.probability === null ? 'not-assessable' : call)
    }
  }
})

it('leaves a report as it is at its own point and at one that it does not hold', () => {
  expect(recall(withPoints, report.bundle.operatingPoint)).toBe(withPoints)
  expect(recall(withPoints, 'constructor')).toBe(withPoints)
})
