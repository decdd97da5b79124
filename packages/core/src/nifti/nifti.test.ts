import { gzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { memoryFile } from '../../test/memory-source.ts'
import { type Mat4, transform } from '../volume/geometry.ts'
import type { Shape3 } from '../volume/volume.ts'
import { probeNiftiCt } from './probe.ts'
import { readNifti, readNiftiLabels } from './read.ts'
import { writeNifti } from './write.ts'

type Options = {
  readonly datatype?: 2 | 4 | 8 | 16 | 512
  readonly slope?: number
  readonly intercept?: number
  readonly littleEndian?: boolean
  readonly qform?: readonly [b: number, c: number, d: number, x: number, y: number, z: number, fac: number]
  readonly noForm?: boolean
}

/** A NIfTI-1 file written by hand: values by (i, j, k), rows of the sform in RAS. */
function write(
  shape: readonly [i: number, j: number, k: number],
  sform: readonly number[],
  value: (i: number, j: number, k: number) => number,
  { datatype = 4, slope = 0, intercept = 0, littleEndian = true, qform, noForm }: Options = {},
): Uint8Array {
  const width = { 2: 1, 4: 2, 8: 4, 16: 4, 512: 2 }[datatype]
  const bytes = new Uint8Array(352 + width * shape[0] * shape[1] * shape[2])
  const view = new DataView(bytes.buffer)
  const le = littleEndian
  view.setInt32(0, 348, le)
  for (const [n, dim] of [3, ...shape, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * n, dim, le)
  view.setInt16(70, datatype, le)
  for (const [n, v] of [qform?.[6] ?? 1, 1.5, 2, 3].entries()) view.setFloat32(76 + 4 * n, v, le)
  view.setFloat32(108, 352, le)
  view.setFloat32(112, slope, le)
  view.setFloat32(116, intercept, le)
  view.setInt16(252, qform === undefined ? 0 : 1, le)
  view.setInt16(254, qform === undefined && !noForm ? 1 : 0, le)
  for (const [n, v] of (qform ?? []).slice(0, 6).entries()) view.setFloat32(256 + 4 * n, v, le)
  for (const [n, v] of sform.entries()) view.setFloat32(280 + 4 * n, v, le)
  bytes.set([0x6e, 0x2b, 0x31], 344)
  let at = 352
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, at += width) {
        const v = value(i, j, k)
        if (datatype === 2) view.setUint8(at, v)
        else if (datatype === 4) view.setInt16(at, v, le)
        else if (datatype === 512) view.setUint16(at, v, le)
        else if (datatype === 8) view.setInt32(at, v, le)
        else view.setFloat32(at, v, le)
      }
  return bytes
}

const SHAPE = [3, 4, 5] as const
const SFORM = [2, 0, 0, 10, 0, 3, 0, 20, 0, 0, 4, 30]
const ramp = (i: number, j: number, k: number) => -1000 + 100 * i + 10 * j + k

type Grid = { readonly shape: Shape3; readonly ijkToLps: Mat4; readonly data: Int16Array | Uint8Array }

/** Value at a position given in RAS. */
function valueAt({ data, shape, ijkToLps }: Grid, ras: readonly number[]): number {
  for (let z = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++) {
        const [l, p, s] = transform(ijkToLps, [x, y, z])
        if (Math.hypot(l + ras[0], p + ras[1], s - ras[2]) < 1e-3)
          return data[(z * shape[1] + y) * shape[2] + x]
      }
  throw new Error(`no voxel at ${ras}`)
}

const toRas = (m: readonly number[], i: number, j: number, k: number) =>
  [0, 1, 2].map((r) => m[4 * r] * i + m[4 * r + 1] * j + m[4 * r + 2] * k + m[4 * r + 3])

describe('readNifti', () => {
  it.each<[string, Options]>([
    ['int16', {}],
    ['big endian', { littleEndian: false }],
    ['int32', { datatype: 8 }],
    ['float32', { datatype: 16 }],
    ['slope and intercept', { datatype: 512, slope: 0.5, intercept: -1024 }],
  ])('reads %s', (_, options) => {
    const { slope, intercept = 0 } = options
    const stored =
      slope === undefined ? ramp : (i: number, j: number, k: number) => (ramp(i, j, k) - intercept) / slope
    const volume = readNifti(write(SHAPE, SFORM, stored, options))
    expect(volume.shape).toEqual([5, 4, 3])
    expect(volume.ijkToLps).toEqual([-2, -0, -0, -10, -0, -3, -0, -20, 0, 0, 4, 30, 0, 0, 0, 1])
    expect(valueAt(volume, toRas(SFORM, 2, 1, 3))).toBe(ramp(2, 1, 3))
  })

  it.each([
    ['sagittal', [0, 0, 4, 10, 2, 0, 0, 20, 0, -3, 0, 30]],
    ['coronal', [2, 0, 0, 10, 0, 0, 3, 20, 0, 4, 0, 30]],
    ['turned', [0, 3, 0, 10, -2, 0, 0, 20, 0, 0, -4, 30]],
    ['oblique', [1.6, 0, -2.4, 10, 0, 3, 0, 20, 1.2, 0, 3.2, 30]],
  ])('keeps every voxel at its place and puts the axes in order: %s', (_, sform) => {
    const volume = readNifti(write(SHAPE, sform, ramp))
    for (const [i, j, k] of [
      [0, 0, 0],
      [2, 3, 4],
      [1, 2, 0],
    ])
      expect(valueAt(volume, toRas(sform, i, j, k))).toBe(ramp(i, j, k))
    const m = volume.ijkToLps
    for (const axis of [0, 1, 2]) {
      const others = [0, 1, 2].filter((row) => row !== axis)
      expect(Math.abs(m[5 * axis])).toBeGreaterThan(
        Math.max(...others.map((row) => Math.abs(m[4 * row + axis]))) - 1,
      )
    }
  })

  it('reads the qform, with its handedness', () => {
    // Quarter turn about z: i runs along +A, j along -R.
    const half = Math.SQRT1_2
    const volume = readNifti(write(SHAPE, [], ramp, { qform: [0, 0, half, 10, 20, 30, -1] }))
    expect(valueAt(volume, [10 - 2 * 2, 20 + 1.5, 30 - 3 * 3])).toBe(ramp(1, 2, 3))
  })

  it('reads gzip', () => {
    expect(readNifti(gzipSync(write(SHAPE, SFORM, ramp))).data.length).toBe(60)
  })

  it('keeps HU within -1024..3071, NaN is air', () => {
    const values = [-3024, 20000, Number.NaN]
    const { data } = readNifti(write(SHAPE, SFORM, (i) => values[i], { datatype: 16 }))
    expect([...data.subarray(0, 3)]).toEqual([-1024, 3071, -1024])
  })

  it.each<[string, Uint8Array]>([
    [
      'values are 0..3, a CT has air near -1000; this looks like a label map',
      write(SHAPE, SFORM, (i) => i + (i === 2 ? 1 : 0), { datatype: 2 }),
    ],
    ['values are 24..258', write(SHAPE, SFORM, (i, j, k) => ramp(i, j, k) + 1024)],
    ['neither sform nor qform', write(SHAPE, SFORM, ramp, { noForm: true })],
    ['singular', write(SHAPE, [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0], ramp)],
    ['truncated', write(SHAPE, SFORM, ramp).subarray(0, 400)],
    ['damaged gzip', gzipSync(write(SHAPE, SFORM, ramp)).map((b, i) => (i > 30 && i < 60 ? 255 : b))],
    ['not a NIfTI file', new Uint8Array(500)],
    ['claims to hold', Uint8Array.from([...gzipSync(new Uint8Array(4)).slice(0, -4), 255, 255, 255, 255])],
  ])('refuses: %s', (reason, bytes) => {
    expect(() => readNifti(bytes, 'a.nii')).toThrow(reason)
  })
})

describe('probeNiftiCt', () => {
  it('finds the grid without reading a large file whole', async () => {
    const bytes = write([64, 64, 100], SFORM, ramp)
    const file = memoryFile('a.nii', bytes)
    let read = 0
    const grid = await probeNiftiCt({
      ...file,
      read: (range) => {
        read += (range?.end ?? bytes.length) - (range?.start ?? 0)
        return file.read(range)
      },
    })
    expect(grid.shape).toEqual([100, 64, 64])
    expect(read).toBeLessThan(bytes.length / 2)
  })

  it('reads the whole file where the start shows no air, and refuses label maps', async () => {
    const late = write([64, 64, 100], SFORM, (_, __, k) => (k === 99 ? -1000 : 40))
    expect((await probeNiftiCt(memoryFile('late.nii.gz', gzipSync(late)))).shape).toEqual([100, 64, 64])
    const labels = write([64, 64, 100], SFORM, (_, __, k) => k % 3, { datatype: 2 })
    await expect(probeNiftiCt(memoryFile('labels.nii.gz', gzipSync(labels)))).rejects.toThrow('label map')
  })
})

describe('labels', () => {
  it('reads whole numbers of any type', () => {
    for (const datatype of [2, 4, 16] as const) {
      const labels = readNiftiLabels(write(SHAPE, SFORM, (i, j) => i * j, { datatype }))
      expect(valueAt(labels, toRas(SFORM, 2, 3, 1))).toBe(6)
    }
  })

  it('refuses what is no label', () => {
    expect(() => readNiftiLabels(write(SHAPE, SFORM, () => 0.5, { datatype: 16 }))).toThrow('0.5 is no label')
    expect(() => readNiftiLabels(write(SHAPE, SFORM, () => -1))).toThrow('-1 is no label')
  })

  it('reads what it writes', () => {
    const data = Uint8Array.from({ length: 60 }, (_, i) => i % 20)
    const labels = {
      data,
      shape: [5, 4, 3] as const,
      ijkToLps: [2, 0, 0.5, -10, 0, 3, 0, 20, 0, -1, 4, 30, 0, 0, 0, 1],
    }
    const read = readNiftiLabels(writeNifti(labels))
    expect(read.data).toEqual(data)
    expect(read.shape).toEqual([5, 4, 3])
    for (const [i, value] of labels.ijkToLps.entries()) expect(read.ijkToLps[i]).toBeCloseTo(value, 6)
  })
})
