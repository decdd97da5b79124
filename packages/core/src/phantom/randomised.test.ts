import { expect, test } from 'vitest'
import type { Part } from './anatomy/parts.ts'
import { PRESETS } from './presets.ts'
import { createRandom } from './random.ts'
import { anyBones, anyScanner, RANDOMISED } from './randomised.ts'
import { planScan } from './scanner/plan.ts'
import { synthesize } from './synthesize.ts'

test('draws scanners within the table and all over it', () => {
  const plans = Array.from({ length: 600 }, (_, n) => {
    const random = createRandom(n)
    return anyScanner(planScan(PRESETS.tune, random), random)
  })
  const within = (values: readonly number[], [low, high]: readonly [number, number]) => {
    expect(Math.min(...values)).toBeGreaterThanOrEqual(low)
    expect(Math.max(...values)).toBeLessThanOrEqual(high)
    expect(Math.min(...values)).toBeLessThan(low * 1.1)
    expect(Math.max(...values)).toBeGreaterThan(high * 0.9)
  }
  within(
    plans.map((p) => p.pixelMm),
    RANDOMISED.pixelMm,
  )
  within(
    plans.map((p) => p.intervalMm),
    RANDOMISED.sliceMm,
  )
  within(
    plans.map((p) => p.psfMm),
    RANDOMISED.psfMm,
  )
  within(
    plans.map((p) => p.noiseHu),
    RANDOMISED.noiseHu,
  )
  expect(plans.every((p) => p.columns >= 64 && p.columns <= RANDOMISED.mostColumns)).toBe(true)
  const kept = plans.filter((p) => p.pixelMm >= 0.55 && p.pixelMm <= 0.8 && p.columns >= 288)
  expect(kept.length / plans.length).toBeGreaterThan(0.4)
})

test('draws bones with cortex outside in most patients, one grey or inside out in some', () => {
  const part = { bone: { cortexMm: 1, cortexHu: 1000, coreHu: 200, texture: 0.2 } } as Part
  const kinds = { usual: 0, flat: 0, inverted: 0 }
  for (let n = 0; n < 1000; n++) {
    const [{ bone }] = anyBones([part], createRandom(n))
    kinds[bone.cortexHu === bone.coreHu ? 'flat' : bone.cortexHu > bone.coreHu ? 'usual' : 'inverted']++
  }
  expect(kinds.flat / 1000).toBeCloseTo(RANDOMISED.flatShare, 1)
  // Odd and neighbouring greys add to those that were drawn inside out.
  expect(kinds.inverted / 1000).toBeGreaterThan(RANDOMISED.invertedShare * 0.8)
  expect(kinds.inverted / 1000).toBeLessThan(0.25)
  expect(part.bone.coreHu).toBe(200)
})

test('makes a patient without a template from the formulas and says so', { timeout: 600_000 }, () => {
  const { truth, labels } = synthesize({ seed: 2, preset: 'small', family: 'randomised' })
  expect(truth).toMatchObject({ family: 'randomised', template: null })
  expect(labels.data.some((l) => l > 0)).toBe(true)
})
