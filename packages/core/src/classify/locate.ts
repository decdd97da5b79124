import { sigmoid } from '../decide/decide.ts'
import type { Box } from '../report/report.ts'
import type { SliceOrigin } from '../series/study.ts'
import { invert, multiply, transform } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { CROP, CROP_PLANE, cropGrid } from './crop.ts'
import { HEAT_COLUMNS, HEAT_ROWS, type SliceScores } from './slices.ts'
import type { VertebraCrop } from './vertebra-crop.ts'

const CELLS = HEAT_ROWS * HEAT_COLUMNS
/** Cells around the hottest one that are at least this share as hot belong to the same finding. */
const SHARE_OF_PEAK = 0.5

/** The most suspicious place of a vertebra: the hottest cells of Model I's heat map, as a box on a slice of the volume. */
export function locate(
  crop: VertebraCrop,
  scores: SliceScores,
  volume: Volume,
  slices: readonly SliceOrigin[],
): Box {
  const heat = maskedHeat(crop, scores)
  const peak = heat.indexOf(heat.reduce((a, b) => Math.max(a, b)))
  const slice = Math.floor(peak / CELLS)
  const cells = regionAround(heat.subarray(slice * CELLS, (slice + 1) * CELLS), peak % CELLS)
  const columns = cells.map((c) => c % HEAT_COLUMNS)
  const rows = cells.map((c) => Math.floor(c / HEAT_COLUMNS))
  const s = CROP.heatStride
  const [x0, x1] = [Math.min(...columns) * s - 0.5, (Math.max(...columns) + 1) * s - 0.5]
  const [y0, y1] = [Math.min(...rows) * s - 0.5, (Math.max(...rows) + 1) * s - 0.5]

  const { ijkToLps } = cropGrid(crop.centreLps)
  const toVolume = multiply(invert(volume.ijkToLps), ijkToLps)
  const corners = [x0, x1].flatMap((x) => [y0, y1].map((y) => transform(toVolume, [x, y, slice])))
  const centre = transform(toVolume, [(x0 + x1) / 2, (y0 + y1) / 2, slice])
  const [nz, ny, nx] = volume.shape
  const clamp = (v: number, size: number) => Math.min(Math.max(0, Math.round(v)), size - 1)
  const left = clamp(Math.min(...corners.map((c) => c[0])), nx)
  const right = clamp(Math.max(...corners.map((c) => c[0])), nx)
  const top = clamp(Math.min(...corners.map((c) => c[1])), ny)
  const bottom = clamp(Math.max(...corners.map((c) => c[1])), ny)
  const sliceIndex = clamp(centre[2], nz)
  return {
    sliceIndex,
    sopInstanceUid: slices[sliceIndex]?.sopInstanceUid ?? '',
    path: slices[sliceIndex]?.path ?? '',
    x: left,
    y: top,
    width: right - left,
    height: bottom - top,
    centreLps: transform(ijkToLps, [(x0 + x1) / 2, (y0 + y1) / 2, slice]),
  }
}

/** Probability of each cell, weighed with the slice's own probability, 0 where the vertebra is not. */
export function maskedHeat({ mask }: VertebraCrop, { heat, sliceLogits }: SliceScores): Float32Array {
  const out = new Float32Array(heat.length)
  const s = CROP.heatStride
  for (let n = 0; n < heat.length; n++) {
    const slice = Math.floor(n / CELLS)
    const row = Math.floor((n % CELLS) / HEAT_COLUMNS) * s
    const column = (n % HEAT_COLUMNS) * s
    let covered = 0
    for (let y = row; y < row + s; y++)
      for (let x = column; x < column + s; x++)
        covered = Math.max(covered, mask[slice * CROP_PLANE + y * CROP.shape[2] + x])
    // A floor keeps a place to point at when the mask of a badly displaced vertebra is empty.
    out[n] = sigmoid(heat[n]) * sigmoid(sliceLogits[slice]) * Math.max(covered / 255, 0.01)
  }
  return out
}

/** Cells connected to the peak, sides and corners, that are hot enough. */
function regionAround(heat: Float32Array, peak: number): number[] {
  const region = [peak]
  const seen = new Set(region)
  for (const cell of region) {
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++) {
        const [row, column] = [Math.floor(cell / HEAT_COLUMNS) + dy, (cell % HEAT_COLUMNS) + dx]
        if (row < 0 || column < 0 || row >= HEAT_ROWS || column >= HEAT_COLUMNS) continue
        const next = row * HEAT_COLUMNS + column
        if (seen.has(next) || heat[next] < SHARE_OF_PEAK * heat[peak]) continue
        seen.add(next)
        region.push(next)
      }
  }
  return region
}
