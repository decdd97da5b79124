import type { Random } from '../random.ts'

/** Smooth periodic noise, 32 nodes a side, mean 0, deviation about 1. Bone texture and uneven surfaces read it. */
export type Grain = Float32Array

const SIDE = 32
const MASK = SIDE - 1

export function createGrain(random: Random): Grain {
  const raw = new Float32Array(SIDE ** 3)
  for (let i = 0; i < raw.length; i++) raw[i] = random.normal()
  const out = new Float32Array(raw.length)
  let sum = 0
  for (let z = 0; z < SIDE; z++)
    for (let y = 0; y < SIDE; y++)
      for (let x = 0; x < SIDE; x++) {
        const at = (dx: number, dy: number, dz: number) =>
          raw[((((z + dz) & MASK) * SIDE + ((y + dy) & MASK)) * SIDE + ((x + dx) & MASK)) | 0]
        const v =
          2 * at(0, 0, 0) +
          at(1, 0, 0) +
          at(-1, 0, 0) +
          at(0, 1, 0) +
          at(0, -1, 0) +
          at(0, 0, 1) +
          at(0, 0, -1)
        out[(z * SIDE + y) * SIDE + x] = v
        sum += v * v
      }
  const scale = 1 / Math.sqrt(sum / out.length)
  for (let i = 0; i < out.length; i++) out[i] *= scale
  return out
}

/** Trilinear value; the unit of the coordinates is one node. */
export function grainAt(grain: Grain, x: number, y: number, z: number): number {
  const x0 = Math.floor(x)
  const y0 = Math.floor(y)
  const z0 = Math.floor(z)
  const fx = x - x0
  const fy = y - y0
  const fz = z - z0
  const xa = x0 & MASK
  const xb = (x0 + 1) & MASK
  const ya = (y0 & MASK) * SIDE
  const yb = ((y0 + 1) & MASK) * SIDE
  const za = (z0 & MASK) * SIDE * SIDE
  const zb = ((z0 + 1) & MASK) * SIDE * SIDE
  const a = grain[za + ya + xa] + fx * (grain[za + ya + xb] - grain[za + ya + xa])
  const b = grain[za + yb + xa] + fx * (grain[za + yb + xb] - grain[za + yb + xa])
  const c = grain[zb + ya + xa] + fx * (grain[zb + ya + xb] - grain[zb + ya + xa])
  const d = grain[zb + yb + xa] + fx * (grain[zb + yb + xb] - grain[zb + yb + xa])
  const e = a + fy * (b - a)
  return e + fz * (c + fy * (d - c) - e)
}
