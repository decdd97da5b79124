import { expect, test } from 'vitest'
import { transform, type Vec3 } from '../volume/geometry.ts'
import { traceCanal } from './canal.ts'

/** A cord whose middle leans forward and to the left on its way down, 3 mm slices from the feet up. */
const middle = (z: number): Vec3 => [10 - 0.1 * z, 20 + 0.3 * z, z]

function structures() {
  const shape = [40, 60, 60] as const
  const ijkToLps = [-2, 0, 0, 70, 0, 2, 0, -60, 0, 0, 3, -100, 0, 0, 0, 1]
  const data = new Uint8Array(shape[0] * shape[1] * shape[2])
  for (let k = 5; k < 35; k++)
    for (let j = 0; j < 60; j++)
      for (let i = 0; i < 60; i++) {
        const [x, y, z] = transform(ijkToLps, [i, j, k])
        const [cx, cy] = middle(z)
        if (Math.hypot(x - cx, y - cy) < 5) data[(k * 60 + j) * 60 + i] = k < 30 ? 1 : 2
      }
  return { data, shape, ijkToLps }
}

test('follows the cord and goes straight on beyond it', () => {
  const canal = traceCanal(structures())
  expect(canal?.cord).toEqual({ top: -13, bottom: -85 })
  expect(canal?.brainstemEnd).toBe(-10)
  for (const z of [-100, -60, -40, 0, 10]) {
    const [x, y] = canal?.at(z) ?? [Number.NaN, Number.NaN]
    expect(Math.abs(x - middle(z)[0])).toBeLessThan(1)
    expect(Math.abs(y - middle(z)[1])).toBeLessThan(1)
  }
})

test('there is no canal without a cord', () => {
  const { data, ...grid } = structures()
  expect(traceCanal({ ...grid, data: data.map((v) => (v === 1 ? 0 : v)) })).toBeNull()
})
