import { type Bounds, boundsLps, countedFrom, type LabelVolume, traceLabels, type Vec3 } from '@neckfrac/core'
import { PLANE, type PlaneName, planeCoordinates, pointOnPlane } from './planes.ts'

/** Closed line around a vertebra in a plane, mm. */
export type Outline = {
  readonly label: string
  readonly points: readonly (readonly [u: number, v: number])[]
}

/** Pixel in which outlines are traced, mm: half the segmenter's finest voxel. */
const PIXEL_MM = 1
/** Depths closer than this share their outlines, mm. */
const DEPTH_MM = 0.5
/** Slices whose outlines are kept: some 20 KB each. */
const KEPT = 200

/** Outlines of the labels in any slice of any plane; what was traced lately is kept. */
export function createOutliner(
  labels: LabelVolume | null,
): (plane: PlaneName, depthMm: number) => readonly Outline[] {
  const bounds = labels && labelledBounds(labels)
  if (!labels || !bounds) return () => []
  const kept = new Map<string, readonly Outline[]>()
  return (plane, depthMm) => {
    const step = Math.round(depthMm / DEPTH_MM)
    const key = `${plane} ${step}`
    const known = kept.get(key) ?? trace(labels, bounds, plane, step * DEPTH_MM)
    kept.delete(key)
    kept.set(key, known)
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!)
    return known
  }
}

function trace(
  labels: LabelVolume,
  { min, max }: Bounds,
  name: PlaneName,
  depth: number,
): readonly Outline[] {
  const plane = PLANE[name]
  if (depth < min[plane.axis] || depth > max[plane.axis]) return []
  const [u1, v1] = planeCoordinates(plane, min)
  const [u2, v2] = planeCoordinates(plane, max)
  const [left, top] = [Math.min(u1, u2), Math.min(v1, v2)]
  const sheet = {
    width: Math.ceil(Math.abs(u2 - u1) / PIXEL_MM),
    height: Math.ceil(Math.abs(v2 - v1) / PIXEL_MM),
    spacingMm: PIXEL_MM,
    normal: plane.across,
    toLps: (x: number, y: number): Vec3 =>
      pointOnPlane(plane, left + x * PIXEL_MM, top + y * PIXEL_MM, depth),
  }
  return traceLabels(labels, sheet).map(({ label, points }) => ({
    label,
    points: points.map(([x, y]) => [left + x * PIXEL_MM, top + y * PIXEL_MM] as const),
  }))
}

/** What the labels occupy, with a voxel around; null when there are none. */
function labelledBounds({ data, shape, ijkToLps }: LabelVolume): Bounds | null {
  const [, ny, nx] = shape
  const low = [Infinity, Infinity, Infinity]
  const high = [-Infinity, -Infinity, -Infinity]
  for (let n = 0; n < data.length; n++) {
    if (data[n] === 0) continue
    const at = [n % nx, Math.floor(n / nx) % ny, Math.floor(n / (nx * ny))]
    for (let axis = 0; axis < 3; axis++) {
      low[axis] = Math.min(low[axis], at[axis])
      high[axis] = Math.max(high[axis], at[axis])
    }
  }
  if (low[0] > high[0]) return null
  const first = low as unknown as Vec3
  const extent = [2, 1, 0].map((axis) => high[axis] - low[axis] + 1) as unknown as [number, number, number]
  return boundsLps({ shape: extent, ijkToLps: countedFrom(ijkToLps, first) }, 1)
}
