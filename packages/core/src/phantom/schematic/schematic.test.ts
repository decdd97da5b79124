import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { readNiftiLabels } from '../../nifti/read.ts'
import { boundsLps, spacingMm, transform } from '../../volume/geometry.ts'
import { resample } from '../../volume/resample.ts'
import type { LabelVolume } from '../../volume/volume.ts'
import { type Schematic, synthesizeSchematic } from './schematic.ts'
import { buildStencil, STENCIL_STEP_MM, type Stencil } from './stencil.ts'

const GL003 = new URL('../../../../../../shared/data/verse-gl003/', import.meta.url)
const MAP = new URL('sub-gl003_dir-ax_seg-vert_msk.nii.gz', GL003)

const SKULL = 10

/** Mean place of each label that has more than `fewest` voxels, LPS. */
function placesOf({ data, shape: [, ny, nx], ijkToLps }: LabelVolume, fewest: number) {
  const sums = Array.from({ length: 20 }, () => [0, 0, 0, 0])
  data.forEach((label, n) => {
    const sum = sums[label]
    sum[0] += n % nx
    sum[1] += Math.floor(n / nx) % ny
    sum[2] += Math.floor(n / nx / ny)
    sum[3]++
  })
  return sums.map(([x, y, z, count]) =>
    count > fewest ? transform(ijkToLps, [x / count, y / count, z / count]) : null,
  )
}

describe.skipIf(!existsSync(MAP))('schematic necks from VerSe gl003', { timeout: 600_000 }, () => {
  let labels: LabelVolume
  let stencil: Stencil
  let necks: readonly Schematic[]
  beforeAll(() => {
    labels = readNiftiLabels(new Uint8Array(readFileSync(MAP)))
    stencil = buildStencil(labels, 'gl003')
    necks = [1, 2, 3, 4, 5, 6].map((seed) => synthesizeSchematic(stencil, seed))
  }, 600_000)

  test('the stencil keeps the distances between the levels of the map', () => {
    const places = placesOf(labels, 1000)
    for (let label = 3; label <= 12; label++) {
      const [a, b] = [places[label - 1], places[label]]
      if (!a || !b) throw new Error(`the map has no ${label}`)
      // Spinous processes hang lower than the straight way along the canal tells: a few millimetres.
      const apart = stencil.levelMm[label - 1] - stencil.levelMm[label - 2]
      expect(Math.abs(apart - Math.hypot(a[1] - b[1], a[2] - b[2])), `label ${label}`).toBeLessThan(5)
    }
    expect(stencil.densMm).toBeLessThan(stencil.levelMm[0] - 3)
  })

  test('the canal runs straight through the stencil, and no bone lies in it', () => {
    const [nx, ny] = stencil.nodes
    const [x, y, s] = stencil.origin.map((v) => Math.round(-v / STENCIL_STEP_MM))
    const below = Math.round((stencil.levelMm[9] + -stencil.origin[2]) / STENCIL_STEP_MM)
    for (let k = s; k < below; k++) {
      const n = (k * ny + y) * nx + x
      expect(stencil.label[n], `${k}`).toBe(0)
      expect(stencil.canal[n], `${k}`).toBeGreaterThan(200)
    }
  })

  test('the same seed gives the same bytes, another seed another neck', () => {
    const again = synthesizeSchematic(stencil, 2)
    expect(Buffer.compare(bytes(again.volume.data), bytes(necks[1].volume.data))).toBe(0)
    expect(Buffer.compare(again.labels.data, necks[1].labels.data)).toBe(0)
    expect(Buffer.compare(again.labels.data, necks[2].labels.data)).not.toBe(0)
  })

  test('vertebrae follow each other towards the feet, as far apart as a neck has them', () => {
    for (const [n, neck] of necks.entries()) {
      const places = placesOf(neck.labels, 150)
      for (let label = 2; label <= 8; label++) {
        const [a, b] = [places[label - 1], places[label]]
        if (!a || !b) continue
        const mm = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
        expect(a[2], `label ${label} of neck ${n}`).toBeGreaterThan(b[2])
        expect(mm, `label ${label} of neck ${n}`).toBeGreaterThan(7)
        expect(mm, `label ${label} of neck ${n}`).toBeLessThan(35)
      }
    }
  })

  test('what is labelled is denser than what is not, in every scan of it', () => {
    for (const [n, { volume, labels: own }] of necks.entries()) {
      const hu = resample(volume, own)
      const within = (inside: boolean) => {
        const isBone = (label: number) => label > 0 && label < SKULL
        const values = hu.filter((v, i) => own.data[i] < SKULL && isBone(own.data[i]) === inside && v > -200)
        return values.reduce((sum, v) => sum + v, 0) / values.length
      }
      expect(within(true) - within(false), `neck ${n}`).toBeGreaterThan(100)
    }
  })

  test('scans have the pixels and slices of planning scans, or finer ones, and show the whole canvas', () => {
    for (const { volume, labels: own } of necks) {
      const [x, y, z] = spacingMm(volume.ijkToLps)
      expect(x).toBe(y)
      expect(x).toBeGreaterThanOrEqual(1)
      expect(x).toBeLessThan(4.6)
      expect(z).toBeGreaterThanOrEqual(1)
      expect(z).toBeLessThan(3.5)
      const [outer, inner] = [boundsLps(volume, 0.5), boundsLps(own, 0)]
      for (let axis = 0; axis < 3; axis++) {
        expect(outer.min[axis]).toBeLessThanOrEqual(inner.min[axis] + 1)
        expect(outer.max[axis]).toBeGreaterThanOrEqual(inner.max[axis] - 1)
      }
    }
  })

  test('the skull lies above C1 and is dense', () => {
    const seen = necks.filter(({ labels: own }) => own.data.includes(SKULL) && placesOf(own, 150)[1])
    expect(seen.length).toBeGreaterThan(2)
    for (const { volume, labels: own } of seen) {
      const places = placesOf(own, 150)
      expect(places[SKULL]?.[2]).toBeGreaterThan(places[1]?.[2] ?? Number.POSITIVE_INFINITY)
      const skull = resample(volume, own).filter((_, n) => own.data[n] === SKULL)
      expect(skull.reduce((sum, v) => sum + v, 0) / skull.length).toBeGreaterThan(150)
    }
  })
})

const bytes = ({ buffer, byteOffset, byteLength }: Int16Array) =>
  new Uint8Array(buffer, byteOffset, byteLength)
