import type { Vec3 } from '../../volume/geometry.ts'
import type { Random } from '../random.ts'

/** A smooth displacement in mm at a point in mm. */
export type Waves = (p: Vec3) => Vec3

/** Waves that add up to one component of the displacement. */
const COUNT = 4

/** Plane waves of random direction. @param share Amplitude of each as a share of its length. */
export function createWaves(random: Random, lengthMm: readonly [number, number], share: number): Waves {
  const all = Array.from({ length: 3 * COUNT }, () => {
    const length = random.range(...lengthMm)
    const d = [random.normal(), random.normal(), random.normal()]
    const k = (2 * Math.PI) / (length * Math.max(1e-6, Math.hypot(...d)))
    return { x: d[0] * k, y: d[1] * k, z: d[2] * k, phase: random.range(0, 2 * Math.PI), mm: length * share }
  })
  return ([x, y, z]) => {
    const out: [number, number, number] = [0, 0, 0]
    for (let n = 0; n < all.length; n++) {
      const w = all[n]
      out[n % 3] += w.mm * Math.sin(w.x * x + w.y * y + w.z * z + w.phase)
    }
    return out
  }
}
