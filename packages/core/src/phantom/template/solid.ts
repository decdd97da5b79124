import { invert, type Mat4, multiply, type Vec3 } from '../../volume/geometry.ts'
import type { LabelVolume } from '../../volume/volume.ts'
import { type Bounds, createLattice, FAR_MM, fetch, type Lattice } from '../anatomy/lattice.ts'
import { blur, signedDistance } from './distance.ts'
import type { Cloud } from './frame.ts'

/** Step of the lattices, mm. */
const STEP_MM = 0.75
/** Deviation of the smoothing that takes the stairs of slices away, mm. */
const SMOOTH_MM = 0.6
/** Distances within a slice are trusted up to here, mm: what lies deeper must not outweigh the next slice. */
const CLAMP_MM = 3

/**
 * One label as a signed distance in its vertebra's frame. Slices are joined by the distances to their outlines (Raya
 * and Udupa, 1990), which turns stairs into slopes; true distances are then measured and smoothed.
 */
export function buildSolid(labels: LabelVolume, label: number, frame: Mat4, local: Cloud): Lattice {
  const outlines = sliceOutlines(labels, label, invert(labels.ijkToLps), frame, local)
  const low = [1e9, 1e9, 1e9]
  const high = [-1e9, -1e9, -1e9]
  for (let n = 0; n < local.length; n++) {
    low[n % 3] = Math.min(low[n % 3], local[n])
    high[n % 3] = Math.max(high[n % 3], local[n])
  }
  const bounds: Bounds = {
    min: low.map((v) => v - FAR_MM / 2 - 1) as unknown as Vec3,
    max: high.map((v) => v + FAR_MM / 2 + 1) as unknown as Vec3,
  }
  const lattice = createLattice(bounds, STEP_MM, 0)
  const inside = new Uint8Array(lattice.data.length)
  visit(lattice, (n, x, y, z) => {
    inside[n] = outlines(x, y, z) < 0 ? 1 : 0
  })
  const sdf = signedDistance(inside, lattice.nodes, [STEP_MM, STEP_MM, STEP_MM])
  for (let n = 0; n < sdf.length; n++) sdf[n] = Math.max(-FAR_MM, Math.min(FAR_MM, sdf[n]))
  const sigma = SMOOTH_MM / STEP_MM
  blur(sdf, lattice.nodes, [sigma, sigma, sigma])
  return { ...lattice, data: sdf }
}

export function visit(
  { nodes, origin, stepMm }: Lattice,
  at: (n: number, x: number, y: number, z: number) => void,
): void {
  let n = 0
  for (let k = 0; k < nodes[2]; k++)
    for (let j = 0; j < nodes[1]; j++)
      for (let i = 0; i < nodes[0]; i++, n++)
        at(n, origin[0] + i * stepMm, origin[1] + j * stepMm, origin[2] + k * stepMm)
}

/** The label's distance within its slices (the map's thickest axis), joined between them, as a function of the frame's points. */
function sliceOutlines(
  labels: LabelVolume,
  label: number,
  lpsToIjk: Mat4,
  frame: Mat4,
  local: Cloud,
): (x: number, y: number, z: number) => number {
  const m = multiply(lpsToIjk, frame)
  const size = [labels.shape[2], labels.shape[1], labels.shape[0]]
  const low = [1e9, 1e9, 1e9]
  const high = [-1e9, -1e9, -1e9]
  for (let n = 0; n < local.length; n += 3)
    for (let k = 0; k < 3; k++) {
      const v = m[4 * k] * local[n] + m[4 * k + 1] * local[n + 1] + m[4 * k + 2] * local[n + 2] + m[4 * k + 3]
      low[k] = Math.min(low[k], v)
      high[k] = Math.max(high[k], v)
    }
  const mm = [0, 1, 2].map((k) =>
    Math.hypot(labels.ijkToLps[k], labels.ijkToLps[4 + k], labels.ijkToLps[8 + k]),
  )
  const from = low.map((v, k) => Math.floor(v - 2 - CLAMP_MM / mm[k]))
  const nodes = high.map((v, k) => Math.ceil(v + 2 + CLAMP_MM / mm[k]) - from[k] + 1) as unknown as Vec3
  const [nx, ny, nz] = nodes
  const inside = new Uint8Array(nx * ny * nz)
  let n = 0
  for (let k = from[2]; k < from[2] + nz; k++)
    for (let j = from[1]; j < from[1] + ny; j++)
      for (let i = from[0]; i < from[0] + nx; i++, n++)
        if (
          i >= 0 &&
          j >= 0 &&
          k >= 0 &&
          i < size[0] &&
          j < size[1] &&
          k < size[2] &&
          labels.data[(k * size[1] + j) * size[0] + i] === label
        )
          inside[n] = 1
  const thick = mm.indexOf(Math.max(...mm))
  const step = mm.map((v, k) => (k === thick ? 0 : v)) as unknown as Vec3
  const data = signedDistance(inside, nodes, step)
  for (let i = 0; i < data.length; i++) data[i] = Math.max(-CLAMP_MM, Math.min(CLAMP_MM, data[i]))
  const grid: Lattice = { data, nodes, origin: from as unknown as Vec3, stepMm: 1 }
  return (x, y, z) =>
    fetch(
      grid,
      m[0] * x + m[1] * y + m[2] * z + m[3],
      m[4] * x + m[5] * y + m[6] * z + m[7],
      m[8] * x + m[9] * y + m[10] * z + m[11],
      CLAMP_MM,
    )
}
