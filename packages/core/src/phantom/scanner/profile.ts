import type { Bone } from '../anatomy/parts.ts'

/** Look-up by distance to a bone's surface: share of the voxel that is bone, and bone HU times that share. */
export type Profile = { readonly share: Float32Array; readonly hu: Float32Array }

export const PROFILE_MIN_MM = -9
export const PROFILE_MAX_MM = 4
const STEP_MM = 0.05
export const PROFILE_PER_MM = 1 / STEP_MM

/**
 * A flat wall of cortex over spongy bone, seen through a Gaussian point spread of deviation sigmaMm: exact for
 * flat surfaces, close for the curved ones of vertebrae, and one look-up a voxel.
 */
export function buildProfile({ cortexMm, cortexHu, coreHu }: Bone, sigmaMm: number): Profile {
  const count = Math.round((PROFILE_MAX_MM - PROFILE_MIN_MM) / STEP_MM) + 1
  const reach = Math.ceil((3 * sigmaMm) / STEP_MM)
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-0.5 * (((i - reach) * STEP_MM) / sigmaMm) ** 2),
  )
  const total = kernel.reduce((s, v) => s + v, 0)
  const pure = (d: number): number => {
    if (d > 0) return 0
    if (d > -cortexMm) return cortexHu
    return coreHu + (cortexHu * 0.45 - coreHu) * Math.exp((d + cortexMm) / 0.6)
  }
  const share = new Float32Array(count)
  const hu = new Float32Array(count)
  for (let i = 0; i < count; i++) {
    let s = 0
    let h = 0
    for (let k = -reach; k <= reach; k++) {
      const d = PROFILE_MIN_MM + (i + k) * STEP_MM
      if (d <= 0) s += kernel[k + reach]
      h += kernel[k + reach] * pure(d)
    }
    share[i] = s / total
    hu[i] = h / total
  }
  return { share, hu }
}
