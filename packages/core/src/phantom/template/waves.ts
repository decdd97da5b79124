import type { Vec3 } from '../../volume/geometry.ts'
import { ONE_SIDED } from '../anatomy/bend.ts'
import type { Random } from '../random.ts'

/** A smooth displacement in mm at a point in mm. */
export type Waves = (p: Vec3) => Vec3

/** Waves that add up to one component of the displacement. */
const COUNT = 4

/**
 * Standing waves across the midline (x = 0) that run in random directions along it: both sides change nearly alike.
 * @param share Amplitude of each as a share of its length.
 */
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
      const [across, along] = [w.x * x, w.y * y + w.z * z + w.phase]
      const even = Math.cos(across) * Math.sin(along)
      const odd = Math.sin(across) * Math.cos(along)
      // Both sides alike: x mirrored, y and z the same.
      const [both, one] = n % 3 === 0 ? [odd, even] : [even, odd]
      out[n % 3] += w.mm * (both + ONE_SIDED * one)
    }
    return out
  }
}
