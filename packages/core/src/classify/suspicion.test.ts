import { expect, it } from 'vitest'
import { CROP, CROP_SIZE } from './crop.ts'
import { HEAT_COLUMNS, HEAT_ROWS } from './slices.ts'
import { suspicionOf } from './suspicion.ts'

it('peaks in the slice that is hot, at its height in the patient, and counts nothing outside the vertebra', () => {
  const [slices] = CROP.shape
  const heat = new Float32Array(slices * HEAT_ROWS * HEAT_COLUMNS).fill(-8)
  const hot = (slice: number) => slice * HEAT_ROWS * HEAT_COLUMNS + 8 * HEAT_COLUMNS + 8
  heat[hot(5)] = 8
  heat[hot(15)] = 8
  const mask = new Uint8Array(CROP_SIZE).fill(255, 0, CROP_SIZE / 2)
  const crop = { level: 'C3', centreLps: [1, 2, 100], image: mask, mask } as const
  const scores = { logit: 0, sliceLogits: new Float32Array(slices).fill(8), heat }
  const { firstZMm, stepMm, values } = suspicionOf(crop, scores, 0.5)
  expect(values).toHaveLength(slices)
  expect(values.indexOf(Math.max(...values))).toBe(5)
  expect(values[5]).toBeCloseTo(0.5, 2)
  expect(values[15]).toBeLessThan(0.01)
  // 24 slices of 1.5 mm around 100 mm: the sixth from the head lies 9.75 mm above the middle.
  expect(firstZMm - 5 * stepMm).toBeCloseTo(109.75)
})
