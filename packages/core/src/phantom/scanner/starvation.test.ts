import { expect, test } from 'vitest'
import { planHead } from '../anatomy/skull.ts'
import { poseSpine } from '../anatomy/spine.ts'
import { createRandom } from '../random.ts'
import { buildSkin } from '../tissue/skin.ts'
import { rayNoise, starve } from './starvation.ts'

const none = Array.from({ length: 19 }, () => 0)
const spine = poseSpine(createRandom(1), { wedgeDeg: none, lossMm: none, slipMm: [0, 0, 0] })
const head = planHead(createRandom(2))
const at = (level: number, armsUp = false, noiseHu = 30) => {
  const [x, , z] = spine.at(level, 0, 0)
  return starve({
    skin: buildSkin(spine, head, armsUp, createRandom(3)),
    at: (j) => [x, j - 150, z],
    rows: 300,
    pixelMm: 1,
    strength: 1,
    noiseHu,
    hardeningHu: 20,
  })
}
const strongest = (values: Float32Array) => values.reduce((m, v) => Math.max(m, v), 0)

test('a ray of 400 mm of water is Poisson noise of half its attenuation, less what the tube makes up for', () => {
  // numpy.exp(0.55 * 0.5 * 0.0193 * 280)
  expect(rayNoise(400)).toBeCloseTo(4.4198, 3)
  expect(rayNoise(100)).toBe(1)
})

test('only the shoulders starve', () => {
  const neck = at(4)
  const shoulders = at(8.6)
  expect(strongest(neck.streakHu)).toBe(0)
  expect(strongest(neck.darkHu)).toBe(0)
  expect(neck.grain).toBeLessThan(1.3)
  expect(shoulders.grain).toBeGreaterThan(1.6)
  expect(strongest(shoulders.streakHu)).toBeGreaterThan(15)
  expect(strongest(shoulders.darkHu)).toBeGreaterThan(5)
  // Not in the air in front of the chest, nor behind the back.
  expect(shoulders.streakHu[0]).toBe(0)
  expect(shoulders.streakHu[299]).toBe(0)
})

test('arms up, shoulders starve less', () => {
  const down = at(8.6)
  const up = at(8.6, true)
  expect(up.grain).toBeLessThan(down.grain)
  expect(strongest(up.streakHu)).toBeLessThan(0.8 * strongest(down.streakHu))
})
