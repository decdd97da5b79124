import type { Volume } from '../../volume/volume.ts'
import type { Random } from '../random.ts'
import { blur } from '../template/distance.ts'
import { SHAPE, STEP_MM } from './canvas.ts'

const [NZ, NY, NX] = SHAPE

/** LPS of the canvas's first node, mm; x to the left, y to the back, z up. */
const ORIGIN = [((1 - NX) / 2) * STEP_MM, ((1 - NY) / 2) * STEP_MM, ((NZ - 1) / 2) * STEP_MM]

/** Canvas nodes to LPS. */
export const CANVAS_TO_LPS = [
  STEP_MM, 0, 0, ORIGIN[0],
  0, STEP_MM, 0, ORIGIN[1],
  0, 0, -STEP_MM, ORIGIN[2],
  0, 0, 0, 1,
] // biome-ignore format: a matrix reads best in rows

/** Scans a canvas: blurred in place, sampled anywhere between fine and the pixels of radiotherapy planning, with white noise. */
export function acquire(hu: Float32Array, random: Random): Volume {
  const planning = random.chance(0.6)
  const pixelMm = planning ? random.range(3.3, 4.6) : random.range(1, 4)
  const sliceMm = planning ? random.range(2.2, 3.1) : random.range(1, 3.5)
  const share = random.range(0.15, 0.5) / STEP_MM
  blur(hu, [NX, NY, NZ], [share * pixelMm, share * pixelMm, share * sliceMm])

  const along = (nodes: number, mm: number) => {
    const first = random.next() - 1
    const count = Math.floor((nodes * STEP_MM) / mm) + 2
    const at = Float32Array.from({ length: count }, (_, i) =>
      Math.max(0, Math.min(nodes - 1.0001, ((i + first) * mm) / STEP_MM)),
    )
    return { count, at, firstMm: first * mm }
  }
  const [z, y, x] = [along(NZ, sliceMm), along(NY, pixelMm), along(NX, pixelMm)]
  const noise = random.range(3, 35)
  const data = new Int16Array(z.count * y.count * x.count)
  let n = 0
  for (const az of z.at) {
    const kz = Math.floor(az)
    for (const ay of y.at) {
      const ky = Math.floor(ay)
      for (const ax of x.at) {
        const kx = Math.floor(ax)
        const p = (kz * NY + ky) * NX + kx
        const [fx, fy] = [ax - kx, ay - ky]
        const row = (q: number) => hu[q] + fx * (hu[q + 1] - hu[q])
        const plane = (q: number) => row(q) + fy * (row(q + NX) - row(q))
        const value = plane(p) + (az - kz) * (plane(p + NX * NY) - plane(p))
        data[n++] = Math.max(-1024, Math.min(3071, Math.round(value + noise * random.normal())))
      }
    }
  }
  const ijkToLps = [
    pixelMm, 0, 0, ORIGIN[0] + x.firstMm,
    0, pixelMm, 0, ORIGIN[1] + y.firstMm,
    0, 0, -sliceMm, ORIGIN[2] - z.firstMm,
    0, 0, 0, 1,
  ] // biome-ignore format: a matrix reads best in rows
  return { data, shape: [z.count, y.count, x.count], ijkToLps }
}
