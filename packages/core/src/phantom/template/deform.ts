import type { Vec3 } from '../../volume/geometry.ts'
import type { Landmarks, Solid } from '../anatomy/landmarks.ts'
import { type Bounds, createLattice, expanded, FAR_MM, type Lattice } from '../anatomy/lattice.ts'
import type { Rest } from '../anatomy/spine.ts'
import type { Random } from '../random.ts'
import type { Cast, Mould } from './template.ts'
import { createWaves, type Waves } from './waves.ts'

/** What makes one patient's spine out of a template's. Ranges are [low, high]; lengths in mm. */
export const SHAPE_RANGES = {
  /** Deviation of the size along x, y and z, all vertebrae alike, and of each vertebra by itself. */
  size: [0.06, 0.06, 0.06],
  ownSize: 0.03,
  /** Bone added all around (or taken). */
  swell: [-0.3, 0.35],
  /** Waves of the elastic change: length, and amplitude as a share of it. */
  waveMm: [15, 40],
  wave: [0.012, 0.04],
} as const

/** New vertebrae from a template: scaled, elastically bent, half of them mirrored; neighbours change alike. */
export function deform(
  { casts, stepMm, leanDeg }: Mould,
  random: Random,
): { vertebrae: Solid[]; rest: Rest } {
  const mirror = random.sign()
  const size = SHAPE_RANGES.size.map((share) => 1 + share * random.normal())
  const swell = random.range(...SHAPE_RANGES.swell)
  const waves = createWaves(random, SHAPE_RANGES.waveMm, random.range(...SHAPE_RANGES.wave))
  const scales = casts.map(({ growth }) =>
    size.map((s) => s * growth * (1 + SHAPE_RANGES.ownSize * random.normal())),
  )
  // Where each vertebra lies along the spine, so that the facing surfaces of neighbours meet the same waves.
  const heights = [0]
  stepMm.forEach(([, , rise], i) => {
    heights.push(heights[i] - rise)
  })
  const shifts = casts.map((_, i) => waves([0, 0, heights[i]]))
  const vertebrae = casts.map((cast, i) =>
    shape(cast, { mirror, scale: scales[i] as unknown as Vec3, swell, waves, height: heights[i] }),
  )
  return {
    vertebrae,
    rest: {
      leanDeg,
      stepMm: stepMm.map(([x, y, z], i): Vec3 => {
        const [a, b] = [shifts[i], shifts[i + 1]]
        const mean = (k: number) => (scales[i][k] + scales[i + 1][k]) / 2
        const growth = (casts[i].growth + casts[i + 1].growth) / 2
        const rise = (z / growth) * mean(2)
        return [mirror * x * mean(0) + a[0] - b[0], y * mean(1) + a[1] - b[1], rise + a[2] - b[2]]
      }),
    },
  }
}

type Change = {
  readonly mirror: 1 | -1
  readonly scale: Vec3
  readonly swell: number
  readonly waves: Waves
  readonly height: number
}

/**
 * A point of the new vertebra comes from `source` of the cast: waves first, then size and mirror. The waves' value at
 * the centre is taken off, so that the body stays where its frame is.
 */
function shape({ lattice, marks }: Cast, change: Change): Solid {
  const { mirror, scale, waves, height } = change
  const home = waves([0, 0, height])
  const forward = (p: Vec3): Vec3 => {
    const q: Vec3 = [p[0] * mirror * scale[0], p[1] * scale[1], p[2] * scale[2]]
    const w = waves([q[0], q[1], q[2] + height])
    return [q[0] + w[0] - home[0], q[1] + w[1] - home[1], q[2] + w[2] - home[2]]
  }
  const bounds = boundsAfter(lattice, forward)
  return {
    marks: moved(marks, forward, mirror, scale),
    boxes: [expanded(bounds, -ROOM_MM)],
    roughMm: 0,
    lattice: (stepMm) => {
      const out = createLattice(bounds, stepMm, FAR_MM)
      resample(lattice, out, (scale[0] + scale[1] + scale[2]) / 3, change, home)
      return out
    },
  }
}

/** Bounds of the lattice's box after the change, from points of its faces and inside. */
function boundsAfter({ nodes, origin, stepMm }: Lattice, forward: (p: Vec3) => Vec3): Bounds {
  const min = [1e9, 1e9, 1e9]
  const max = [-1e9, -1e9, -1e9]
  for (let n = 0; n < 125; n++) {
    const share = [n % 5, Math.floor(n / 5) % 5, Math.floor(n / 25)].map((v) => v / 4)
    const p = forward(share.map((s, k) => origin[k] + s * (nodes[k] - 1) * stepMm) as unknown as Vec3)
    for (let k = 0; k < 3; k++) {
      min[k] = Math.min(min[k], p[k])
      max[k] = Math.max(max[k], p[k])
    }
  }
  return { min: min as unknown as Vec3, max: max as unknown as Vec3 }
}

/** Room around a cast's bone in its lattice, mm. */
const ROOM_MM = FAR_MM / 2

/** Landmarks name the left side: after mirroring, what was measured on both sides still does. */
function moved(marks: Landmarks, forward: (p: Vec3) => Vec3, mirror: 1 | -1, scale: Vec3): Landmarks {
  const {
    width,
    depth,
    height,
    pillar,
    facet,
    junction,
    spinousTip,
    transverseTip,
    arch,
    corner,
    brow,
    neck,
  } = marks
  const side = ([x, y, z]: Vec3): Vec3 => {
    const [a, b] = [forward([mirror * x, y, z]), forward([-mirror * x, y, z])]
    return [(a[0] - b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2]
  }
  const span = (p: Vec3, k: number) => forward(p)[k] - forward(p.map((v) => -v) as unknown as Vec3)[k]
  return {
    width: Math.abs(span([width / 2, 0, 0], 0)),
    depth: span([0, depth / 2, 0], 1),
    height: span([0, 0, height / 2], 2),
    pillar: side(pillar),
    facet: Math.atan((Math.tan(facet) * scale[2]) / scale[1]),
    junction: forward(junction),
    spinousTip: forward(spinousTip),
    transverseTip: side(transverseTip),
    ...(arch && { arch: side(arch) }),
    ...(corner && { corner: forward(corner) }),
    ...(brow && { brow: forward(brow) }),
    ...(neck && { neck: forward(neck) }),
  }
}

/** Nodes of the grid on which the waves are known while resampling, mm apart. */
const WAVE_STEP_MM = 5

/** Fills `out` from the cast: for each node the point that it came from, found by the waves' value there. */
function resample(cast: Lattice, out: Lattice, size: number, change: Change, home: Vec3): void {
  const { mirror, scale, swell, waves, height } = change
  const [nx, ny, nz] = out.nodes
  const per = out.stepMm / WAVE_STEP_MM
  const coarse = out.nodes.map((n) => Math.ceil((n - 1) * per) + 2)
  const field = new Float32Array(coarse[0] * coarse[1] * coarse[2] * 3)
  let w = 0
  for (let k = 0; k < coarse[2]; k++)
    for (let j = 0; j < coarse[1]; j++)
      for (let i = 0; i < coarse[0]; i++, w += 3) {
        const p: Vec3 = [
          out.origin[0] + i * WAVE_STEP_MM,
          out.origin[1] + j * WAVE_STEP_MM,
          out.origin[2] + k * WAVE_STEP_MM + height,
        ]
        // The forward map adds the waves at the point before them: one step of its inversion.
        const first = waves(p)
        const v = waves([p[0] - first[0] + home[0], p[1] - first[1] + home[1], p[2] - first[2] + home[2]])
        for (let c = 0; c < 3; c++) field[w + c] = v[c] - home[c]
      }
  const row = new Float32Array(coarse[0] * 3)
  const [sx, sy, sz] = [mirror * scale[0], scale[1], scale[2]].map((s) => 1 / (s * cast.stepMm))
  const [ox, oy, oz] = cast.origin.map((v) => v / cast.stepMm)
  const [mx, my, mz] = cast.nodes.map((v) => v - 1)
  const cx = cast.nodes[0]
  const cxy = cx * cast.nodes[1]
  const source = cast.data
  let n = 0
  for (let k = 0; k < nz; k++) {
    const kk = Math.floor(k * per)
    const fk = k * per - kk
    for (let j = 0; j < ny; j++) {
      const jj = Math.floor(j * per)
      const fj = j * per - jj
      const at = (kk * coarse[1] + jj) * coarse[0] * 3
      const [a, b] = [coarse[0] * 3, coarse[0] * coarse[1] * 3]
      for (let i = 0; i < row.length; i++) {
        const low = field[at + i] + fj * (field[at + a + i] - field[at + i])
        const high = field[at + b + i] + fj * (field[at + b + a + i] - field[at + b + i])
        row[i] = low + fk * (high - low)
      }
      const y = out.origin[1] + j * out.stepMm
      const z = out.origin[2] + k * out.stepMm
      for (let i = 0; i < nx; i++, n++) {
        const ii = Math.floor(i * per)
        const fi = i * per - ii
        const r = ii * 3
        const u = (out.origin[0] + i * out.stepMm - row[r] - fi * (row[r + 3] - row[r])) * sx - ox
        const v = (y - row[r + 1] - fi * (row[r + 4] - row[r + 1])) * sy - oy
        const t = (z - row[r + 2] - fi * (row[r + 5] - row[r + 2])) * sz - oz
        if (!(u >= 0 && v >= 0 && t >= 0 && u < mx && v < my && t < mz)) continue
        const ix = u | 0
        const iy = v | 0
        const iz = t | 0
        const fx = u - ix
        const fy = v - iy
        const p = iz * cxy + iy * cx + ix
        const q = p + cxy
        let d = source[p] + fx * (source[p + 1] - source[p])
        const e = source[p + cx] + fx * (source[p + cx + 1] - source[p + cx])
        let f = source[q] + fx * (source[q + 1] - source[q])
        const g = source[q + cx] + fx * (source[q + cx + 1] - source[q + cx])
        d += fy * (e - d)
        f += fy * (g - f)
        out.data[n] = Math.min(FAR_MM, (d + (t - iz) * (f - d)) * size - swell)
      }
    }
  }
}
