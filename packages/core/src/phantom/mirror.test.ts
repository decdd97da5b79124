import { expect, test } from 'vitest'
import type { Vec3 } from '../volume/geometry.ts'
import { createBend, ONE_SIDED } from './anatomy/bend.ts'
import { createGrain } from './anatomy/grain.ts'
import { createRandom } from './random.ts'
import { createWaves } from './template/waves.ts'

/** What a displacement does to one side alone against what it does to both, deviations. */
function oneSided(displaced: (random: ReturnType<typeof createRandom>) => (p: Vec3) => Vec3): number {
  const squares = { both: 0, one: 0 }
  for (let seed = 0; seed < 60; seed++) {
    const random = createRandom(`mirror/${seed}`)
    const move = displaced(random)
    for (let n = 0; n < 40; n++) {
      const [x, y, z] = [random.range(2, 30), random.range(-20, 40), random.range(-15, 15)]
      const left = move([x, y, z])
      const right = move([-x, y, z])
      for (const k of [0, 1, 2]) {
        const mirrored = k === 0 ? -right[k] : right[k]
        squares.both += (left[k] + mirrored) ** 2
        squares.one += (left[k] - mirrored) ** 2
      }
    }
  }
  return Math.sqrt(squares.one / squares.both)
}

test('waves of a label map change both sides of a bone nearly alike', () => {
  expect(oneSided((random) => createWaves(random, [15, 40], 0.03))).toBeCloseTo(ONE_SIDED, 1)
})

test('so does the bend of a formula', () => {
  const share = oneSided((random) => {
    const bend = createBend(createGrain(random), 4.7, 1, 14)
    return (p) => {
      const q = bend(...p)
      return [q[0] - p[0], q[1] - p[1], q[2] - p[2]]
    }
  })
  // Less than drawn: the centre of the bone stays where it is.
  expect(share).toBeGreaterThan(0.6 * ONE_SIDED)
  expect(share).toBeLessThan(1.1 * ONE_SIDED)
})
