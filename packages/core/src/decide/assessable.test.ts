import { describe, expect, test } from 'vitest'
import type { Vertebra } from '../segment/segmentation.ts'
import { assess } from './assessable.ts'

const volume = {
  data: new Int16Array(1),
  shape: [1, 1, 1] as const,
  ijkToLps: [0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
}

const labelled = (labels: readonly number[], cut: readonly number[] = []): Vertebra[] =>
  labels.map((label) => ({
    label,
    centreLps: [0, 0, -16 * label],
    minLps: [-20, -20, -16 * label - 8],
    maxLps: [20, 20, -16 * label + 8],
    volumeMm3: 9000,
    confidence: 0.9,
    truncated: cut.includes(label),
  }))

const uncertain = (labels: readonly number[], cut?: readonly number[]) =>
  assess(volume, {
    labels: { data: new Uint8Array(1), shape: [1, 1, 1], ijkToLps: [] },
    vertebrae: labelled(labels, cut),
  }).find((f) => f.code === 'levels-uncertain')?.message

describe('levels that cannot be counted are said to be uncertain', () => {
  test('without C2 and T1', () => {
    expect(uncertain([3, 4, 5, 6, 7], [3, 7])).toContain('Neither C2 nor T1')
  })
  test('with a T1 that the scan cuts', () => {
    expect(uncertain([4, 5, 6, 7, 8], [4, 8])).toContain('T1 is only partly in view')
  })
  test('with a C2 that the scan cuts below the ring of C1', () => {
    expect(uncertain([2, 3, 4, 5], [2, 5])).toContain('C2 is only partly in view')
  })
})

describe('levels are counted', () => {
  test.each([
    ['from C2 down', [2, 3, 4, 5], [5]],
    ['from a whole T1 up', [5, 6, 7, 8], [5]],
    ['from the dens inside C1, both cut', [1, 2, 3, 4], [1, 2]],
  ])('%s', (_, labels, cut) => {
    expect(uncertain(labels, cut)).toBeUndefined()
  })
})
