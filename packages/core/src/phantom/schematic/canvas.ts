import type { Shape3 } from '../../volume/volume.ts'
import type { Random } from '../random.ts'

/** Nodes of a schematic neck, z towards the feet, y to the back, x to the left; as wide as the segmenter's grid. */
export const SHAPE: Shape3 = [160, 112, 64]
export const STEP_MM = 2
const [NZ, NY, NX] = SHAPE
export const NODES = NZ * NY * NX

/** Visits all nodes. */
export function forEachNode(visit: (n: number, x: number, y: number, z: number) => void): void {
  let n = 0
  for (let z = 0; z < NZ; z++)
    for (let y = 0; y < NY; y++) for (let x = 0; x < NX; x++, n++) visit(n, x, y, z)
}

/** A smooth random field of deviation `amount`: normal numbers `sizeMm` / 2 apart, joined linearly. */
export function smoothField(random: Random, sizeMm: number, amount = 1): Float32Array {
  const steps = SHAPE.map((nodes) => Math.max(4, Math.ceil((nodes * STEP_MM) / sizeMm) + 2))
  const [cz, cy, cx] = steps
  const coarse = Float32Array.from({ length: cz * cy * cx }, () => amount * random.normal())
  const [wz, wy, wx] = SHAPE.map((nodes, axis) =>
    Float32Array.from({ length: nodes }, (_, i) => (i * (steps[axis] - 1)) / (nodes - 1)),
  )
  const out = new Float32Array(NODES)
  const row = new Float32Array(cx)
  let n = 0
  for (let z = 0; z < NZ; z++) {
    const z0 = Math.min(Math.floor(wz[z]), cz - 2)
    const fz = wz[z] - z0
    for (let y = 0; y < NY; y++) {
      const y0 = Math.min(Math.floor(wy[y]), cy - 2)
      const fy = wy[y] - y0
      for (let x = 0; x < cx; x++) {
        const p = (z0 * cy + y0) * cx + x
        const q = p + cy * cx
        const near = coarse[p] + fy * (coarse[p + cx] - coarse[p])
        row[x] = near + fz * (coarse[q] + fy * (coarse[q + cx] - coarse[q]) - near)
      }
      for (let x = 0; x < NX; x++, n++) {
        const x0 = Math.min(Math.floor(wx[x]), cx - 2)
        out[n] = row[x0] + (wx[x] - x0) * (row[x0 + 1] - row[x0])
      }
    }
  }
  return out
}
