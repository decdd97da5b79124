import { LEVELS, type Level } from '../levels.ts'
import type { Vec3 } from '../volume/geometry.ts'
import type { Shape3 } from '../volume/volume.ts'
import type { PlannedFracture } from './plan.ts'
import type { FractureTruth, PhantomTruth } from './study.ts'

/** A fracture counts as imaged when its gap fills at least this much of the field of view, mm3. */
const VISIBLE_MM3 = 6

/** Boxes are this much larger than the gap on each side, mm: readers draw them around the finding. */
const MARGIN_MM = 3

/**
 * What of the plan is in the images, with boxes by slice. Fractures outside the field of view are dropped and the
 * mask is renumbered in place.
 */
export function measureTruth(options: {
  readonly seed: number
  readonly preset: string
  readonly plan: readonly PlannedFracture[]
  readonly centresLps: readonly Vec3[]
  readonly mask: Uint8Array
  readonly shape: Shape3
  readonly voxelMm: Vec3
}): Omit<PhantomTruth, 'family' | 'template' | 'scan'> {
  const { seed, preset, plan, centresLps, mask, shape, voxelMm } = options
  const [, rows, columns] = shape
  const counts = plan.map(() => 0)
  const boxes = plan.map(() => new Map<number, [x0: number, y0: number, x1: number, y1: number]>())
  if (plan.length)
    for (let n = 0; n < mask.length; n++) {
      const f = mask[n]
      if (f === 0) continue
      const x = n % columns
      const y = Math.floor(n / columns) % rows
      const z = Math.floor(n / (columns * rows))
      counts[f - 1]++
      const b = boxes[f - 1].get(z)
      if (!b) boxes[f - 1].set(z, [x, y, x, y])
      else {
        b[0] = Math.min(b[0], x)
        b[1] = Math.min(b[1], y)
        b[2] = Math.max(b[2], x)
        b[3] = Math.max(b[3], y)
      }
    }
  const voxelMm3 = voxelMm[0] * voxelMm[1] * voxelMm[2]
  const kept = plan.map((_, i) => i).filter((i) => counts[i] * voxelMm3 >= VISIBLE_MM3)
  if (kept.length < plan.length) {
    const renumber = new Uint8Array(plan.length + 1)
    kept.forEach((i, n) => {
      renumber[i + 1] = n + 1
    })
    for (let n = 0; n < mask.length; n++) if (mask[n]) mask[n] = renumber[mask[n]]
  }
  const mx = MARGIN_MM / voxelMm[0]
  const my = MARGIN_MM / voxelMm[1]
  const fractures = kept.map((i): FractureTruth => {
    const { level, type, severity } = plan[i]
    return {
      level,
      type,
      severity,
      centreLps: centresLps[i],
      boxes: [...boxes[i]]
        .sort((a, b) => a[0] - b[0])
        .map(([sliceIndex, [x0, y0, x1, y1]]) => {
          const x = Math.max(0, Math.floor(x0 - mx))
          const y = Math.max(0, Math.floor(y0 - my))
          return {
            sliceIndex,
            x,
            y,
            width: Math.min(columns, Math.ceil(x1 + 1 + mx)) - x,
            height: Math.min(rows, Math.ceil(y1 + 1 + my)) - y,
          }
        }),
    }
  })
  const fractured = Object.fromEntries(
    LEVELS.map((l) => [l, fractures.some((f) => f.level === l)]),
  ) as Record<Level, boolean>
  return { seed, preset, fractured, fractures }
}
