import { expect, test } from 'vitest'
import { CROP, CROP_PLANE } from '../classify/crop.ts'
import type { Mat4 } from '../volume/geometry.ts'
import { HEAT_SHAPE, heatOf, paintBoxes, paintVoxels } from './heat.ts'

const [dz, dy, dx] = CROP.spacingMm
const [slices, rows, columns] = HEAT_SHAPE
/** A volume whose voxel (0, 0, 0) is at the origin, head first. */
const grid = (s: readonly [number, number, number], shape: readonly [number, number, number]) => ({
  shape,
  ijkToLps: [s[0], 0, 0, 0, 0, s[1], 0, 0, 0, 0, -s[2], 0, 0, 0, 0, 1] as Mat4,
})
/** Centre that puts a point at pixel (x, y, z) of its crop. */
const centred = (x: number, y: number, z: number) =>
  [dx * (63.5 - x), dy * (63.5 - y), dz * (z - 11.5)] as const

test('a voxel becomes a spot at its place, one pixel wider on each side', () => {
  const painted = paintVoxels([0], grid([0.4, 0.4, 0.8], [1, 1, 1]), centred(20, 30, 5))
  const at = [...painted.keys()].filter((n) => painted[n])
  const expected = [29, 30, 31].flatMap((y) =>
    [19, 20, 21].map((x) => 5 * CROP_PLANE + y * CROP.shape[2] + x),
  )
  expect(at).toEqual(expected)
})

test('slices thicker than those of the crop leave no gaps', () => {
  const painted = paintVoxels([0, 1], grid([1, 1, 6], [2, 1, 1]), centred(64, 64, 6))
  const bySlice = Array.from({ length: CROP.shape[0] }, (_, z) =>
    painted.subarray(z * CROP_PLANE, (z + 1) * CROP_PLANE).some((v) => v > 0),
  )
  expect(bySlice.map(Number).join('')).toMatch(/^0{4,5}1{8,9}0{11}$/)
})

test('voxels beyond the crop are left out', () => {
  expect(paintVoxels([0], grid([1, 1, 1], [1, 1, 1]), [200, 0, 0]).some((v) => v > 0)).toBe(false)
})

test('a box fills its rectangle on its slice', () => {
  const { ijkToLps } = grid([0.7, 0.7, 1.5], [10, 128, 128])
  const painted = paintBoxes(
    [{ sliceIndex: 3, x: 8, y: 16, width: 7, height: 15 }],
    ijkToLps,
    centred(0, 0, 0),
  )
  const heat = heatOf(painted)
  const hot = [...heat.keys()].filter((n) => heat[n] > 0)
  expect(hot).toEqual([2, 3].map((row) => (3 * rows + row) * columns + 1))
  expect(hot.map((n) => heat[n])).toEqual([255, 255])
})

test('a single painted pixel of a cell is not lost', () => {
  const painted = new Uint8Array(slices * CROP_PLANE)
  painted[CROP_PLANE + 9 * CROP.shape[2] + 17] = 1
  const heat = heatOf(painted)
  expect(heat[(rows + 1) * columns + 2]).toBe(Math.ceil(255 / 64))
  expect(heat.filter((v) => v > 0).length).toBe(1)
})
