import { expect, test } from 'vitest'
import type { PlannedFracture } from './plan.ts'
import { measureTruth } from './truth.ts'

const planned = (level: PlannedFracture['level'], type: PlannedFracture['type']): PlannedFracture => ({
  level,
  type,
  severity: 0.5,
  side: 1,
})

test('a fracture outside the field of view is no truth, and the mask is renumbered', () => {
  const shape = [4, 20, 20] as const
  const mask = new Uint8Array(4 * 400)
  // The second of three fractures is not imaged; the third fills x 5-8, y 10-12 of slices 1 and 2.
  for (const z of [1, 2])
    for (let y = 10; y <= 12; y++) for (let x = 5; x <= 8; x++) mask[z * 400 + y * 20 + x] = 3
  for (let n = 0; n < 12; n++) mask[n] = 1
  const truth = measureTruth({
    seed: 1,
    preset: 'small',
    plan: [planned('C1', 'c1-ring'), planned('C5', 'burst'), planned('C7', 'spinous')],
    centresLps: [
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 2],
    ],
    mask,
    shape,
    voxelMm: [1, 1, 1],
  })
  expect(truth.fractures.map((f) => f.level)).toEqual(['C1', 'C7'])
  expect(truth.fractured).toMatchObject({ C1: true, C5: false, C7: true })
  expect(truth.fractures[1].centreLps).toEqual([0, 0, 2])
  expect(new Set(mask)).toEqual(new Set([0, 1, 2]))
  expect(truth.fractures[1].boxes).toEqual([
    { sliceIndex: 1, x: 2, y: 7, width: 10, height: 9 },
    { sliceIndex: 2, x: 2, y: 7, width: 10, height: 9 },
  ])
})

test('boxes stay in the image', () => {
  const mask = new Uint8Array(400).fill(1)
  const truth = measureTruth({
    seed: 1,
    preset: 'small',
    plan: [planned('C3', 'lamina')],
    centresLps: [[0, 0, 0]],
    mask,
    shape: [1, 20, 20],
    voxelMm: [1, 1, 1],
  })
  expect(truth.fractures[0].boxes).toEqual([{ sliceIndex: 0, x: 0, y: 0, width: 20, height: 20 }])
})
