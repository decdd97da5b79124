import { describe, expect, test } from 'vitest'
import { LEVELS } from '../levels.ts'
import { invert, transform } from '../volume/geometry.ts'
import type { PlannedFracture } from './plan.ts'
import { synthesize, synthesizePlan } from './synthesize.ts'

const SECONDS = 240_000

describe('a healthy neck', { timeout: SECONDS }, () => {
  const { volume, labels, fractureMask, truth } = synthesizePlan({ seed: 7, preset: 'small', plan: [] })
  const [slices, rows, columns] = volume.shape
  const sums = Array.from({ length: 20 }, () => [0, 0, 0, 0])
  labels.data.forEach((l, n) => {
    const s = sums[l]
    s[0]++
    s[1] += n % columns
    s[2] += Math.floor(n / columns) % rows
    s[3] += Math.floor(n / columns / rows)
  })
  const centre = (label: number) =>
    transform(volume.ijkToLps, [
      sums[label][1] / sums[label][0],
      sums[label][2] / sums[label][0],
      sums[label][3] / sums[label][0],
    ])

  test('shows C1 to C7 and T1, each below the other, at plausible distances', () => {
    for (let label = 1; label <= 8; label++) expect(sums[label][0], `label ${label}`).toBeGreaterThan(150)
    for (let label = 2; label <= 8; label++) {
      const drop = centre(label - 1)[2] - centre(label)[2]
      expect(drop).toBeGreaterThan(8)
      expect(drop).toBeLessThan(34)
    }
  })

  test('has a free spinal canal behind each body', () => {
    for (let label = 3; label <= 7; label++) {
      // The vertebra's own midline, slice by slice, from the body's rear wall to the arch.
      const x = Math.round(sums[label][1] / sums[label][0])
      const free: number[] = []
      for (let slice = 0; slice < slices; slice++) {
        const bone = Array.from(
          { length: rows },
          (_, y) => labels.data[(slice * rows + y) * columns + x] === label,
        )
        const canal = bone.indexOf(false, bone.indexOf(true))
        const arch = bone.indexOf(true, canal)
        // 1.6 mm pixels.
        if (bone.includes(true) && arch > 0) free.push((arch - canal) * 1.6)
      }
      // Where it is narrowest: further down the slices meet the spinous process alone.
      expect(Math.min(...free), `canal at label ${label}`).toBeGreaterThan(10)
      expect(Math.min(...free), `canal at label ${label}`).toBeLessThan(26)
    }
  })

  test('has bone where labels are, air around, and HU that a scanner stores', () => {
    let boneSum = 0
    let boneCount = 0
    let low = 9999
    let high = -9999
    volume.data.forEach((hu, n) => {
      low = Math.min(low, hu)
      high = Math.max(high, hu)
      if (labels.data[n]) {
        boneSum += hu
        boneCount++
      }
    })
    expect(boneSum / boneCount).toBeGreaterThan(250)
    expect(boneSum / boneCount).toBeLessThan(1000)
    expect(low).toBeGreaterThanOrEqual(-1024)
    expect(low).toBeLessThan(-900)
    expect(high).toBeLessThanOrEqual(3071)
    expect(slices).toBeGreaterThan(80)
  })

  test('has no fracture anywhere', () => {
    expect(truth.fractures).toEqual([])
    expect(fractureMask.some((v) => v > 0)).toBe(false)
  })
})

test('the same seed gives the same bytes, another seed another patient', { timeout: SECONDS }, () => {
  const a = synthesize({ seed: 3, preset: 'small' })
  const b = synthesize({ seed: 3, preset: 'small' })
  const c = synthesize({ seed: 4, preset: 'small' })
  expect(same(a.volume.data, b.volume.data)).toBe(true)
  expect(same(a.labels.data, b.labels.data)).toBe(true)
  expect(a.truth).toEqual(b.truth)
  expect(a.volume.ijkToLps).not.toEqual(c.volume.ijkToLps)
})

const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean => {
  if (a.length !== b.length) return false
  for (let n = 0; n < a.length; n++) if (a[n] !== b[n]) return false
  return true
}

test('fractures lie where the truth says', { timeout: SECONDS }, () => {
  const types = ['c1-ring', 'dens-iii', 'lamina', 'teardrop', 'facet', 'burst', 'spinous'] as const
  const plan = types.map((type, i): PlannedFracture => ({ level: LEVELS[i], type, severity: 0.7, side: 1 }))
  const { volume, labels, fractureMask, truth } = synthesizePlan({ seed: 5, preset: 'small', plan })
  const [, rows, columns] = volume.shape
  expect(truth.fractures.map((f) => f.type)).toEqual(types)
  expect(Object.values(truth.fractured)).toEqual(LEVELS.map(() => true))
  const lpsToIjk = invert(volume.ijkToLps)
  truth.fractures.forEach((fracture, i) => {
    let inBone = 0
    let count = 0
    fractureMask.forEach((v, n) => {
      if (v !== i + 1) return
      count++
      if (labels.data[n] === i + 1) inBone++
      const x = n % columns
      const y = Math.floor(n / columns) % rows
      const z = Math.floor(n / columns / rows)
      const boxed = fracture.boxes.some(
        (b) => b.sliceIndex === z && x >= b.x && x < b.x + b.width && y >= b.y && y < b.y + b.height,
      )
      expect(boxed).toBe(true)
    })
    // The mark reaches 0.6 mm out of the bone: a third of a thin lamina's at these voxels.
    expect(inBone / count, fracture.type).toBeGreaterThan(0.6)
    const [x, y, z] = transform(lpsToIjk, fracture.centreLps)
    const near = fracture.boxes.some(
      (b) =>
        Math.abs(b.sliceIndex - z) < 2.5 &&
        x > b.x - 3 &&
        x < b.x + b.width + 3 &&
        y > b.y - 3 &&
        y < b.y + b.height + 3,
    )
    expect(near, fracture.type).toBe(true)
  })
})

test('look-alikes lie where the truth says, and are no fractures', { timeout: SECONDS }, () => {
  const lookAlikes = (
    [
      ['C1', 'atlas-cleft'],
      ['C2', 'os-odontoideum'],
      ['C4', 'ossified-posterior-ligament'],
      ['C5', 'anterior-osteophyte'],
      ['C6', 'schmorl-node'],
      ['C7', 'nuchal-ossicle'],
    ] as const
  ).map(([level, type]) => ({ level, type, severity: 0.8, side: 1 as const }))
  const bare = synthesizePlan({ seed: 5, preset: 'small', plan: [] })
  const { volume, truth, fractureMask } = synthesizePlan({ seed: 5, preset: 'small', plan: [], lookAlikes })
  const planned = truth.lookAlikes.filter((l) => l.severity !== null)
  expect(planned.map((l) => l.type)).toEqual(lookAlikes.map((l) => l.type))
  expect(truth.fractures).toEqual([])
  expect(fractureMask.some((v) => v > 0)).toBe(false)
  const [, rows, columns] = volume.shape
  for (const { type, boxes } of planned) {
    let changed = 0
    for (const { sliceIndex, x, y, width, height } of boxes)
      for (let j = y; j < y + height; j++)
        for (let i = x; i < x + width; i++) {
          const n = (sliceIndex * rows + j) * columns + i
          if (Math.abs(volume.data[n] - bare.volume.data[n]) > 100) changed++
        }
    expect(changed, type).toBeGreaterThan(2)
  }
})
