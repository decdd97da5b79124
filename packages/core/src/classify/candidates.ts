import type { Candidate } from '../report/report.ts'
import type { SliceOrigin } from '../series/study.ts'
import { invert, multiply, transform, type Vec3 } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { CROP, cropGrid } from './crop.ts'
import { maskedHeat } from './locate.ts'
import { HEAT_COLUMNS, HEAT_ROWS, type SliceScores } from './slices.ts'
import type { VertebraCrop } from './vertebra-crop.ts'

/** Cells of a heat map, slowest axis first: slices, rows, columns. */
const SHAPE = [CROP.shape[0], HEAT_ROWS, HEAT_COLUMNS] as const
/** Pixels of the crop for a cell along each axis. */
const CELL = [1, CROP.heatStride, CROP.heatStride] as const

/** Boxes a vertebra: a ring breaks in several places. Chosen, as the constants below, on phantoms (docs/decisions/0011-evaluation.md). */
const MOST = 3
/** A further box needs at least this share of the first one's heat, and counts at most half of what it says. */
const LEAST_SHARE = 0.3
const FURTHER = 0.5
/** Cells connected to a peak belong to it while they are this share as hot. */
const SHARE_OF_PEAK = 0.7
/** The heat falls before the finding ends, and readers draw their boxes around it: this far on each side, mm, [z, y, x]. */
const MARGIN_MM = [3, 2.8, 2.8] as const

/** Suspicious places of a vertebra, the hottest first: pieces of Model I's heat map as boxes in pixels of the volume. */
export function findCandidates(
  crop: VertebraCrop,
  scores: SliceScores,
  probability: number,
  volume: Volume,
  slices: readonly SliceOrigin[],
): Candidate[] {
  const heat = maskedHeat(crop, scores)
  const free = new Uint8Array(heat.length).fill(1)
  const found: Candidate[] = []
  let highest = 0
  while (found.length < MOST) {
    const peak = hottest(heat, free)
    highest ||= heat[peak]
    if (peak < 0 || heat[peak] <= 0 || heat[peak] < LEAST_SHARE * highest) break
    const level = SHARE_OF_PEAK * heat[peak]
    const region = regionAround(heat, free, peak, level)
    const extent = [0, 1, 2].map((axis) => extentAlong(axis, heat, region, level))
    for (const cell of region) for (const near of neighbours(cell)) free[near] = 0
    const weight = found.length === 0 ? 1 : (FURTHER * heat[peak]) / highest
    found.push(toCandidate(extent, probability * weight * heat[peak], crop.centreLps, volume, slices))
  }
  return found
}

function hottest(heat: Float32Array, free: Uint8Array): number {
  let best = -1
  for (let n = 0; n < heat.length; n++) if (free[n] && (best < 0 || heat[n] > heat[best])) best = n
  return best
}

/** Cells connected to the peak by sides, edges or corners that are at least as hot as `level`. */
function regionAround(heat: Float32Array, free: Uint8Array, peak: number, level: number): Set<number> {
  const region = new Set([peak])
  for (const cell of region)
    for (const near of neighbours(cell)) if (free[near] && heat[near] >= level) region.add(near)
  return region
}

/** A cell and those that touch it. */
function* neighbours(cell: number): Generator<number> {
  const [nz, ny, nx] = SHAPE
  const z = Math.floor(cell / (ny * nx))
  const y = Math.floor(cell / nx) % ny
  const x = cell % nx
  for (let k = Math.max(0, z - 1); k <= Math.min(nz - 1, z + 1); k++)
    for (let j = Math.max(0, y - 1); j <= Math.min(ny - 1, y + 1); j++)
      for (let i = Math.max(0, x - 1); i <= Math.min(nx - 1, x + 1); i++) yield (k * ny + j) * nx + i
}

/**
 * Where a region begins and ends along an axis, in pixels of the crop: a cell is 5.6 mm wide, so the edge is put
 * between the centres of the last cell inside and the first one outside, where the heat would fall to `level`.
 */
function extentAlong(
  axis: number,
  heat: Float32Array,
  region: ReadonlySet<number>,
  level: number,
): [from: number, to: number] {
  const [, ny, nx] = SHAPE
  const indexOf = (cell: number) =>
    axis === 0 ? Math.floor(cell / (ny * nx)) : axis === 1 ? Math.floor(cell / nx) % ny : cell % nx
  const profile = new Float32Array(SHAPE[axis])
  const around = new Set<number>()
  for (const cell of region) for (const near of neighbours(cell)) around.add(near)
  for (const cell of around) profile[indexOf(cell)] = Math.max(profile[indexOf(cell)], heat[cell])
  const inside = [...region].map(indexOf)
  const edge = (index: number, step: 1 | -1) => {
    const outside = profile[index + step] ?? 0
    const share = profile[index] > outside ? (profile[index] - level) / (profile[index] - outside) : 0.5
    return CELL[axis] * (index + 0.5 + step * Math.min(Math.max(share, 0), 1)) - 0.5
  }
  const margin = MARGIN_MM[axis] / CROP.spacingMm[axis]
  return [edge(Math.min(...inside), -1) - margin, edge(Math.max(...inside), 1) + margin]
}

/** An extent [z, y, x] in pixels of the crop as a box in whole pixels and slices of the volume. */
function toCandidate(
  extent: readonly (readonly number[])[],
  score: number,
  centreLps: Vec3,
  volume: Volume,
  slices: readonly SliceOrigin[],
): Candidate {
  const { ijkToLps } = cropGrid(centreLps)
  const toVolume = multiply(invert(volume.ijkToLps), ijkToLps)
  const [zs, ys, xs] = extent
  const corners = xs.flatMap((x) => ys.flatMap((y) => zs.map((z) => transform(toVolume, [x, y, z]))))
  const range = (axis: 0 | 1 | 2, size: number): [number, number] => {
    const values = corners.map((c) => c[axis])
    const clamp = (v: number) => Math.min(Math.max(0, v), size - 1)
    // Voxel n reaches from n - 0.5 to n + 0.5: the box holds the voxels whose centres lie in the extent.
    return [clamp(Math.ceil(Math.min(...values))), clamp(Math.floor(Math.max(...values)))]
  }
  const [firstSlice, lastSlice] = range(2, volume.shape[0])
  const [top, bottom] = range(1, volume.shape[1])
  const [left, right] = range(0, volume.shape[2])
  const middle = (ends: readonly number[]) => (ends[0] + ends[1]) / 2
  return {
    score,
    firstSlice,
    lastSlice: Math.max(firstSlice, lastSlice),
    firstPath: slices[firstSlice]?.path ?? '',
    lastPath: slices[Math.max(firstSlice, lastSlice)]?.path ?? '',
    x: left,
    y: top,
    width: Math.max(1, right - left + 1),
    height: Math.max(1, bottom - top + 1),
    centreLps: transform(ijkToLps, [middle(xs), middle(ys), middle(zs)]),
  }
}
