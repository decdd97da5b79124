import { transform } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'

/** Padding and air of planning CTs that keep the body alone. */
const BODY_HU = -900
/** A slice with less of the body is outside the field: OpenKBP keeps there nothing but the outlined cord. */
const BODY_MM2 = 3000

/** Heights between which axial slices show a body, LPS, mm; null when none does. */
export function visibleField({
  data,
  shape: [nz, ny, nx],
  ijkToLps,
}: Volume): { top: number; bottom: number } | null {
  const pixelMm2 = Math.hypot(ijkToLps[0], ijkToLps[4]) * Math.hypot(ijkToLps[1], ijkToLps[5])
  const heights: number[] = []
  for (let k = 0; k < nz; k++) {
    let pixels = 0
    for (let n = k * ny * nx; n < (k + 1) * ny * nx; n++) if (data[n] > BODY_HU) pixels++
    if (pixels * pixelMm2 >= BODY_MM2) heights.push(transform(ijkToLps, [0, 0, k])[2])
  }
  return heights.length > 0 ? { top: Math.max(...heights), bottom: Math.min(...heights) } : null
}
