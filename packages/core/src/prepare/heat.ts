import { CROP, CROP_PLANE, CROP_SIZE, cropGrid } from '../classify/crop.ts'
import { invert, type Mat4, multiply, type Vec3 } from '../volume/geometry.ts'
import type { Grid } from '../volume/volume.ts'

/** A rectangle on one slice of a volume; x, y top-left, in pixels, as RSNA's boxes. */
export type SliceBox = {
  /** The volume's z, from 0. */
  readonly sliceIndex: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Widens a fracture by this on each side, pixels of the crop: a gap of half a millimetre is narrower than a pixel. */
const DILATION = 1

/**
 * Marks the pixels of a crop (1, else 0) that given voxels of a volume touch. Voxels are pushed into the crop with
 * their whole extent, so that neither a thin fracture nor a coarse slice leaves holes.
 * @param voxels Indices into the volume's array.
 */
export function paintVoxels(
  voxels: ArrayLike<number>,
  { shape, ijkToLps }: Grid,
  centreLps: Vec3,
): Uint8Array {
  const m = multiply(invert(cropGrid(centreLps).ijkToLps), ijkToLps)
  const reach = (axis: number, dilation: number) =>
    Math.max(0.5, (Math.abs(m[4 * axis]) + Math.abs(m[4 * axis + 1]) + Math.abs(m[4 * axis + 2])) / 2) +
    dilation
  const [rx, ry, rz] = [reach(0, DILATION), reach(1, DILATION), reach(2, 0)]
  const [nz, ny, nx] = CROP.shape
  const out = new Uint8Array(CROP_SIZE)
  for (let n = 0; n < voxels.length; n++) {
    const i = voxels[n] % shape[2]
    const line = Math.floor(voxels[n] / shape[2])
    const j = line % shape[1]
    const k = Math.floor(line / shape[1])
    const x = m[0] * i + m[1] * j + m[2] * k + m[3]
    const y = m[4] * i + m[5] * j + m[6] * k + m[7]
    const z = m[8] * i + m[9] * j + m[10] * k + m[11]
    const [x0, x1] = [Math.max(0, Math.ceil(x - rx)), Math.min(nx - 1, Math.floor(x + rx))]
    for (let c = Math.max(0, Math.ceil(z - rz)); c <= Math.min(nz - 1, Math.floor(z + rz)); c++)
      for (let b = Math.max(0, Math.ceil(y - ry)); b <= Math.min(ny - 1, Math.floor(y + ry)); b++)
        if (x0 <= x1) out.fill(1, c * CROP_PLANE + b * nx + x0, c * CROP_PLANE + b * nx + x1 + 1)
  }
  return out
}

/** Marks the pixels of a crop (1, else 0) that lie in boxes on slices of a volume. */
export function paintBoxes(boxes: readonly SliceBox[], ijkToLps: Mat4, centreLps: Vec3): Uint8Array {
  const m = multiply(invert(ijkToLps), cropGrid(centreLps).ijkToLps)
  // A slice reaches half way to the next one, of the volume or of the crop, whichever is coarser.
  const reach = Math.max(0.5, (Math.abs(m[8]) + Math.abs(m[9]) + Math.abs(m[10])) / 2)
  const [nz, ny, nx] = CROP.shape
  const out = new Uint8Array(CROP_SIZE)
  // How far the height in the volume changes over a slice of the crop: by nothing unless the scan is tilted.
  const low = Math.min(0, m[8] * (nx - 1)) + Math.min(0, m[9] * (ny - 1))
  const high = Math.max(0, m[8] * (nx - 1)) + Math.max(0, m[9] * (ny - 1))
  for (let k = 0; k < nz; k++) {
    const height = m[10] * k + m[11]
    const near = boxes.filter(({ sliceIndex: s }) => s >= height + low - reach && s <= height + high + reach)
    if (near.length === 0) continue
    for (let j = 0; j < ny; j++) {
      const [left, right] = [0, nx - 1].map((i) => m[4] * i + m[5] * j + m[6] * k + m[7])
      const beside = near.filter(
        (b) => b.y <= Math.max(left, right) && b.y + b.height >= Math.min(left, right),
      )
      if (beside.length === 0) continue
      for (let i = 0; i < nx; i++) {
        const x = m[0] * i + m[1] * j + m[2] * k + m[3]
        const y = m[4] * i + m[5] * j + m[6] * k + m[7]
        const z = m[8] * i + m[9] * j + m[10] * k + m[11]
        const inside = beside.some(
          (b) =>
            Math.abs(z - b.sliceIndex) <= reach &&
            x >= b.x &&
            x <= b.x + b.width &&
            y >= b.y &&
            y <= b.y + b.height,
        )
        if (inside) out[k * CROP_PLANE + j * nx + i] = 1
      }
    }
  }
  return out
}

/** Rows and columns of a heat map. */
export const HEAT_SHAPE = [
  CROP.shape[0],
  CROP.shape[1] / CROP.heatStride,
  CROP.shape[2] / CROP.heatStride,
] as const

/** The heat map of a vertebra without a fracture. */
export const createHeat = (): Uint8Array => new Uint8Array(HEAT_SHAPE[0] * HEAT_SHAPE[1] * HEAT_SHAPE[2])

/** Share of each cell of a crop that is painted, 0..255 for 0..1; at least 1 where anything is. */
export function heatOf(painted: Uint8Array): Uint8Array {
  const [slices, rows, columns] = HEAT_SHAPE
  const s = CROP.heatStride
  const counts = new Uint16Array(slices * rows * columns)
  for (let n = 0; n < painted.length; n++) {
    if (painted[n] === 0) continue
    const line = Math.floor(n / CROP.shape[2])
    const slice = Math.floor(line / CROP.shape[1])
    const row = Math.floor((line % CROP.shape[1]) / s)
    counts[(slice * rows + row) * columns + Math.floor((n % CROP.shape[2]) / s)]++
  }
  return Uint8Array.from(counts, (count) => Math.ceil((255 * count) / (s * s)))
}
