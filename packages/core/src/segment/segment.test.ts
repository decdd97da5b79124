import { describe, expect, test } from 'vitest'
import type { Session, Tensor } from '../ports.ts'
import type { Volume } from '../volume/volume.ts'
import { keepLargestComponents } from './components.ts'
import { segmentationGrid } from './grid.ts'
import { inOrder, segment } from './segment.ts'
import { CLASSES } from './segmentation.ts'
import { describeVertebrae } from './vertebrae.ts'

/** A block of soft tissue with bright "vertebrae" whose HU says their level: 1000 + 100 * label. */
function stack(labels: readonly number[], topMm: number): Volume {
  const shape = [100, 80, 80] as const // 2 x 2 x 2 mm, z from feet to head
  const data = new Int16Array(shape[0] * shape[1] * shape[2]).fill(40)
  labels.forEach((label, n) => {
    const top = 95 - 10 * n
    for (let z = top - 6; z < top; z++)
      for (let y = 30; y < 50; y++)
        for (let x = 30; x < 50; x++) data[(z * 80 + y) * 80 + x] = 1000 + 100 * label
  })
  return { data, shape, ijkToLps: [2, 0, 0, -80, 0, 2, 0, -80, 0, 0, 2, topMm - 198, 0, 0, 0, 1] }
}

/** A network that reads the label off the HU of the middle slice. */
const readLabels: Session = {
  async run({ image }: Readonly<Record<string, Tensor>>) {
    const [n, context, rows, columns] = image.shape
    const plane = rows * columns
    const data = new Float32Array(n * CLASSES * plane)
    for (let s = 0; s < n; s++)
      for (let p = 0; p < plane; p++) {
        const hu = image.data[(s * context + 2) * plane + p]
        const label = Math.max(0, Math.round((hu - 1000) / 100))
        data[(s * CLASSES + label) * plane + p] = 20
      }
    return { logits: { data, shape: [n, CLASSES, rows, columns] } }
  },
  async dispose() {},
}

describe('segment', () => {
  test('labels and places each vertebra in the patient', async () => {
    const { vertebrae } = await segment(stack([1, 2, 3, 4], 150), readLabels)
    expect(vertebrae.map((v) => v.label)).toEqual([1, 2, 3, 4])
    vertebrae.forEach((v, n) => {
      // The block's voxels 30..49 and top-6..top-1, in mm.
      const expected = [-1, -1, 150 - 198 + 2 * (95 - 10 * n - 3.5)]
      for (let a = 0; a < 3; a++) expect(Math.abs(v.centreLps[a] - expected[a])).toBeLessThan(2.1)
      expect(v.truncated).toBe(false)
    })
  })

  test('the grid keeps its orientation when the volume is stored upside down', () => {
    const { data, shape, ijkToLps } = stack([1, 2, 3], 100)
    const flipped = ijkToLps.slice()
    flipped[10] = -2
    flipped[11] = 100
    const a = segmentationGrid({ data, shape, ijkToLps })
    const b = segmentationGrid({ data: data.slice().reverse(), shape, ijkToLps: flipped })
    expect(b.shape).toEqual(a.shape)
    expect(b.ijkToLps[9]).toBeLessThan(0) // rows run from the head to the feet
    expect(b.ijkToLps[11]).toBeCloseTo(a.ijkToLps[11])
  })

  test('marks a vertebra at the end of the scan', async () => {
    const volume = stack([1, 2, 3, 4], 150)
    const cut = 80 * 80 * 93 // the scan ends inside the first block
    const shorter: Volume = { ...volume, data: volume.data.slice(0, cut), shape: [93, 80, 80] }
    const { vertebrae } = await segment(shorter, readLabels)
    expect(vertebrae.map((v) => v.truncated)).toEqual([true, false, false, false])
  })

  test('marks a vertebra where the body ends, though the array goes on with padding and a couch', async () => {
    const volume = stack([1, 2, 3, 4], 150)
    const plane = 80 * 80
    // The body begins inside the lowest block; below it are air and, behind, a couch of 4 of 80 rows.
    const first = 95 - 10 * 3 - 4
    for (let n = 0; n < first * plane; n++) volume.data[n] = Math.floor(n / 80) % 80 >= 76 ? 40 : -1024
    const { vertebrae } = await segment(volume, readLabels)
    expect(vertebrae.map((v) => v.truncated)).toEqual([false, false, false, true])
  })
})

test('keeps the largest piece of each label and leaves T2 and lower alone', () => {
  const labels = {
    data: Uint8Array.of(3, 3, 0, 3, 9, 0, 9, 5),
    shape: [1, 1, 8] as const,
    ijkToLps: [],
  }
  keepLargestComponents(labels)
  expect([...labels.data]).toEqual([3, 3, 0, 0, 9, 0, 9, 5])
})

test("keeps the front arch of C1's ring apart from its masses, but no stray voxel", () => {
  const row = [...new Array(11).fill(1), 0, 1, 1, 0, 1, 0, 3, 3, 3, 0, 3, 3]
  const labels = { data: new Uint8Array(row), shape: [1, 1, row.length] as const, ijkToLps: [] }
  keepLargestComponents(labels)
  expect([...labels.data]).toEqual([...row.slice(0, 15), 0, 0, 3, 3, 3, 0, 0, 0])
})

test('drops the weaker of two labels that stand in the wrong order', () => {
  const at = (label: number, z: number, confidence: number) => ({
    label,
    centreLps: [0, 0, z] as const,
    minLps: [0, 0, z] as const,
    maxLps: [0, 0, z] as const,
    volumeMm3: 5000,
    confidence,
    truncated: false,
  })
  const kept = inOrder([at(1, 60, 0.9), at(2, 40, 0.9), at(3, 70, 0.3), at(4, 20, 0.9)])
  expect(kept.map((v) => v.label)).toEqual([1, 2, 4])
})

test('a few stray voxels do not move the centre', () => {
  const shape = [1, 100, 100] as const
  const data = new Uint8Array(10_000)
  for (let y = 40; y < 60; y++) data.fill(4, y * 100 + 40, y * 100 + 60)
  data[0] = 4
  const ijkToLps = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
  const [v] = describeVertebrae({ data, shape, ijkToLps })
  expect(v.centreLps[0]).toBeCloseTo(99)
  expect(v.centreLps[1]).toBeCloseTo(99)
})

test('a sliver of a vertebra beside whole ones has no label of its own', () => {
  const shape = [20, 60, 20] as const
  const ijkToLps = [0, 0, 2, 0, 2, 0, 0, 0, 0, -2, 0, 0, 0, 0, 0, 1]
  const data = new Uint8Array(shape[0] * shape[1] * shape[2])
  const fill = (label: number, top: number, rows: number) => {
    for (let k = 0; k < 20; k++) data.fill(label, (k * 60 + top) * 20, (k * 60 + top + rows) * 20)
  }
  for (const [label, top] of [
    [3, 0],
    [4, 11],
    [5, 22],
  ])
    fill(label, top, 10)
  fill(6, 33, 1)
  expect(describeVertebrae({ data, shape, ijkToLps }).map((v) => v.label)).toEqual([3, 4, 5])
  fill(6, 33, 2)
  expect(describeVertebrae({ data, shape, ijkToLps }).map((v) => v.label)).toEqual([3, 4, 5, 6])
})
