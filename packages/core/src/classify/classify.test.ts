import { expect, test } from 'vitest'
import type { Session } from '../ports.ts'
import { transform } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { CROP, CROP_PLANE, CROP_SIZE, cropGrid, cropImage, cropMask, networkInput } from './crop.ts'
import { locate } from './locate.ts'
import { classifySlices, topMean } from './slices.ts'

const centreLps = [10, -20, 30] as const

/** Soft tissue with one dense voxel; z runs from feet to head, y from back to front. */
function volumeWithSpot(spot: readonly [number, number, number]): Volume {
  const shape = [60, 200, 220] as const
  const data = new Int16Array(shape[0] * shape[1] * shape[2])
  data[(spot[2] * shape[1] + spot[1]) * shape[2] + spot[0]] = 3000
  return { data, shape, ijkToLps: [0.6, 0, 0, -50, 0, -0.6, 0, 40, 0, 0, 1, 0, 0, 0, 0, 1] }
}

test('the crop shows the right place, anterior up, head first', () => {
  const spot = [130, 60, 38] as const
  const volume = volumeWithSpot(spot)
  const image = cropImage(volume, centreLps)
  const brightest = image.indexOf(image.reduce((a, b) => Math.max(a, b)))
  const index = [
    brightest % 128,
    Math.floor(brightest / 128) % 128,
    Math.floor(brightest / CROP_PLANE),
  ] as const
  const found = transform(cropGrid(centreLps).ijkToLps, index)
  const expected = transform(volume.ijkToLps, spot)
  for (let a = 0; a < 3; a++) expect(Math.abs(found[a] - expected[a])).toBeLessThan(0.8)
})

test('the window ends at its limits', () => {
  const volume = volumeWithSpot([0, 0, 0])
  volume.data.fill(3000)
  expect(cropImage(volume, centreLps)[CROP_SIZE / 2]).toBe(255)
  volume.data.fill(-1024)
  expect(cropImage(volume, centreLps)[CROP_SIZE / 2]).toBe(0)
  volume.data.fill((CROP.huMin + CROP.huMax) / 2)
  expect(cropImage(volume, centreLps)[CROP_SIZE / 2]).toBe(128)
})

test('the mask holds the one vertebra', () => {
  const ijkToLps = [4, 0, 0, -20, 0, 4, 0, -50, 0, 0, 4, 0, 0, 0, 0, 1]
  const data = new Uint8Array(16 ** 3).fill(4)
  data.fill(3, 0, 16 * 16 * 8) // C3 fills the lower half
  const labels = { data, shape: [16, 16, 16] as const, ijkToLps }
  const three = cropMask(labels, 3, centreLps)
  const four = cropMask(labels, 4, centreLps)
  const middle = 64 * 128 + 64
  expect([three[middle], four[middle]]).toEqual([0, 255])
  const last = (CROP.shape[0] - 1) * CROP_PLANE + middle
  expect([three[last], four[last]]).toEqual([255, 0])
})

test('channels are the slice before, the slice, the slice after and the mask', () => {
  const image = new Uint8Array(CROP_SIZE)
  const mask = new Uint8Array(CROP_SIZE)
  for (let s = 0; s < 24; s++) {
    image.fill(10 * s, s * CROP_PLANE, (s + 1) * CROP_PLANE)
    mask.fill(s, s * CROP_PLANE, (s + 1) * CROP_PLANE)
  }
  const out = networkInput({ image, mask })
  const channels = (slice: number) =>
    [0, 1, 2, 3].map((c) => Math.round(out[(4 * slice + c) * CROP_PLANE] * 255))
  expect([channels(0), channels(5), channels(23)]).toEqual([
    [0, 0, 10, 0],
    [40, 50, 60, 5],
    [220, 230, 230, 23],
  ])
})

const crop = {
  level: 'C3' as const,
  centreLps,
  image: new Uint8Array(CROP_SIZE),
  mask: new Uint8Array(CROP_SIZE).fill(255),
}

test('reads the head of the level and the most suspicious slices', async () => {
  const session: Session = {
    run: async ({ image }) => {
      const fracture = new Float32Array(image.shape[0] * 7).fill(9)
      for (let s = 0; s < 24; s++) fracture[s * 7 + 2] = s === 4 ? 6 : s === 5 ? 3 : -3
      return {
        fracture: { data: fracture, shape: [24, 7] },
        heat: { data: new Float32Array(24 * 256), shape: [24, 1, 16, 16] },
      }
    },
    dispose: async () => {},
  }
  expect((await classifySlices(networkInput(crop), 'C3', session)).logit).toBeCloseTo(2)
})

test('the vertebra is the mean of its three most suspicious slices', () => {
  expect(topMean(Float32Array.of(-5, 3, 1, 2, -9))).toBe(2)
})

test('the box lies where the heat is, in pixels of the slice', () => {
  const heat = new Float32Array(24 * 256).fill(-8)
  for (const [row, column] of [
    [3, 9],
    [3, 10],
    [12, 2],
  ])
    heat[6 * 256 + row * 16 + column] = row === 12 ? 1 : 5
  const sliceLogits = new Float32Array(24).fill(0)
  const volume = volumeWithSpot([0, 0, 0])
  const slices = Array.from({ length: 60 }, (_, n) => ({ sopInstanceUid: `1.${n}`, path: `${n + 1}.dcm` }))
  const box = locate(crop, { logit: 0, sliceLogits, heat }, volume, slices)
  // The two hot cells, in mm: columns 72..87, rows 24..31, slice 6.
  const grid = cropGrid(centreLps).ijkToLps
  const [x0, y0, z] = transform(grid, [71.5, 23.5, 6])
  expect(box.sliceIndex).toBe(Math.round(z))
  expect(box.path).toBe(`${Math.round(z) + 1}.dcm`)
  expect(box.width * 0.6).toBeCloseTo(16 * 0.7, 0)
  expect(box.height * 0.6).toBeCloseTo(8 * 0.7, 0)
  expect(Math.abs(-50 + 0.6 * box.x - x0)).toBeLessThan(0.7)
  // y runs from back to front in this volume, so its top is the posterior edge.
  expect(Math.abs(40 - 0.6 * (box.y + box.height) - y0)).toBeLessThan(0.7)
})

test('a heat map far from the vertebra is not followed', () => {
  const heat = new Float32Array(24 * 256).fill(-8)
  heat[6 * 256] = 9
  heat[6 * 256 + 8 * 16 + 8] = 3
  const mask = new Uint8Array(CROP_SIZE)
  for (let y = 40; y < 90; y++) mask.fill(255, 6 * CROP_PLANE + y * 128 + 40, 6 * CROP_PLANE + y * 128 + 90)
  const scores = { logit: 0, sliceLogits: new Float32Array(24), heat }
  const { centreLps: c } = locate({ ...crop, mask }, scores, volumeWithSpot([0, 0, 0]), [])
  const expected = transform(cropGrid(centreLps).ijkToLps, [67.5, 67.5, 6])
  for (let a = 0; a < 3; a++) expect(c[a]).toBeCloseTo(expected[a])
})
