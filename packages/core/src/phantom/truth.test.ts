import { expect, test } from 'vitest'
import { truthOfPhantom } from '../evaluate/cases/phantom-truth.ts'
import { LEVELS, type Level } from '../levels.ts'
import { affine, transform } from '../volume/geometry.ts'
import type { PlannedFracture } from './plan.ts'
import { boxesOf, locateLookAlikes, measureTruth } from './truth.ts'

const NONE = Object.fromEntries(LEVELS.map((l) => [l, false])) as Record<Level, boolean>

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

test('a bone that is broken in two places has a box for each, whatever crumbs lie beside', () => {
  const [slices, side] = [6, 60]
  const mask = new Uint8Array(slices * side * side)
  const fill = (x0: number, y0: number, width: number) => {
    for (let z = 1; z <= 4; z++)
      for (let y = y0; y < y0 + 2; y++)
        for (let x = x0; x < x0 + width; x++) mask[(z * side + y) * side + x] = 1
  }
  fill(10, 20, 4)
  // 2 mm further: the same place.
  fill(16, 20, 3)
  fill(45, 22, 4)
  // A crumb of 1 mm3.
  mask[(2 * side + 50) * side + 30] = 1
  const { fractures } = measureTruth({
    seed: 1,
    preset: 'small',
    plan: [planned('C1', 'c1-ring')],
    centresLps: [[0, 0, 0]],
    mask,
    shape: [slices, side, side],
    voxelMm: [1, 1, 1],
  })
  expect(fractures[0].boxes).toEqual(
    [1, 2, 3, 4].flatMap((sliceIndex) => [
      { sliceIndex, x: 7, y: 17, width: 15, height: 8 },
      { sliceIndex, x: 42, y: 19, width: 10, height: 8 },
    ]),
  )
  const { fractures: found } = truthOfPhantom({ fractured: NONE, fractures })
  expect(found?.map((f) => f.box)).toEqual([
    { from: [7, 17, 1], to: [22, 25, 5] },
    { from: [42, 19, 1], to: [52, 27, 5] },
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

test('boxes of an ellipsoid hold it and no more, however the slices lie', () => {
  const shape = [40, 60, 60] as const
  const c = Math.cos(0.5)
  const s = Math.sin(0.5)
  const toLps = affine([c, s, 0], [-s * c, c * c, s], [s * s, -s * c, c], [30, 28, 20])
  const ijkToLps = affine([1, 0, 0], [0, 1, 0], [0.2, 0, 1], [0, 0, 0])
  const region = { centre: [1, -2, 0.5], radii: [9, 4, 6], toLps } as const
  const boxes = boxesOf(region, { shape, ijkToLps })
  // By counting: every voxel whose place is inside the ellipsoid.
  const back = (p: readonly number[]) =>
    [0, 1, 2].map((k) => toLps[k] * p[0] + toLps[4 + k] * p[1] + toLps[8 + k] * p[2])
  for (let z = 0; z < shape[0]; z++) {
    let bounds = [99, 99, -1, -1]
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++) {
        const p = transform(ijkToLps, [x, y, z])
        const q = back([p[0] - 30, p[1] - 28, p[2] - 20])
        if (Math.hypot((q[0] - 1) / 9, (q[1] + 2) / 4, (q[2] - 0.5) / 6) > 1) continue
        bounds = [
          Math.min(bounds[0], x),
          Math.min(bounds[1], y),
          Math.max(bounds[2], x),
          Math.max(bounds[3], y),
        ]
      }
    const box = boxes.find((b) => b.sliceIndex === z)
    if (bounds[2] < 0) continue
    if (!box) throw new Error(`slice ${z} has no box`)
    for (const [from, to, low, high] of [
      [box.x, box.x + box.width - 1, bounds[0], bounds[2]],
      [box.y, box.y + box.height - 1, bounds[1], bounds[3]],
    ]) {
      expect(from).toBeLessThanOrEqual(low)
      expect(low - from).toBeLessThan(3)
      expect(to).toBeGreaterThanOrEqual(high)
      expect(to - high).toBeLessThan(3)
    }
  }
})

test('a look-alike outside the field of view is no truth', () => {
  const identity = affine([1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0])
  const at = (z: number) => ({ centre: [10, 10, z], radii: [3, 3, 3], toLps: identity }) as const
  const planned = { level: 'C4', type: 'schmorl-node', severity: 0.5, side: 1 } as const
  const found = locateLookAlikes({
    plan: [planned, { ...planned, level: 'C7' }],
    regions: [at(5), at(12)],
    artefacts: [],
    grid: { shape: [10, 20, 20], ijkToLps: identity },
  })
  expect(found.map((l) => l.level)).toEqual(['C4'])
  expect(found[0].centreLps).toEqual([10, 10, 5])
})
