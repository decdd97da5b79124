import { type Bounds, boundsLps, type Mat4 } from '../volume/geometry.ts'
import { OUTSIDE_HU, resample } from '../volume/resample.ts'
import type { Grid, Volume } from '../volume/volume.ts'

/** Working grid of the segmenter, mm: sagittal slices thin in plane and far apart, as in the prototype that labels real necks. */
export const SEGMENT_SPACING_MM = { x: 4, z: 2, y: 2 } as const

/** Sagittal slices, 4 mm apart: 128 mm holds the transverse processes of C1 when the middle is 24 mm off. */
const SLICES = 32
/** Columns, 2 mm: 224 mm holds the spine wherever it lies between the front and the back of a neck. */
const COLUMNS = 112
/** The network halves its input four times. */
const MULTIPLE = 16

/**
 * Grid [x, z, y] = [right to left, head to feet, front to back] over the full length of the volume, centred on the
 * bones in view. Grid axes as Shape3: "z" counts sagittal slices, "y" rows from the head, "x" columns from the front.
 */
export function segmentationGrid(volume: Volume): Grid {
  const bounds = boundsLps(volume)
  const [x, y] = boneCentre(volume, bounds)
  const { x: dx, z: dz, y: dy } = SEGMENT_SPACING_MM
  const length = bounds.max[2] - bounds.min[2]
  const rows = MULTIPLE * Math.max(1, Math.ceil((length / dz + 1) / MULTIPLE))
  const top = (bounds.min[2] + bounds.max[2]) / 2 + ((rows - 1) / 2) * dz
  const ijkToLps: Mat4 = [
    0, 0, dx, x - ((SLICES - 1) / 2) * dx,
    dy, 0, 0, y - ((COLUMNS - 1) / 2) * dy,
    0, -dz, 0, top,
    0, 0, 0, 1,
  ] // biome-ignore format: a matrix reads best in rows
  return { shape: [SLICES, rows, COLUMNS], ijkToLps }
}

/** The volume's HU on its segmentation grid. */
export function segmentationImage(volume: Volume): Volume {
  const grid = segmentationGrid(volume)
  return { ...grid, data: resample(volume, grid) }
}

/** HU above which a voxel is no air, fat included. */
const TISSUE_HU = -500

/** Voxels of the body in each row of an image on the grid, from the head down. */
export function tissueRows({ data, shape: [slices, rows, columns] }: Volume): number[] {
  const counts = new Array<number>(rows).fill(0)
  for (let s = 0, n = 0; s < slices; s++)
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) if (data[n++] > TISSUE_HU) counts[r]++
  return counts
}

/** Denser than soft tissue and most contrast-filled vessels after averaging over some millimetres. */
const BONE_HU = 250
/** Coarse enough to be cheap, fine enough not to lose the bones. */
const PROBE_MM = 4
/** Fewer probes than this are noise or metal: use the middle of the volume. */
const FEWEST_PROBES = 50

/** Median x and y of the bones: the spine is their middle from right to left, whatever part of the neck is in view. */
function boneCentre(volume: Volume, { min, max }: Bounds): [x: number, y: number] {
  const shape = [2, 1, 0].map((a) => 1 + Math.floor((max[a] - min[a]) / PROBE_MM)) as [number, number, number]
  const p = PROBE_MM
  const ijkToLps: Mat4 = [p, 0, 0, min[0], 0, p, 0, min[1], 0, 0, p, min[2], 0, 0, 0, 1]
  const probes = resample(volume, { shape, ijkToLps }, OUTSIDE_HU)
  const [, ny, nx] = shape
  const xs: number[] = []
  const ys: number[] = []
  for (let n = 0; n < probes.length; n++) {
    if (probes[n] < BONE_HU) continue
    xs.push(min[0] + p * (n % nx))
    ys.push(min[1] + p * (Math.floor(n / nx) % ny))
  }
  if (xs.length < FEWEST_PROBES) return [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2]
  return [median(xs), median(ys)]
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]
