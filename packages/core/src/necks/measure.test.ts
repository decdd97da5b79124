import { describe, expect, test } from 'vitest'
import { describeVertebrae } from '../segment/vertebrae.ts'
import type { Canal } from './canal.ts'
import { measureNeck } from './measure.ts'
import type { NeckReading } from './reading.ts'

/** Heights of the bodies of C1..T1, LPS, mm. */
const BODIES = [0, -18, -48, -64, -80, -96, -112, -128]
const canal: Canal = { at: (z) => [0, 0, z], cord: { top: 20, bottom: -200 }, brainstemEnd: 22 }
const field = { top: 30, bottom: -150 }

/** Rings around the canal with a body in front, 12 mm high, on a grid of 2 mm; `names[n]` labels the n-th from the head. */
function ringed(names: readonly number[], shiftMm = 0) {
  const shape = [40, 100, 40] as const
  const ijkToLps = [0, 0, 2, -40, 2, 0, 0, -40, 0, -2, 0, 30, 0, 0, 0, 1]
  const data = new Uint8Array(shape[0] * shape[1] * shape[2])
  for (let k = 0; k < 40; k++)
    for (let j = 0; j < 100; j++)
      for (let i = 0; i < 40; i++) {
        const [x, y, z] = [-40 + 2 * k - shiftMm, -40 + 2 * i, 30 - 2 * j]
        const at = BODIES.findIndex((b, n) => names[n] > 0 && Math.abs(z - b) <= 6)
        if (at < 0) continue
        const radius = Math.hypot(x, y)
        if ((radius > 8 && radius < 14) || (Math.abs(x) < 9 && y < -8 && y > -24))
          data[(k * 100 + j) * 40 + i] = names[at]
      }
  const labels = { data, shape, ijkToLps }
  return { labels, vertebrae: describeVertebrae(labels) }
}

const reading: NeckReading = {
  id: 'made',
  split: 'development',
  note: '',
  vertebrae: {
    C1: { zMm: 0, sure: true },
    C2: { zMm: -18, topMm: 2, bottomMm: -39, sure: true },
    C3: { zMm: -48, topMm: -39, bottomMm: -56, sure: true },
    C4: { zMm: -64, topMm: -56, bottomMm: -72, sure: true },
    C5: { zMm: -80, topMm: -72, bottomMm: -88, sure: false },
  },
}
const all = [1, 2, 3, 4, 5, 6, 7, 8]

describe('measureNeck', () => {
  test('a neck labelled as it was read is exact, whole and holds the cord', () => {
    const neck = measureNeck(ringed(all), canal, field, reading)
    expect(neck).toMatchObject({ read: 4, right: 4, misplaced: [], exact: true, broken: null })
    expect(neck.vertebrae.map((v) => v.holdsCord)).toEqual(all.map(() => true))
    neck.vertebrae.forEach((v, n) => {
      expect(Math.abs(v.zMm - BODIES[n])).toBeLessThan(1.1)
    })
    expect(neck.c2BelowBrainstemMm).toBeCloseTo(40, 0)
  })

  test('a chain shifted by one level is wrong everywhere, though it is a chain', () => {
    const neck = measureNeck(ringed([0, 1, 2, 3, 4, 5, 6, 7]), canal, field, reading)
    expect(neck.right).toBe(0)
    expect(neck.exact).toBe(false)
    expect(neck.c2BelowBrainstemMm).toBeGreaterThan(60)
  })

  test('a level that the reader did not see among those that he saw is misplaced', () => {
    const neck = measureNeck(ringed([1, 2, 3, 6, 0, 0, 0, 0]), canal, field, reading)
    expect(neck.right).toBe(3)
    expect(neck.misplaced).toEqual(['C6'])
  })

  test('a gap and an early end break the chain', () => {
    expect(measureNeck(ringed([1, 2, 3, 0, 5, 6, 7, 8]), canal, field, null).broken).toBe(
      'gap between C3 and C5',
    )
    expect(measureNeck(ringed([1, 2, 3, 4, 0, 0, 0, 0]), canal, field, null).broken).toBe('ends at C4')
    expect(
      measureNeck(ringed([1, 2, 3, 4, 0, 0, 0, 0]), canal, { top: 30, bottom: -85 }, null).broken,
    ).toBeNull()
  })

  test('two vertebrae are no chain, unless T2 or lower goes on below them', () => {
    const shown = { top: -104, bottom: -150 }
    expect(measureNeck(ringed([0, 0, 0, 0, 0, 0, 7, 8]), canal, shown, null).broken).toBe('only 2 labels')
    expect(measureNeck(ringed([0, 0, 0, 0, 0, 7, 8, 9]), canal, shown, null).broken).toBeNull()
  })

  test('a ring beside the cord does not hold it', () => {
    const neck = measureNeck(ringed(all, 12), canal, field, null)
    expect(neck.vertebrae.every((v) => v.holdsCord === false)).toBe(true)
  })
})
