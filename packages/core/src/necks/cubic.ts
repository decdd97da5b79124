import { invert, type Mat4, transform, type Vec3 } from '../volume/geometry.ts'
import { OUTSIDE_HU } from '../volume/resample.ts'
import type { Volume } from '../volume/volume.ts'

/** Samples HU at LPS points by Catmull-Rom cubics: sharper on voxels of 4 mm than trilinear; for looking, not for networks. */
export function cubicSampler({ data, shape: [nz, ny, nx], ijkToLps }: Volume): (point: Vec3) => number {
  const toIjk: Mat4 = invert(ijkToLps)
  return (point) => {
    const [x, y, z] = transform(toIjk, point)
    if (!(x >= -0.5 && y >= -0.5 && z >= -0.5 && x <= nx - 0.5 && y <= ny - 0.5 && z <= nz - 0.5))
      return OUTSIDE_HU
    const [wx, wy, wz] = [weights(x), weights(y), weights(z)]
    let sum = 0
    for (let c = 0; c < 4; c++) {
      const k = clamp(Math.floor(z) - 1 + c, nz)
      for (let b = 0; b < 4; b++) {
        const row = (k * ny + clamp(Math.floor(y) - 1 + b, ny)) * nx
        for (let a = 0; a < 4; a++)
          sum += wz[c] * wy[b] * wx[a] * data[row + clamp(Math.floor(x) - 1 + a, nx)]
      }
    }
    return sum
  }
}

const clamp = (index: number, count: number): number => Math.min(Math.max(0, index), count - 1)

/** Weights of the four samples around a position (Keys 1981, a = -1/2). */
function weights(position: number): readonly [number, number, number, number] {
  const t = position - Math.floor(position)
  return [
    ((-0.5 * t + 1) * t - 0.5) * t,
    (1.5 * t - 2.5) * t * t + 1,
    ((-1.5 * t + 2) * t + 0.5) * t,
    (0.5 * t - 0.5) * t * t,
  ]
}
