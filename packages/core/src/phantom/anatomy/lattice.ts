import type { Vec3 } from '../../volume/geometry.ts'
import type { Stroke } from './shapes.ts'

/** Samples of a scalar field at origin + step * (x, y, z), mm, x fastest. */
export type Lattice = {
  readonly data: Float32Array
  /** Nodes along x, y and z. */
  readonly nodes: Vec3
  readonly origin: Vec3
  readonly stepMm: number
}

/** Distances are stored up to this far from the surface, in mm; beyond, "at least so far". */
export const FAR_MM = 6

export type Bounds = { readonly min: Vec3; readonly max: Vec3 }

export const boundsOf = (parts: readonly Bounds[]): Bounds => ({
  min: [0, 1, 2].map((k) => Math.min(...parts.map((p) => p.min[k]))) as unknown as Vec3,
  max: [0, 1, 2].map((k) => Math.max(...parts.map((p) => p.max[k]))) as unknown as Vec3,
})

/** Bounds with so much more room on every side, mm; less where it is negative. */
export const expanded = ({ min, max }: Bounds, mm: number): Bounds => ({
  min: [min[0] - mm, min[1] - mm, min[2] - mm],
  max: [max[0] + mm, max[1] + mm, max[2] + mm],
})

export const boxOf = ({ origin, nodes, stepMm }: Lattice): Bounds => ({
  min: origin,
  max: [0, 1, 2].map((k) => origin[k] + (nodes[k] - 1) * stepMm) as unknown as Vec3,
})

/** A lattice over the bounds; its nodes lie on multiples of the step, so that lattices of one step align. */
export function createLattice(bounds: Bounds, stepMm: number, fill: number): Lattice {
  const low = bounds.min.map((v) => Math.floor(v / stepMm))
  const nodes = bounds.max.map((v, k) => Math.max(2, Math.ceil(v / stepMm) - low[k] + 1))
  const data = new Float32Array(nodes[0] * nodes[1] * nodes[2]).fill(fill)
  return {
    data,
    nodes: [nodes[0], nodes[1], nodes[2]],
    origin: [low[0] * stepMm, low[1] * stepMm, low[2] * stepMm],
    stepMm,
  }
}

/** Polynomial smooth minimum (Quilez): equals min where the two differ by more than k. */
function smoothMin(a: number, b: number, k: number): number {
  const h = k - Math.abs(a - b)
  const m = a < b ? a : b
  return h > 0 ? m - (h * h) / (4 * k) : m
}

function apply(lattice: Lattice, { shape, blendMm, carve }: Stroke): void {
  const { data, nodes, origin, stepMm } = lattice
  const k = Math.max(0.05, blendMm)
  const reach = carve ? k + stepMm : FAR_MM
  const from = [0, 1, 2].map((i) => Math.max(0, Math.floor((shape.min[i] - reach - origin[i]) / stepMm)))
  const to = [0, 1, 2].map((i) =>
    Math.min(nodes[i] - 1, Math.ceil((shape.max[i] + reach - origin[i]) / stepMm)),
  )
  const sdf = shape.sdf
  for (let iz = from[2]; iz <= to[2]; iz++)
    for (let iy = from[1]; iy <= to[1]; iy++) {
      const y = origin[1] + iy * stepMm
      const z = origin[2] + iz * stepMm
      let n = (iz * nodes[1] + iy) * nodes[0] + from[0]
      for (let ix = from[0]; ix <= to[0]; ix++, n++) {
        const d = sdf(origin[0] + ix * stepMm, y, z)
        if (carve) {
          if (d < k + stepMm) data[n] = -smoothMin(-data[n], d, k)
        } else if (d < FAR_MM) data[n] = smoothMin(data[n], d, k)
      }
    }
}

/** The signed-distance lattice of a sculpture, strokes applied in order. */
export function sculpt(strokes: readonly Stroke[], stepMm: number, within?: Bounds): Lattice {
  const solid = boundsOf(strokes.filter((s) => !s.carve).map((s) => s.shape))
  const margin = FAR_MM / 2
  const bounds: Bounds = {
    min: solid.min.map((v, k) => Math.max(v - margin, within?.min[k] ?? -1e9)) as unknown as Vec3,
    max: solid.max.map((v, k) => Math.min(v + margin, within?.max[k] ?? 1e9)) as unknown as Vec3,
  }
  const lattice = createLattice(bounds, stepMm, FAR_MM)
  for (const stroke of strokes) apply(lattice, stroke)
  return lattice
}

/** The lattice with more strokes; it grows where they add bone outside it. */
export function sculptOn(lattice: Lattice, strokes: readonly Stroke[]): Lattice {
  const { data, nodes, origin, stepMm } = lattice
  const margin = FAR_MM / 2
  const grown = createLattice(
    boundsOf([
      boxOf(lattice),
      ...strokes.filter((s) => !s.carve).map(({ shape }) => expanded(shape, margin)),
    ]),
    stepMm,
    FAR_MM,
  )
  const [dx, dy, dz] = [0, 1, 2].map((k) => Math.round((origin[k] - grown.origin[k]) / stepMm))
  for (let z = 0; z < nodes[2]; z++)
    for (let y = 0; y < nodes[1]; y++) {
      const from = (z * nodes[1] + y) * nodes[0]
      const to = ((z + dz) * grown.nodes[1] + y + dy) * grown.nodes[0] + dx
      grown.data.set(data.subarray(from, from + nodes[0]), to)
    }
  for (const stroke of strokes) apply(grown, stroke)
  return grown
}

/** Trilinear value at a point; outside the lattice `outside`. */
export function fetch(lattice: Lattice, x: number, y: number, z: number, outside = FAR_MM): number {
  const { data, nodes, origin, stepMm } = lattice
  const u = (x - origin[0]) / stepMm
  const v = (y - origin[1]) / stepMm
  const w = (z - origin[2]) / stepMm
  if (!(u >= 0 && v >= 0 && w >= 0 && u < nodes[0] - 1 && v < nodes[1] - 1 && w < nodes[2] - 1))
    return outside
  const ix = u | 0
  const iy = v | 0
  const iz = w | 0
  const fx = u - ix
  const fy = v - iy
  const fz = w - iz
  const nx = nodes[0]
  const nxy = nx * nodes[1]
  const n = iz * nxy + iy * nx + ix
  const a = data[n] + fx * (data[n + 1] - data[n])
  const b = data[n + nx] + fx * (data[n + nx + 1] - data[n + nx])
  const c = data[n + nxy] + fx * (data[n + nxy + 1] - data[n + nxy])
  const d = data[n + nxy + nx] + fx * (data[n + nxy + nx + 1] - data[n + nxy + nx])
  const e = a + fy * (b - a)
  return e + fz * (c + fy * (d - c) - e)
}
