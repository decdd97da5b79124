import { dot, type Mat4, type Vec3 } from '../../volume/geometry.ts'
import { type Bounds, FAR_MM, fetch, type Lattice } from '../anatomy/lattice.ts'
import { ellipsoid, type Shape } from '../anatomy/shapes.ts'

/** A rough plane: s(p) is the distance along the normal plus waves. */
export type Wall = {
  readonly point: Vec3
  readonly normal: Vec3
  readonly across: Vec3
  readonly along: Vec3
  readonly waveMm: number
  readonly waveLengthMm: number
  readonly phase: number
}

/** A fragment: where all walls (or any) are positive, within a box; it moved away from its bed. */
export type Piece = {
  readonly walls: readonly Wall[]
  readonly any: boolean
  readonly box: Bounds
  /** From where the fragment lies now to where it belongs, in the part's frame. */
  readonly home: Mat4
  /** Below 0: grown together again. */
  readonly gapMm: number
  /** -1: healed, no fracture. */
  readonly fracture: number
}

/** A crack that parts nothing: it narrows to nothing at the edge of an ellipsoid. */
export type Fissure = {
  readonly wall: Wall
  readonly centre: Vec3
  readonly radii: Vec3
  readonly gapMm: number
  readonly fracture: number
}

/** A cavity that was always there: smooth, and with a cortex of its own or at least a dense rim. */
export type Hollow = {
  readonly shape: Shape
  readonly corticated: boolean
  /** Added at its edge, HU. */
  readonly rimHu: number
}

/** Sclerosis: HU added to bone within about widthMm of a shape. */
export type Band = { readonly shape: Shape; readonly hu: number; readonly widthMm: number }

/** A body pressed down onto its lower half; trabeculae driven into each other make a dense band. */
export type Crush = {
  readonly width: number
  readonly depth: number
  readonly height: number
  readonly lossFrontMm: number
  readonly lossBackMm: number
  readonly bulgeMm: number
  readonly bandHu: number
  readonly wall: Wall
  readonly fracture: number
}

/** All that happened to one part, in its own frame. */
export type Injury = {
  readonly pieces: readonly Piece[]
  /** The pieces are the whole part: nothing stays in place. */
  readonly shattered: boolean
  readonly fissures: readonly Fissure[]
  readonly crushes: readonly Crush[]
  readonly hollows: readonly Hollow[]
  readonly bands: readonly Band[]
  readonly gas: readonly Shape[]
  readonly bounds: Bounds
}

/**
 * Answer of `probe`: distance to the broken bone, distance to the same bone's own surface (fracture surfaces have no
 * cortex), HU added by impaction, which fracture shows here (-1 none), and the share of gas outside the bone.
 */
export type Probe = { sdf: number; intact: number; addedHu: number; fracture: number; gas: number }

export const createProbe = (): Probe => ({ sdf: 0, intact: 0, addedHu: 0, fracture: -1, gas: 0 })

/** How far from a gap's edge a voxel still belongs to the fracture, mm. */
const MARK_MM = 0.8

export function side(w: Wall, x: number, y: number, z: number): number {
  const dx = x - w.point[0]
  const dy = y - w.point[1]
  const dz = z - w.point[2]
  const plane = w.normal[0] * dx + w.normal[1] * dy + w.normal[2] * dz
  // Waves are at most 2.1 times their amplitude: far from the wall they decide nothing.
  if (plane > 5 || plane < -5) return plane
  const u = (w.across[0] * dx + w.across[1] * dy + w.across[2] * dz) / w.waveLengthMm
  const v = (w.along[0] * dx + w.along[1] * dy + w.along[2] * dz) / w.waveLengthMm
  const wave =
    Math.sin(6.28 * u + w.phase) +
    0.7 * Math.sin(8.9 * v + 2 * w.phase) +
    0.4 * Math.sin(15 * u - 11 * v + w.phase)
  return plane + w.waveMm * wave
}

/** A wall from its point and a normal of any length. */
export function wallAt(
  point: Vec3,
  direction: Vec3,
  waveMm: number,
  waveLengthMm: number,
  phase: number,
): Wall {
  const n = Math.sqrt(dot(direction, direction))
  const normal: Vec3 = [direction[0] / n, direction[1] / n, direction[2] / n]
  const seed: Vec3 = Math.abs(normal[2]) < 0.8 ? [0, 0, 1] : [0, 1, 0]
  const c = dot(seed, normal)
  const raw: Vec3 = [seed[0] - c * normal[0], seed[1] - c * normal[1], seed[2] - c * normal[2]]
  const r = Math.sqrt(dot(raw, raw))
  const across: Vec3 = [raw[0] / r, raw[1] / r, raw[2] / r]
  const along: Vec3 = [
    normal[1] * across[2] - normal[2] * across[1],
    normal[2] * across[0] - normal[0] * across[2],
    normal[0] * across[1] - normal[1] * across[0],
  ]
  return { point, normal, across, along, waveMm, waveLengthMm, phase }
}

/** The gap along a wall, narrowing to nothing at the edge of an ellipsoid; with gapMm 0, the sheet itself. */
export function slit(wall: Wall, centre: Vec3, radii: Vec3, gapMm: number): Shape {
  const hull = ellipsoid(centre, radii)
  return {
    ...hull,
    sdf: (x, y, z) => {
      const ex = (x - centre[0]) / radii[0]
      const ey = (y - centre[1]) / radii[1]
      const ez = (z - centre[2]) / radii[2]
      const e = ex * ex + ey * ey + ez * ez
      const s = Math.abs(side(wall, x, y, z))
      return e < 1 ? s - (gapMm / 2) * Math.sqrt(1 - e) : Math.max(s, hull.sdf(x, y, z))
    },
  }
}

/** How far around a shape its rim or band still shows, mm. */
export const RIM_REACH_MM = 3

const near = ({ min, max }: Shape, x: number, y: number, z: number): boolean =>
  x > min[0] - RIM_REACH_MM &&
  x < max[0] + RIM_REACH_MM &&
  y > min[1] - RIM_REACH_MM &&
  y < max[1] + RIM_REACH_MM &&
  z > min[2] - RIM_REACH_MM &&
  z < max[2] + RIM_REACH_MM

/** Negative inside the fragment's region, in mm. */
function region(piece: Piece, x: number, y: number, z: number): number {
  let walls = piece.any ? 1e9 : -1e9
  for (const wall of piece.walls) {
    const s = -side(wall, x, y, z)
    if (piece.any ? s < walls : s > walls) walls = s
  }
  const { min, max } = piece.box
  return Math.max(walls, min[0] - x, x - max[0], min[1] - y, y - max[1], min[2] - z, z - max[2])
}

/** What a point of the part's frame shows after the injury. Pieces are solids cut out and moved; what is left, stays. */
export function probe(injury: Injury, bone: Lattice, px: number, py: number, pz: number, out: Probe): void {
  const x = px
  let y = py
  let z = pz
  out.addedHu = 0
  out.fracture = -1
  out.gas = 0
  // No fragment moves as far as distances reach.
  if (fetch(bone, px, py, pz, 0) > FAR_MM - 0.1) {
    out.sdf = FAR_MM
    out.intact = FAR_MM
    return
  }
  for (const c of injury.crushes) {
    const half = c.height / 2
    const inX = Math.min(1, Math.max(0, (c.width / 2 + 4 - Math.abs(x)) / 3))
    const inY = y > c.depth / 2 ? Math.max(0, 1 - (y - c.depth / 2) / 3) : 1
    const front = Math.min(1, Math.max(0, (c.depth / 2 - y) / c.depth))
    const loss = (c.lossBackMm + (c.lossFrontMm - c.lossBackMm) * front) * inX * inY
    const band = z - (half - loss) + 3.2 + side(c.wall, x, y, 0)
    const bell = Math.exp(-(band * band) / 3.2) * inX * inY
    if (loss > 0.3 && z > -half - 3 && z < half + 3) {
      out.addedHu += c.bandHu * bell
      if (Math.abs(band) < 2.6 && y < c.depth / 2 + 1 && inX > 0.4 && loss > 0.8) out.fracture = c.fracture
    }
    if (z > -half) z = z > half - loss ? z + loss : -half + ((z + half) * c.height) / (c.height - loss)
    y += (y < 0 ? 1 : -0.4) * c.bulgeMm * bell
  }
  const crushed = out.fracture
  let bed = -1e9
  let bedPiece = -1
  let best = 1e9
  let own = 1e9
  let intact = 1e9
  let mark = -1
  for (const piece of injury.pieces) {
    const r = region(piece, x, y, z)
    if (piece.gapMm / 2 - r > bed) {
      bed = piece.gapMm / 2 - r
      bedPiece = piece.fracture
    }
    const m = piece.home
    const qx = m[0] * x + m[1] * y + m[2] * z + m[3]
    const qy = m[4] * x + m[5] * y + m[6] * z + m[7]
    const qz = m[8] * x + m[9] * y + m[10] * z + m[11]
    const cut = region(piece, qx, qy, qz) + piece.gapMm / 2
    if (cut > 3) continue
    const d = fetch(bone, qx, qy, qz)
    if (d < intact) intact = d
    if (cut > -MARK_MM && cut < piece.gapMm + MARK_MM && d < 0.6 && piece.fracture >= 0) mark = piece.fracture
    const solid = d > cut ? d : cut
    if (solid < best) {
      best = solid
      own = d
    }
  }
  if (!injury.shattered) {
    const d = fetch(bone, x, y, z)
    if (d < intact) intact = d
    if (bed > -MARK_MM && bed < MARK_MM + 1 && d < 0.6 && bedPiece >= 0) mark = bedPiece
    const solid = d > bed ? d : bed
    if (solid < best) {
      best = solid
      own = d
    }
  }
  for (const f of injury.fissures) {
    const ex = (x - f.centre[0]) / f.radii[0]
    const ey = (y - f.centre[1]) / f.radii[1]
    const ez = (z - f.centre[2]) / f.radii[2]
    const e = ex * ex + ey * ey + ez * ez
    if (e >= 1) continue
    const gap = f.gapMm * Math.sqrt(1 - e)
    const s = Math.abs(side(f.wall, x, y, z))
    if (s < gap / 2 + MARK_MM && intact < 0.6) mark = f.fracture
    if (gap / 2 - s > best) best = gap / 2 - s
  }
  for (const { shape, corticated, rimHu } of injury.hollows) {
    if (!near(shape, x, y, z)) continue
    const d = shape.sdf(x, y, z)
    if (-d > best) best = -d
    if (corticated && -d > own) own = -d
    if (rimHu && d < RIM_REACH_MM) out.addedHu += rimHu * Math.exp(-d * d)
  }
  for (const { shape, hu, widthMm } of injury.bands) {
    if (best > 0.5 || !near(shape, x, y, z)) continue
    const d = Math.max(0, shape.sdf(x, y, z)) / widthMm
    out.addedHu += hu * Math.exp(-d * d)
  }
  for (const shape of injury.gas)
    if (near(shape, x, y, z)) out.gas = Math.max(out.gas, Math.min(1, 0.5 - shape.sdf(x, y, z)))
  out.sdf = best
  out.intact = own
  out.fracture = mark >= 0 ? mark : crushed >= 0 && best < 0.3 ? crushed : -1
}
