import { expect, test } from 'vitest'
import { invert, multiply, transform } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { findCandidates } from './candidates.ts'
import { CROP_SIZE, cropGrid } from './crop.ts'

const centreLps = [10, -20, 30] as const
const crop = {
  level: 'C3' as const,
  centreLps,
  image: new Uint8Array(CROP_SIZE),
  mask: new Uint8Array(CROP_SIZE).fill(255),
}
const [rows, columns] = [16, 16]
const logit = (p: number) => Math.log(p / (1 - p))

/** Heat of given cells [slice, row, column]; elsewhere nearly none. */
const scoresOf = (cells: readonly (readonly [number, number, number, number])[]) => {
  const heat = new Float32Array(24 * rows * columns).fill(-20)
  for (const [slice, row, column, p] of cells) heat[(slice * rows + row) * columns + column] = logit(p)
  return { logit: 0, sliceLogits: new Float32Array(24).fill(20), heat }
}

/** A volume of 0.5 x 0.5 x 1 mm around the crop, whose z runs from head to feet or back. */
function volumeOf(headFirst: boolean): Volume {
  const shape = [60, 240, 240] as const
  const ijkToLps = [0.5, 0, 0, -50, 0, 0.5, 0, -80, 0, 0, headFirst ? -1 : 1, headFirst ? 60 : 1, 0, 0, 0, 1]
  return { data: new Int16Array(0), shape, ijkToLps }
}
const slices = Array.from({ length: 60 }, (_, n) => ({ sopInstanceUid: '', path: `${n + 1}.dcm` }))

test.each([true, false])('one hot block is one box around it, head first %s', (headFirst) => {
  const block = [8, 9, 10].flatMap((z) => [4, 5].map((y) => [z, y, 7, 0.9] as const))
  const volume = volumeOf(headFirst)
  const [box, ...others] = findCandidates(crop, scoresOf(block), 0.8, volume, slices)
  expect(others).toEqual([])
  expect(box.score).toBeCloseTo(0.8 * 0.9, 3)
  // Edges lie where the heat would fall to 0.7 of 0.9: 0.3 of a cell beyond its centre; then 3 mm and 2.8 mm more.
  const toVolume = multiply(invert(volume.ijkToLps), cropGrid(centreLps).ijkToLps)
  const [x0, y0, z0] = transform(toVolume, [
    (7.5 - 0.3) * 8 - 0.5 - 4,
    (4.5 - 0.3) * 8 - 0.5 - 4,
    8 - 0.3 - 2,
  ])
  const [x1, y1, z1] = transform(toVolume, [
    (7.5 + 0.3) * 8 - 0.5 + 4,
    (5.5 + 0.3) * 8 - 0.5 + 4,
    10 + 0.3 + 2,
  ])
  expect([box.x, box.x + box.width - 1]).toEqual([Math.ceil(x0), Math.floor(x1)])
  expect([box.y, box.y + box.height - 1]).toEqual([Math.ceil(y0), Math.floor(y1)])
  const [first, last] = [z0, z1].sort((a, b) => a - b)
  expect([box.firstSlice, box.lastSlice]).toEqual([Math.ceil(first), Math.floor(last)])
  expect([box.firstPath, box.lastPath]).toEqual([`${box.firstSlice + 1}.dcm`, `${box.lastSlice + 1}.dcm`])
})

test('a second place is a box of its own at half its worth; a faint third is none', () => {
  const found = findCandidates(
    crop,
    scoresOf([
      [4, 3, 3, 0.8],
      [18, 12, 12, 0.4],
      [12, 8, 8, 0.1],
    ]),
    1,
    volumeOf(true),
    [],
  )
  expect(found.map((c) => Number(c.score.toFixed(2)))).toEqual([0.8, 0.1])
  expect(found[1].firstSlice).toBeGreaterThan(found[0].lastSlice)
})

test('three places have a box each, the hottest first, and a fourth has none', () => {
  const places = [0.6, 0.9, 0.7, 0.8].map((p, n) => [5 * n + 2, 4 * n + 1, 4 * n + 1, p] as const)
  const found = findCandidates(crop, scoresOf(places), 1, volumeOf(true), [])
  expect(found.map(({ score, centreLps: [, , z] }) => [score.toFixed(2), Math.round(z)])).toEqual([
    ['0.90', 37],
    ['0.36', 22],
    ['0.27', 29],
  ])
})

test('a box stays inside the volume', () => {
  const volume = { ...volumeOf(true), shape: [5, 60, 60] as const }
  const [box] = findCandidates(crop, scoresOf([[23, 15, 15, 0.9]]), 1, volume, [])
  expect(box.firstSlice).toBeLessThanOrEqual(box.lastSlice)
  expect(box.x + box.width).toBeLessThanOrEqual(60)
  expect(box.y + box.height).toBeLessThanOrEqual(60)
  expect(box.lastSlice).toBeLessThan(5)
})
