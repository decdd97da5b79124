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

test('labels on a grid of turned and reversed axes that reaches beyond them', () => {
  const labels = {
    data: Uint8Array.from({ length: 24 }, (_, n) => n + 1),
    shape: [2, 3, 4] as const,
    ijkToLps: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
  }
  // Grid x runs down z, grid y along x, grid z along y.
  const ijkToLps = [0, 1, 0, -1, 0, 0, 1, 1, -1, 0, 0, 1, 0, 0, 0, 1]
  const at = (x: number, y: number, z: number) =>
    x < 0 || x > 3 || y > 2 || z < 0 ? 0 : 1 + x + 4 * (y + 3 * z)
  const expected = [0, 1, 2].flatMap((k) =>
    [0, 1, 2, 3, 4, 5].flatMap((j) => [0, 1, 2].map((i) => at(j - 1, k + 1, 1 - i))),
  )
  expect([...resampleLabels(labels, { shape: [3, 6, 3], ijkToLps })]).toEqual(expected)
})
