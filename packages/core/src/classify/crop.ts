import type { Mat4, Vec3 } from '../volume/geometry.ts'
import { resample } from '../volume/resample.ts'
import type { Grid, LabelVolume, Volume } from '../volume/volume.ts'

/**
 * What both fracture models see of a vertebra: 24 axial slices of 128 x 128, as the original's models. 36 mm from
 * head to feet hold a vertebra with its spinous process; 90 mm hold the transverse processes of C1 and C7.
 */
export const CROP = {
  shape: [24, 128, 128],
  spacingMm: [1.5, 0.7, 0.7],
  /** Bone window with the soft tissue around it. */
  huMin: -400,
  huMax: 1400,
  /** Pixels of the crop for one cell of the fracture heat map. */
  heatStride: 8,
} as const

/** Voxels in a crop, and in one of its slices. */
export const CROP_PLANE = CROP.shape[1] * CROP.shape[2]
export const CROP_SIZE = CROP.shape[0] * CROP_PLANE

/** Grid of a crop: z from head to feet, y front to back, x right to left; centred on a point in LPS, mm. */
export function cropGrid([x, y, z]: Vec3): Grid {
  const [dz, dy, dx] = CROP.spacingMm
  const [nz, ny, nx] = CROP.shape
  const ijkToLps: Mat4 = [
    dx, 0, 0, x - (dx * (nx - 1)) / 2,
    0, dy, 0, y - (dy * (ny - 1)) / 2,
    0, 0, -dz, z + (dz * (nz - 1)) / 2,
    0, 0, 0, 1,
  ] // biome-ignore format: a matrix reads best in rows
  return { shape: CROP.shape, ijkToLps }
}

/** HU around a point, windowed to 0..255. */
export function cropImage(volume: Volume, centreLps: Vec3): Uint8Array {
  const hu = resample(volume, cropGrid(centreLps))
  const scale = 255 / (CROP.huMax - CROP.huMin)
  const out = new Uint8ClampedArray(hu.length) // rounds and clamps
  for (let n = 0; n < hu.length; n++) out[n] = (hu[n] - CROP.huMin) * scale
  return new Uint8Array(out.buffer)
}

/** Soft mask of one vertebra around a point, 0..255, from the coarse labels of the segmenter. */
export function cropMask(labels: LabelVolume, label: number, centreLps: Vec3): Uint8Array {
  const { shape, ijkToLps } = labels
  const data = new Int16Array(labels.data.length)
  for (let n = 0; n < data.length; n++) if (labels.data[n] === label) data[n] = 255
  return new Uint8Array(resample({ data, shape, ijkToLps }, cropGrid(centreLps), 0))
}

/** Channels that the models see of one slice: the slice before, the slice, the slice after, the mask. */
export const CHANNELS = 4

/**
 * Network input of a crop: float32 [24, 4, 128, 128] in 0..1. Beyond the first and the last slice that slice stands for
 * its missing neighbour.
 */
export function networkInput({
  image,
  mask,
}: {
  readonly image: Uint8Array
  readonly mask: Uint8Array
}): Float32Array {
  const slices = CROP.shape[0]
  const out = new Float32Array(CHANNELS * CROP_SIZE)
  let at = 0
  const copy = (from: Uint8Array, slice: number) => {
    const start = Math.min(Math.max(0, slice), slices - 1) * CROP_PLANE
    for (let n = start; n < start + CROP_PLANE; n++) out[at++] = from[n] / 255
  }
  for (let slice = 0; slice < slices; slice++) {
    copy(image, slice - 1)
    copy(image, slice)
    copy(image, slice + 1)
    copy(mask, slice)
  }
  return out
}
