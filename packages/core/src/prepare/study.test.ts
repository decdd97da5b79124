import { expect, test } from 'vitest'
import { makeBeads } from '../../test/beads.ts'
import { CROP_PLANE, CROP_SIZE } from '../classify/crop.ts'
import type { Vertebra } from '../segment/segmentation.ts'
import { HEAT_SHAPE } from './heat.ts'
import { preparePhantom } from './phantom.ts'
import { prepareStudy, visibleVertebrae } from './study.ts'

const beads = makeBeads({ fractured: 'C3' })
const { prepared, fractured } = preparePhantom(beads)

test('one crop a cervical vertebra, and labels on the grid of the segmenter', () => {
  expect(prepared.crops?.levels).toEqual(['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7'])
  expect(prepared.crops?.image.shape).toEqual([7, 24, 128, 128])
  expect(prepared.segment.label?.shape).toEqual(prepared.segment.image.shape)
  expect(new Set(prepared.segment.label?.data)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]))
})

test('image, mask and heat lie on each other', () => {
  const { crops } = prepared
  if (!crops) throw new Error('no crops')
  const c3 = 2
  const mask = crops.mask.data.subarray(c3 * CROP_SIZE, (c3 + 1) * CROP_SIZE)
  const image = crops.image.data.subarray(c3 * CROP_SIZE, (c3 + 1) * CROP_SIZE)
  const inside = [...mask.keys()].filter((n) => mask[n] > 200)
  const bone = inside.filter((n) => image[n] > 100)
  expect(bone.length / inside.length).toBeGreaterThan(0.9)

  // The cut lies 6 mm left of the middle: LPS x = 6, column 63.5 + 6 / 0.7 = 72, cell 9; in the front half.
  const size = crops.heat.data.length / 7
  const heat = crops.heat.data.subarray(c3 * size, (c3 + 1) * size)
  const [, rows, columns] = HEAT_SHAPE
  const hot = [...heat.keys()].filter((n) => heat[n] > 0)
  expect(hot.length).toBeGreaterThan(10)
  for (const n of hot) {
    expect([8, 9]).toContain(n % columns)
    expect(Math.floor(n / columns) % rows).toBeLessThanOrEqual(8)
  }
  const middle = 12 * CROP_PLANE + 50 * 128 + 72
  expect(image[middle]).toBeLessThan(image[middle + 6])
})

test('only the fractured vertebra has heat and a label', () => {
  expect(Object.entries(fractured).filter(([, f]) => f)).toEqual([['C3', true]])
  const size = (prepared.crops?.heat.data.length ?? 0) / 7
  const hot = prepared.crops?.levels.filter((_, n) =>
    prepared.crops?.heat.data.subarray(n * size, (n + 1) * size).some((v) => v > 0),
  )
  expect(hot).toEqual(['C3'])
  expect(prepared.crops?.placesKnown).toEqual(Array(7).fill(true))
})

test('a fracture that no crop shows is no label', () => {
  const outside = { ...beads, fractureMask: new Uint8Array(beads.fractureMask.length) }
  expect(preparePhantom(outside).fractured.C3).toBe(false)
})

test('of a scan too coarse to show fractures only intact vertebrae are cropped', () => {
  const coarse = preparePhantom(makeBeads({ fractured: 'C3', spacingMm: [2, 2, 2] }))
  expect(coarse.prepared.crops?.levels).toEqual(['C1', 'C2', 'C4', 'C5', 'C6', 'C7'])
  expect(coarse.prepared.crops?.heat.data.every((v) => v === 0)).toBe(true)
})

test('the direction of the slices does not matter', () => {
  const spacingMm = [1, 1, 0.9] as const
  const [prepared, turned] = [true, false].map(
    (headFirst) => preparePhantom(makeBeads({ fractured: 'C3', spacingMm, headFirst })).prepared,
  )
  expect(turned.crops?.levels).toEqual(prepared.crops?.levels)
  // Blocks of voxels are averaged from the other end, so single voxels at borders differ.
  for (const name of ['image', 'mask', 'heat'] as const)
    expect(differing(turned.crops?.[name].data, prepared.crops?.[name].data, 8)).toBeLessThan(0.01)
  expect(differing(turned.segment.label?.data, prepared.segment.label?.data, 0)).toBeLessThan(0.01)
})

/** Share of values that differ by more than a tolerance. */
function differing(a: ArrayLike<number> = [], b: ArrayLike<number> = [], tolerance: number): number {
  expect(a.length).toBe(b.length)
  let count = 0
  for (let n = 0; n < a.length; n++) if (Math.abs(a[n] - b[n]) > tolerance) count++
  return count / a.length
}

test('without a mask there is an image and nothing else', () => {
  const { segment, crops } = prepareStudy(beads.volume, null, () => null)
  expect(segment.label).toBeNull()
  expect(segment.image.data.every((v, n) => v === prepared.segment.image.data[n])).toBe(true)
  expect(crops).toBeNull()
})

test('T2 and lower become one class', () => {
  const labels = { ...beads.labels, data: beads.labels.data.map((l) => (l === 8 ? 12 : l)) }
  const { segment } = prepareStudy(beads.volume, labels, () => null)
  expect(new Set(segment.label?.data)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 9]))
})

test('a vertebra with less than 30 % in view is left out', () => {
  const make = (label: number, volumeMm3: number): Vertebra => ({
    label,
    volumeMm3,
    centreLps: [0, 0, 0],
    minLps: [0, 0, 0],
    maxLps: [0, 0, 0],
    confidence: 1,
    truncated: false,
  })
  const kept = visibleVertebrae([make(1, 2600), make(2, 11000), make(3, 10000), make(4, 9000), make(5, 3500)])
  expect(kept.map((v) => v.label)).toEqual([2, 3, 4, 5])
})
