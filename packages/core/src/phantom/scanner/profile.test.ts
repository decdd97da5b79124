import { expect, test } from 'vitest'
import { buildProfile, PROFILE_MIN_MM, PROFILE_PER_MM } from './profile.ts'

const bone = { cortexMm: 1, cortexHu: 1200, coreHu: 300, texture: 0 }
const index = (mm: number) => Math.round((mm - PROFILE_MIN_MM) * PROFILE_PER_MM)

test('half of a voxel on the surface is bone, all of one within, none of one outside', () => {
  const { share } = buildProfile(bone, 0.4)
  expect(share[index(0)]).toBeCloseTo(0.5, 1)
  expect(share[index(-3)]).toBeCloseTo(1, 5)
  expect(share[index(2)]).toBeCloseTo(0, 5)
})

test('cortex is brighter than the core, and a wider point spread dims it', () => {
  const sharp = buildProfile(bone, 0.3)
  const smooth = buildProfile(bone, 0.9)
  const peak = (hu: Float32Array) => hu.reduce((m, v) => Math.max(m, v), 0)
  expect(sharp.hu[index(-6)]).toBeCloseTo(300, -1)
  expect(peak(sharp.hu)).toBeGreaterThan(900)
  expect(peak(sharp.hu)).toBeLessThanOrEqual(1200)
  expect(peak(smooth.hu)).toBeLessThan(0.8 * peak(sharp.hu))
})
