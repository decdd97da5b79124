import { expect, test } from 'vitest'
import golden from '../../test/golden/resample.json' with { type: 'json' }
import { resample, resampleLabels } from './resample.ts'
import type { Shape3 } from './volume.ts'

const data = Int16Array.from(golden.data)
const shape = golden.shape as unknown as Shape3

test.each(golden.cases)('agrees with SciPy: $name', ({ name, map, shape: gridShape, expected }) => {
  const ijkToLps = ['coarse', 'permuted'].includes(name) ? golden.alignedMap : golden.obliqueMap
  const out = resample({ data, shape, ijkToLps }, { shape: gridShape as unknown as Shape3, ijkToLps: map })
  expect(out.length).toBe(expected.length)
  const worst = Math.max(...expected.map((e, n) => Math.abs(e - out[n])))
  expect(worst).toBeLessThanOrEqual(0.501) // rounding to whole HU
})

test('a grid beside the volume is all padding', () => {
  const far = [1, 0, 0, 500, 0, 1, 0, 500, 0, 0, 1, 500, 0, 0, 0, 1]
  const out = resample({ data, shape, ijkToLps: golden.alignedMap }, { shape: [2, 2, 2], ijkToLps: far })
  expect([...out]).toEqual(new Array(8).fill(-1024))
})

test('labels are sampled at the nearest voxel and never mixed', () => {
  const identity = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
  const labels = { data: Uint8Array.of(1, 7), shape: [1, 1, 2] as const, ijkToLps: identity }
  const fine = [0.4, 0, 0, -0.4, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
  expect([...resampleLabels(labels, { shape: [1, 1, 6], ijkToLps: fine })]).toEqual([1, 1, 1, 7, 7, 0])
})
