import {
  affine,
  boundsLps,
  cross,
  dot,
  type Mat4,
  resample,
  spacingMm,
  transform,
  type Vec3,
  type Volume,
} from '@neckfrac/core'

/** What Cornerstone3D draws: voxels on a right-handed grid with right angles. `direction`: unit columns x, y, z in a row. */
export type DisplayVolume = {
  readonly data: Int16Array<ArrayBuffer>
  readonly dimensions: Vec3
  readonly spacing: Vec3
  readonly origin: Vec3
  readonly direction: readonly number[]
}

/** Slices sheared by less than this, as a cosine, are square: 0.06 degrees, a voxel over the length of a neck. */
const SQUARE = 1e-3

const column = (m: Mat4, n: number): Vec3 => [m[n], m[4 + n], m[8 + n]]
const scaled = (a: Vec3, by: number): Vec3 => [a[0] * by || 0, a[1] * by || 0, a[2] * by || 0]

/** The volume as it can be drawn. Most are used as they are; a tilted gantry's is resampled, a left-handed one turned. */
export function toDisplayVolume(volume: Volume): DisplayVolume {
  const size = spacingMm(volume.ijkToLps)
  const axes = [0, 1, 2].map((n) => scaled(column(volume.ijkToLps, n), 1 / size[n]))
  const isSquare = [dot(axes[0], axes[1]), dot(axes[0], axes[2]), dot(axes[1], axes[2])].every(
    (cosine) => Math.abs(cosine) < SQUARE,
  )
  const { data, shape, ijkToLps } = turnToRightHand(isSquare ? volume : squareUp(volume))
  const spacing = spacingMm(ijkToLps)
  return {
    data: data as Int16Array<ArrayBuffer>,
    dimensions: [shape[2], shape[1], shape[0]],
    spacing,
    origin: column(ijkToLps, 3),
    direction: [0, 1, 2].flatMap((n) => scaled(column(ijkToLps, n), 1 / spacing[n])),
  }
}

/** Resamples onto the patient's axes at the volume's own spacing. */
function squareUp(volume: Volume): Volume {
  const { min, max } = boundsLps(volume)
  const [dx, dy, dz] = spacingMm(volume.ijkToLps)
  const count = (axis: 0 | 1 | 2, step: number) => 1 + Math.floor((max[axis] - min[axis]) / step)
  const ijkToLps: Mat4 = [dx, 0, 0, min[0], 0, dy, 0, min[1], 0, 0, dz, min[2], 0, 0, 0, 1]
  const shape = [count(2, dz), count(1, dy), count(0, dx)] as const
  return { shape, ijkToLps, data: resample(volume, { shape, ijkToLps }) }
}

/** Reverses the slices where x, y, z make a left hand. */
function turnToRightHand(volume: Volume): Volume {
  const m = volume.ijkToLps
  const [x, y, z] = [0, 1, 2].map((n) => column(m, n))
  if (dot(cross(x, y), z) > 0) return volume
  const [slices, rows, columns] = volume.shape
  const plane = rows * columns
  const data = new Int16Array(volume.data.length)
  for (let k = 0; k < slices; k++)
    data.set(volume.data.subarray(k * plane, (k + 1) * plane), (slices - 1 - k) * plane)
  const last = transform(m, [0, 0, slices - 1])
  return { data, shape: volume.shape, ijkToLps: affine(x, y, scaled(z, -1), last) }
}
