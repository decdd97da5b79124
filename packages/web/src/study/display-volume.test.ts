import type { Mat4, Vec3, Volume } from '@neckfrac/core'
import { describe, expect, it } from 'vitest'
import { type DisplayVolume, toDisplayVolume } from './display-volume.ts'

/** Soft tissue with one dense voxel block whose middle lies at a known voxel. */
function volumeOf(ijkToLps: Mat4, mark: Vec3): Volume {
  const shape = [12, 14, 16] as const
  const data = new Int16Array(12 * 14 * 16)
  for (let k = -1; k <= 1; k++)
    for (let j = -1; j <= 1; j++)
      for (let i = -1; i <= 1; i++) data[((mark[2] + k) * 14 + mark[1] + j) * 16 + mark[0] + i] = 1000
  return { data, shape, ijkToLps }
}

/** Where the dense voxels lie in the patient, by the display volume's own geometry: independent of the code tested. */
function densestPoint({ data, dimensions, direction: d, origin, spacing }: DisplayVolume): Vec3 {
  const sum = [0, 0, 0]
  let weight = 0
  for (let n = 0; n < data.length; n++) {
    if (data[n] < 100) continue // beyond a sheared volume there is air
    const ijk = [
      n % dimensions[0],
      Math.floor(n / dimensions[0]) % dimensions[1],
      Math.floor(n / (dimensions[0] * dimensions[1])),
    ]
    for (let axis = 0; axis < 3; axis++)
      sum[axis] += data[n] * (origin[axis] + ijk.reduce((s, v, c) => s + d[3 * c + axis] * spacing[c] * v, 0))
    weight += data[n]
  }
  return [sum[0] / weight, sum[1] / weight, sum[2] / weight]
}

const determinant = (d: readonly number[]) =>
  d[0] * (d[4] * d[8] - d[5] * d[7]) - d[1] * (d[3] * d[8] - d[5] * d[6]) + d[2] * (d[3] * d[7] - d[4] * d[6])

const tilt = Math.sin(Math.PI / 9)
describe.each<[string, Mat4]>([
  ['an axial scan', [0.5, 0, 0, -10, 0, 0.5, 0, -20, 0, 0, 1, 30, 0, 0, 0, 1]],
  ['a left-handed one', [0.5, 0, 0, -10, 0, 0.5, 0, -20, 0, 0, -1, 30, 0, 0, 0, 1]],
  ['a sagittal one, mirrored', [0, 0, 1, 5, 0.5, 0, 0, -7, 0, 0.5, 0, 9, 0, 0, 0, 1]],
  ['a tilted gantry', [0.5, 0, 0, -10, 0, 0.5, 0, -20, 0, -0.5 * tilt, 1, 30, 0, 0, 0, 1]],
])('%s', (_, m) => {
  const mark: Vec3 = [9, 5, 7]
  const display = toDisplayVolume(volumeOf(m, mark))

  it('is drawn on a right-handed, rectangular grid', () => {
    expect(determinant(display.direction)).toBeCloseTo(1, 5)
  })

  it('has everything where it lies in the patient', () => {
    const expected = [0, 1, 2].map(
      (r) => m[4 * r] * mark[0] + m[4 * r + 1] * mark[1] + m[4 * r + 2] * mark[2] + m[4 * r + 3],
    )
    const found = densestPoint(display)
    for (let axis = 0; axis < 3; axis++) expect(found[axis]).toBeCloseTo(expected[axis], 0)
  })
})
