import { describe, expect, test } from 'vitest'
import type { LabelVolume, Volume } from '../volume/volume.ts'
import { correctCount } from './chain.ts'

const [SLICES, ROWS, COLUMNS, CLASSES] = [5, 96, 20, 10]
/** Rows of 2 mm that each body fills, discs of one row below it: C1 with C2, C3 ... C7, T1, lower. */
const HEIGHTS = [20, 8, 8, 8, 8, 8, 9, 12]
const TRUE_LABELS = [2, 3, 4, 5, 6, 7, 8, 9]

type Neck = { labels: LabelVolume; probabilities: Float32Array; image: Volume }

/** A straight column of bodies from row 8, or from the edge, named by `say`: the row and the truth -> what the network says. */
function neck(say: (row: number, label: number) => number, firstBody = 0): Neck {
  const shape = [SLICES, ROWS, COLUMNS] as const
  const ijkToLps = [2, 0, 0, 0, 0, 0, -2, 0, 0, 4, 0, 0, 0, 0, 0, 1]
  const data = new Uint8Array(SLICES * ROWS * COLUMNS)
  const probabilities = new Float32Array(SLICES * CLASSES * ROWS * COLUMNS)
  const truth = new Uint8Array(ROWS)
  let row = firstBody > 0 ? 0 : 8
  TRUE_LABELS.slice(firstBody).forEach((label, n) => {
    truth.fill(label, row, row + HEIGHTS[n + firstBody])
    row += HEIGHTS[n + firstBody] + 1
  })
  for (let s = 0; s < SLICES; s++)
    for (let r = 0; r < ROWS; r++)
      for (let c = 0; c < COLUMNS; c++) {
        const label = truth[r] > 0 && c >= 4 && c < 12 ? say(r, truth[r]) : 0
        data[(s * ROWS + r) * COLUMNS + c] = label
        for (let k = 0; k < CLASSES; k++)
          probabilities[((s * CLASSES + k) * ROWS + r) * COLUMNS + c] = k === label ? 0.64 : 0.04
      }
  const image = { data: new Int16Array(data.length).fill(40), shape, ijkToLps }
  return { labels: { data, shape, ijkToLps }, probabilities, image }
}

/** The label in the middle of each body. */
function middles({ labels }: Neck, firstBody = 0): number[] {
  let row = firstBody > 0 ? 0 : 8
  return HEIGHTS.slice(firstBody).map((height) => {
    const label = labels.data[(2 * ROWS + row + (height >> 1)) * COLUMNS + 6]
    row += height + 1
    return label
  })
}

const corrected = (n: Neck): Neck => {
  correctCount(n.labels, n.probabilities, n.image)
  return n
}

describe('correctCount', () => {
  test('leaves a right count as it is', () => {
    const said = neck((_, label) => label)
    const before = said.labels.data.slice()
    expect(corrected(said).labels.data).toEqual(before)
  })

  test('gives the foot of C2 back, and counts on from there', () => {
    // The lowest 10 mm of C2 are called C3; C3 and C4 are one too low, and C4 and C5 have one name.
    const said = corrected(neck((row, label) => (row >= 23 && label < 5 ? label + 1 : label)))
    expect(middles(said)).toEqual(TRUE_LABELS)
    expect(said.labels.data[(2 * ROWS + 26) * COLUMNS + 6]).toBe(2)
  })

  test('parts two bodies that have one name', () => {
    // C3 and C4 are both called C3, the rest is one too high, and C7 is divided to make up for it.
    const said = neck((row, label) =>
      label === 7 ? (row < 70 ? 6 : 7) : label > 3 && label < 7 ? label - 1 : label,
    )
    expect(middles(said)).toEqual([2, 3, 3, 4, 5, 6, 8, 9])
    expect(middles(corrected(said))).toEqual(TRUE_LABELS)
  })

  test('finds the count where all names below C2 are off by one', () => {
    // Every name but C2's is one too low, in perfect spacing: the row of the mistake is the only one that is out of place.
    const said = neck((row, label) => (row >= 22 ? Math.min(label + 1, 9) : label))
    expect(middles(said)).toEqual([2, 4, 5, 6, 7, 8, 9, 9])
    expect(middles(corrected(said))).toEqual(TRUE_LABELS)
    expect(said.labels.data[(2 * ROWS + 26) * COLUMNS + 6]).toBe(2)
  })

  test('finds the count where all names below C3 are one too high', () => {
    const said = neck((row, label) => (label > 3 && (label < 9 || row < 92) ? label - 1 : label))
    expect(middles(said).slice(0, 7)).toEqual([2, 3, 3, 4, 5, 6, 7])
    expect(middles(corrected(said))).toEqual(TRUE_LABELS)
  })

  test('believes the names where the field begins below C2: nothing else tells them', () => {
    const said = neck((_, label) => label, 3)
    const image = { ...said.image, data: new Int16Array(said.image.data.length).fill(-1000) }
    expect(middles(corrected({ ...said, image }), 3)).toEqual(TRUE_LABELS.slice(3))
  })

  test('takes any labels, and gives labels', () => {
    let state = 1
    const random = (below: number) => {
      state = (state * 48271) % 2147483647
      return state % below
    }
    for (let n = 0; n < 20; n++) {
      const said = neck((_, label) => (random(3) ? random(CLASSES) : label), random(6))
      expect(Math.max(...corrected(said).labels.data)).toBeLessThan(CLASSES)
    }
  })

  test('has nothing to say where there is no spine', () => {
    expect(corrected(neck(() => 0)).labels.data.every((label) => label === 0)).toBe(true)
  })
})
