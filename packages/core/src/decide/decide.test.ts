import { expect, test } from 'vitest'
import type { Decision } from '../bundle/manifest.ts'
import type { Segmentation } from '../segment/segmentation.ts'
import { assess } from './assessable.ts'
import { decide, patientProbability, vertebraProbability } from './decide.ts'

const decision: Decision = {
  sliceModelWeight: 0.25,
  calibration: { slope: 2, intercept: -1 },
  operatingPoint: 'f2',
  thresholds: { C1: 0.5, C2: 0.3, C3: 0.5, C4: 0.5, C5: 0.5, C6: 0.5, C7: 0.5, patient: 0.6 },
  learnedOn: 'test',
}

test('weighs the logits, then scales', () => {
  // 2 * (0.25 * 4 + 0.75 * 0) - 1 = 1
  expect(vertebraProbability('C4', { slices: 4, sequence: 0 }, decision)).toBeCloseTo(1 / (1 + Math.exp(-1)))
})

test('the patient is at least as suspicious as the worst vertebra', () => {
  expect(patientProbability([0.5, 0.5])).toBeCloseTo(0.75)
  expect(patientProbability([0, 0.9, 0])).toBeCloseTo(0.9)
})

test('each level has its own threshold and what was not seen is not negative', () => {
  const { levels, patient } = decide({ C1: 0.4, C2: 0.3 }, decision)
  expect(levels.C1).toBe(false)
  expect(levels.C2).toBe(true)
  expect(levels.C7).toBeNull()
  expect(patient.probability).toBeCloseTo(0.58)
  expect(patient.fracture).toBe(false)
})

const volume = (slice: number, pixel: number) => ({
  data: new Int16Array(0),
  shape: [0, 0, 0] as const,
  ijkToLps: [pixel, 0, 0, 0, 0, pixel, 0, 0, 0, 0, slice, 0, 0, 0, 0, 1],
})
const seen = (...labels: number[]): Segmentation => ({
  labels: { data: new Uint8Array(0), shape: [0, 0, 0], ijkToLps: [] },
  vertebrae: labels.map((label) => ({
    label,
    centreLps: [0, 0, 0],
    minLps: [0, 0, 0],
    maxLps: [0, 0, 0],
    volumeMm3: 9000,
    confidence: 1,
    truncated: false,
  })),
})
const codes = (...args: Parameters<typeof assess>) => assess(...args).map((f) => `${f.severity} ${f.code}`)

test.each([
  ['a fine complete neck', volume(0.8, 0.4), seen(1, 2, 3, 4, 5, 6, 7, 8), []],
  ['thick slices', volume(4.25, 0.9), seen(1, 2, 3, 4, 5, 6, 7), ['blocking slices-too-thick']],
  ['thickish slices', volume(2, 0.4), seen(1, 2, 3, 4, 5, 6, 7), ['warning slices-thick']],
  [
    'large pixels',
    volume(2.5, 3.9),
    seen(1, 2, 3, 4, 5, 6, 7),
    ['warning slices-thick', 'blocking pixels-too-large'],
  ],
  ['four vertebrae', volume(1, 0.4), seen(2, 3, 4, 5), ['blocking no-cervical-spine']],
  ['six with a hole', volume(1, 0.4), seen(1, 2, 3, 5, 6, 7), ['blocking no-cervical-spine']],
  ['a chest', volume(1, 0.7), seen(7, 8), ['blocking no-cervical-spine']],
  [
    'the middle of a neck',
    volume(1, 0.4),
    seen(3, 4, 5, 6, 7),
    ['warning levels-not-in-view', 'warning levels-uncertain'],
  ],
])('%s', (_, v, s, expected) => {
  expect(codes({ volume: v, plane: 'axial' }, s)).toEqual(expected)
})
