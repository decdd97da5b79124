/** Affine maps between voxel indices and the patient. The only file that converts between frames. */

export type Vec3 = readonly [number, number, number]

/** Row-major 4 x 4 matrix; the last row is 0 0 0 1. */
export type Mat4 = readonly number[]

/** Applies an affine map to a point. */
export function transform(m: Mat4, [x, y, z]: Vec3): Vec3 {
  return [
    m[0] * x + m[1] * y + m[2] * z + m[3],
    m[4] * x + m[5] * y + m[6] * z + m[7],
    m[8] * x + m[9] * y + m[10] * z + m[11],
  ]
}

/** Product a b: first b, then a. */
export function multiply(a: Mat4, b: Mat4): Mat4 {
  const out = new Array<number>(16).fill(0)
  for (let r = 0; r < 4; r++)
    for (let c = 0; c < 4; c++) for (let k = 0; k < 4; k++) out[4 * r + c] += a[4 * r + k] * b[4 * k + c]
  return out
}

/** Inverse of an affine map. @throws RangeError when the map is singular. */
export function invert(m: Mat4): Mat4 {
  const [a, b, c, , d, e, f, , g, h, i] = m
  const A = e * i - f * h
  const B = f * g - d * i
  const C = d * h - e * g
  const det = a * A + b * B + c * C
  if (!Number.isFinite(1 / det)) throw new RangeError('singular affine map')
  const r = [
    A,
    c * h - b * i,
    b * f - c * e,
    B,
    a * i - c * g,
    c * d - a * f,
    C,
    b * g - a * h,
    a * e - b * d,
  ]
  const s = r.map((v) => v / det)
  const t = (row: number) => -(s[3 * row] * m[3] + s[3 * row + 1] * m[7] + s[3 * row + 2] * m[11])
  return [s[0], s[1], s[2], t(0), s[3], s[4], s[5], t(1), s[6], s[7], s[8], t(2), 0, 0, 0, 1]
}

/** Map with the given columns: out = x * ax + y * ay + z * az + origin. */
export const affine = (ax: Vec3, ay: Vec3, az: Vec3, origin: Vec3): Mat4 => [
  ax[0],
  ay[0],
  az[0],
  origin[0],
  ax[1],
  ay[1],
  az[1],
  origin[1],
  ax[2],
  ay[2],
  az[2],
  origin[2],
  0,
  0,
  0,
  1,
]

export const cross = (a: Vec3, b: Vec3): Vec3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
export const subtract = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
export const norm = (a: Vec3): number => Math.hypot(a[0], a[1], a[2])

/** The same grid counted from another voxel, which becomes [0, 0, 0]. */
export function countedFrom(m: Mat4, first: Vec3): Mat4 {
  const origin = transform(m, first)
  return m.map((value, n) => (n % 4 === 3 && n < 12 ? origin[n >> 2] : value))
}

/** Distance in mm between neighbouring voxels along x, y and z. */
export const spacingMm = (m: Mat4): Vec3 => [
  Math.hypot(m[0], m[4], m[8]),
  Math.hypot(m[1], m[5], m[9]),
  Math.hypot(m[2], m[6], m[10]),
]

export type Bounds = { readonly min: Vec3; readonly max: Vec3 }

/**
 * Extent of a grid along the patient's axes, LPS, mm: between the outermost voxel centres, or with `marginVoxels` beyond
 * them; 0.5 gives the voxels' edges.
 */
export function boundsLps(
  grid: { readonly shape: readonly [z: number, y: number, x: number]; readonly ijkToLps: Mat4 },
  marginVoxels = 0,
): Bounds {
  const [nz, ny, nx] = grid.shape
  const ends = [nx, ny, nz].map((n) => [-marginVoxels, n - 1 + marginVoxels])
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((c) =>
    transform(grid.ijkToLps, [ends[0][c & 1], ends[1][(c >> 1) & 1], ends[2][(c >> 2) & 1]]),
  )
  const along = (axis: 0 | 1 | 2, pick: (...values: number[]) => number) =>
    pick(...corners.map((p) => p[axis]))
  return {
    min: [along(0, Math.min), along(1, Math.min), along(2, Math.min)],
    max: [along(0, Math.max), along(1, Math.max), along(2, Math.max)],
  }
}
