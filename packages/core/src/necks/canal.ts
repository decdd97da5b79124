import { transform, type Vec3 } from '../volume/geometry.ts'
import type { LabelVolume } from '../volume/volume.ts'

/** Labels of an expert's structures as shared/data/ct-openkbp has them. */
export const CORD = 1
export const BRAINSTEM = 2

/** Middle of the spinal canal from an expert's mask of the cord. */
export type Canal = {
  /** LPS, mm, at a height z; straight on beyond the mask's ends. */
  at(z: number): Vec3
  /** Heights between which the cord's mask was drawn, LPS, mm. */
  readonly cord: { readonly top: number; readonly bottom: number }
  /** Height at which the brainstem's mask ends and the cord's begins; null when no brainstem was drawn. */
  readonly brainstemEnd: number | null
}

/** Half a window, mm: evens out voxels of 4-5 mm, keeps a kyphosis. */
const SMOOTH_MM = 8
/** The canal goes on beyond the mask as it went over its last part, mm. */
const END_MM = 30

/** Centre line of the cord and the brainstem; null without a mask of the cord. Slices must be axial. */
export function traceCanal(structures: LabelVolume): Canal | null {
  const cord = centres(structures, (label) => label === CORD)
  if (cord.length === 0) return null
  const stem = centres(structures, (label) => label === BRAINSTEM)
  const heights = cord.map((p) => p[2])
  const top = Math.max(...heights)
  // The brainstem leans forward, away from the canal's line: only its lower end leads the line on.
  const knots = [...cord, ...stem.filter((p) => p[2] > top && p[2] < top + 2 * SMOOTH_MM)]
  const smooth = knots
    .map((p) => meanOf(knots.filter((q) => Math.abs(q[2] - p[2]) <= SMOOTH_MM)))
    .sort((a, b) => a[2] - b[2])
  return {
    at: lineThrough(smooth),
    cord: { top, bottom: Math.min(...heights) },
    brainstemEnd: stem.length > 0 ? Math.min(...stem.map((p) => p[2])) : null,
  }
}

/** Centre of the chosen labels in each slice that has some, LPS. */
function centres(
  { data, shape: [nz, ny, nx], ijkToLps }: LabelVolume,
  is: (label: number) => boolean,
): Vec3[] {
  const found: Vec3[] = []
  for (let k = 0; k < nz; k++) {
    let [count, sumX, sumY] = [0, 0, 0]
    for (let n = 0; n < ny * nx; n++) {
      if (!is(data[k * ny * nx + n])) continue
      count++
      sumX += n % nx
      sumY += Math.floor(n / nx)
    }
    if (count > 0) found.push(transform(ijkToLps, [sumX / count, sumY / count, k]))
  }
  return found
}

const meanOf = (points: readonly Vec3[]): Vec3 => {
  const mean = (a: 0 | 1 | 2) => points.reduce((sum, p) => sum + p[a], 0) / points.length
  return [mean(0), mean(1), mean(2)]
}

/** Linear between points sorted by height; beyond them along the chord of the last END_MM. */
export function lineThrough(points: readonly Vec3[]): (z: number) => Vec3 {
  const between = (a: Vec3, b: Vec3, z: number): Vec3 => {
    const t = b[2] === a[2] ? 0 : (z - a[2]) / (b[2] - a[2])
    return [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]), z]
  }
  const [first, last] = [points[0], points[points.length - 1]]
  const inner = points.find((p) => p[2] >= first[2] + END_MM) ?? last
  const outer = points.findLast((p) => p[2] <= last[2] - END_MM) ?? first
  return (z) => {
    if (z <= first[2]) return between(first, inner, z)
    if (z >= last[2]) return between(outer, last, z)
    const above = points.findIndex((p) => p[2] >= z)
    return between(points[above - 1], points[above], z)
  }
}
