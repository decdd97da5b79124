import { expect, test } from 'vitest'
import { createRandom } from '../random.ts'
import { blendWeights, createNoise, createStreaks, type NoiseTile, TILE } from './noise.ts'

const correlation = (tile: NoiseTile, dx: number, dy: number): number => {
  let sum = 0
  for (let y = 0; y < TILE; y++)
    for (let x = 0; x < TILE; x++)
      sum += tile[y * TILE + x] * tile[((y + dy) & (TILE - 1)) * TILE + ((x + dx) & (TILE - 1))]
  return sum / tile.length
}

test('grain is as coarse as measured in a real head: 0.98 mm pixels, body kernel', () => {
  // ACRIN-FLT-Breast, four patches of brain, NumPy: 0.41 to 0.53 one pixel aside, -0.14 to 0.04 two aside.
  const tile = createNoise(createRandom(1), 0.7, 0.977)
  expect(correlation(tile, 0, 0)).toBeCloseTo(1, 4)
  for (const [dx, dy] of [
    [1, 0],
    [0, 1],
  ]) {
    expect(correlation(tile, dx, dy)).toBeGreaterThan(0.35)
    expect(correlation(tile, dx, dy)).toBeLessThan(0.58)
    expect(Math.abs(correlation(tile, 2 * dx, 2 * dy))).toBeLessThan(0.16)
  }
})

test('a sharp kernel has a finer grain than a soft one', () => {
  const at = (psfMm: number) => correlation(createNoise(createRandom(2), psfMm, 0.4), 1, 0)
  expect(at(0.28)).toBeLessThan(at(0.4) - 0.05)
  expect(at(0.4)).toBeLessThan(at(0.75) - 0.05)
})

test('streaks run from side to side', () => {
  const tile = createStreaks(createRandom(3), 0.4, 0.5)
  expect(correlation(tile, 8, 0)).toBeGreaterThan(0.4)
  expect(correlation(tile, 0, 8)).toBeLessThan(0.1)
})

test.each([0.05, 0.35, 0.67])('blending three tiles gives slices a correlation of %f', (lag) => {
  const [a, b] = blendWeights(lag)
  expect(a * a + 2 * b * b).toBeCloseTo(1, 10)
  expect(2 * a * b).toBeCloseTo(lag, 10)
})
