import { affine, spacingMm, subtract, type Vec3 } from '../volume/geometry.ts'
import { resample } from '../volume/resample.ts'
import type { Volume } from '../volume/volume.ts'

/**
 * A sheet through the patient that is drawn as a picture. u runs right and v down, in pixels from the picture's
 * top-left corner, so that the centre of pixel (0, 0) lies at (0.5, 0.5). A sheet may be curved; its rows are straight.
 */
export type Sheet = {
  readonly width: number
  readonly height: number
  readonly spacingMm: number
  /** Unit vector across the sheet, LPS. */
  readonly normal: Vec3
  readonly toLps: (u: number, v: number) => Vec3
}

/** Directions of the patient in LPS. */
export const LEFT: Vec3 = [1, 0, 0]
export const POSTERIOR: Vec3 = [0, 1, 0]
export const INFERIOR: Vec3 = [0, 0, -1]

/** Bone window of the neck: width 1800, level 400 HU. */
const HU_MIN = -500
const HU_MAX = 1300

/** A flat sheet of width x height pixels centred on a point; right and down are unit vectors in LPS. */
export function flatSheet(
  centre: Vec3,
  right: Vec3,
  down: Vec3,
  size: { readonly width: number; readonly height: number; readonly spacingMm: number },
): Sheet {
  const { width, height, spacingMm } = size
  const normal: Vec3 = [
    right[1] * down[2] - right[2] * down[1],
    right[2] * down[0] - right[0] * down[2],
    right[0] * down[1] - right[1] * down[0],
  ]
  const at = (axis: 0 | 1 | 2, u: number, v: number) =>
    centre[axis] + right[axis] * (u - width / 2) * spacingMm + down[axis] * (v - height / 2) * spacingMm
  return {
    width,
    height,
    spacingMm,
    normal,
    toLps: (u, v) => [at(0, u, v), at(1, u, v), at(2, u, v)],
  }
}

/** Draws the sheet in the bone window, averaged over slabMm across it. */
export function drawSheet(volume: Volume, sheet: Sheet, slabMm = 0): Uint8Array {
  const { width, height, normal } = sheet
  const sampleMm = Math.max(Math.min(...spacingMm(volume.ijkToLps)), 0.5)
  const steps = 1 + 2 * Math.ceil(slabMm / 2 / sampleMm)
  const stepMm = steps > 1 ? slabMm / (steps - 1) : 0
  const across: Vec3 = [normal[0] * stepMm, normal[1] * stepMm, normal[2] * stepMm]
  const pixels = new Uint8Array(width * height)
  for (let row = 0; row < height; row++) {
    // Each row is straight even where the sheet is curved: x runs along it, z across the slab.
    const start = sheet.toLps(0.5, row + 0.5)
    const along = subtract(sheet.toLps(1.5, row + 0.5), start)
    const half = (steps - 1) / 2
    const origin: Vec3 = [
      start[0] - half * across[0],
      start[1] - half * across[1],
      start[2] - half * across[2],
    ]
    const hu = resample(volume, {
      shape: [steps, 1, width],
      ijkToLps: affine(along, [0, 0, 0], across, origin),
    })
    for (let column = 0; column < width; column++) {
      let sum = 0
      for (let k = 0; k < steps; k++) sum += hu[k * width + column]
      const grey = ((sum / steps - HU_MIN) / (HU_MAX - HU_MIN)) * 255
      pixels[row * width + column] = Math.min(Math.max(Math.round(grey), 0), 255)
    }
  }
  return pixels
}
