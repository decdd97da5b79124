import type { Vec3 } from '../../volume/geometry.ts'
import type { Random } from '../random.ts'
import type { Vertebra } from './landmarks.ts'
import {
  add,
  blade,
  box,
  carve,
  chain,
  ellipsoid,
  pitched,
  rod,
  type Shape,
  type Stroke,
  stretched,
} from './shapes.ts'

type Body = {
  readonly width: number
  readonly depth: number
  readonly height: number
  /** Depth of the hollow in the end plates, mm. */
  readonly hollowTop: number
  readonly hollowBottom: number
  /** How far the lower front edge hangs down, mm. */
  readonly lip: number
  /** Height of the uncinate lips, mm. */
  readonly uncus: number
  /** By what share the upper end plate is wider than the lower one, which lies between the lips below. */
  readonly taper: number
  /** By how much the body is slimmer at half of its height, share. */
  readonly waist?: number
  /** Slope of both end plates, falling to the front. */
  readonly slant?: number
  /** How far the upper front edge is rounded off, mm: the lip above overhangs it. */
  readonly bevel?: number
  readonly front?: Front
}

/** The front of a body. */
type Front = {
  /** 0: round from side to side; 1: a keel with a hollow on either side in the upper half. */
  readonly keel: number
  /** By what share of the depth's half the lower edge lies further forward than the middle, and the upper one back. */
  readonly fall: number
  /** By what share it is hollow at half of the height. */
  readonly hollow: number
}

const ROUND: Front = { keel: 0, fall: 0, hollow: 0 }

/** Exponent of the curve that a keel's sides follow. */
const KEEL = 1.4

/** A vertebral body centred on the origin: waisted, flat behind, with hollow end plates. */
export function body({
  width,
  depth,
  height,
  hollowTop,
  hollowBottom,
  lip,
  uncus,
  taper,
  waist = 0.09,
  slant = 0,
  bevel = 0,
  front = ROUND,
}: Body): Shape {
  const a = width / 2
  const b = depth / 2
  const h = height / 2
  const least = Math.min(a, b)
  return {
    sdf: (x, y, level) => {
      const z = level - slant * y
      const belly = Math.max(0, 1 - (z * z) / (h * h))
      const slim = 1 - waist * belly
      const rise = Math.max(-1, Math.min(1, z / h))
      const u = Math.abs(x) / (a * slim * (1 + (taper / 2) * rise))
      const bulge = y > 0 ? 1 / 0.97 : 1 - front.fall * rise - front.hollow * belly
      const w = Math.abs(y) / (b * slim * bulge)
      const round = Math.sqrt(
        Math.sqrt(u * u * u * u + w * w * w * w * (y > 0 ? 1 : 0.55) + (y > 0 ? 0 : u * u * w * w)),
      )
      const keel = y < 0 ? front.keel * (0.5 + 0.5 * rise) : 0
      const r = keel ? round + keel * ((u ** KEEL + (0.86 * w) ** KEEL) ** (1 / KEEL) - round) : round
      const side = (r - 1) * least
      const r2 = Math.min(1.2, r * r)
      const edge = u > 0.5 ? Math.min(1.1, (u - 0.5) / 0.5) : 0
      const before = y < 0 ? (y / b) * (y / b) : 0
      const top =
        h -
        hollowTop * (1 - r2) -
        bevel * before +
        uncus * edge * edge * (y > -0.35 * b ? 1 : Math.max(0, 1 + (y + 0.35 * b) / 5))
      const bottom = -h + hollowBottom * (1 - r2) - lip * before + uncus * 0.6 * edge * edge
      const plate = Math.max(z - top, bottom - z)
      if (side > -1.6 && plate > -1.6) {
        const p = side + 1.6
        const q = plate + 1.6
        return Math.sqrt(p * p + q * q) - 1.6
      }
      return Math.max(side, plate)
    },
    min: [-a * (1 + taper) - 1, -b * (1.16 + Math.abs(front.fall)) - 1, -h - lip - slant * b - 1],
    max: [a * (1 + taper) + 1, b + 1, h + uncus * 1.4 + slant * b + 1],
  }
}

/**
 * An articular pillar: a column cut above and below by parallel facets whose normal leans back by `lean` and is
 * turned to the left by `turn`, in radians. Its outer end lies back by `sweep` of its distance from the middle and is
 * thinner by the share `taper`. `half` is half of the distance between the facets and `waist` by how much it is slimmer
 * between them, mm.
 */
export function facetBlock(
  [cx, cy, cz]: Vec3,
  [hx, hy]: readonly [number, number],
  {
    lean,
    turn = 0,
    sweep = 0,
    taper = 0,
  }: { readonly lean: number; readonly turn?: number; readonly sweep?: number; readonly taper?: number },
  half: number,
  waist = 1.2,
): Shape {
  const nx = Math.sin(lean) * Math.sin(turn)
  const ny = Math.sin(lean) * Math.cos(turn)
  const nz = Math.cos(lean)
  const column = box([cx, cy, cz], [hx, hy, 40], 0.75 * Math.min(hx, hy))
  // The rim of a facet is round, its face hardly domed.
  const rim = 2
  const deep = hy * (1 + taper) + hx * Math.abs(sweep)
  const tall = (half + hx * Math.abs(nx) + deep * Math.abs(ny)) / nz
  const outwards = Math.sign(cx)
  return {
    sdf: (x, y, z) => {
      const off = ((x - cx) * (x - cx) + (y - cy) * (y - cy)) / (hx * hx + hy * hy)
      const along = Math.abs((x - cx) * nx + (y - cy) * ny + (z - cz) * nz)
      const d = along - half + 0.4 * off
      const out = outwards * (x - cx)
      const thin = 1 - taper * Math.max(-1, Math.min(1, out / hx))
      const c =
        column.sdf(x, cy + (y - cy - sweep * out) / thin, z) + waist * Math.max(0, 1 - (along / half) ** 2)
      return d > -rim && c > -rim ? Math.hypot(d + rim, c + rim) - rim : Math.max(d, c)
    },
    min: [cx - hx, cy - deep, cz - tall],
    max: [cx + hx, cy + deep, cz + tall],
  }
}

/**
 * Nominal sizes in mm, C3 to C7, after anatomy tables (Panjabi 1991: C3 to C7 bodies 15 to 23 mm wide at the end
 * plates) and VerSe gl003; forked: share of people whose spinous process ends in two tubercles.
 */
const SIZES = [
  { width: 19.5, depth: 15.6, height: 13.8, spine: 32, drop: -7, pillarX: 18.4, forked: 0.9 },
  { width: 20.2, depth: 15.8, height: 13.6, spine: 32.5, drop: -7, pillarX: 18.7, forked: 0.9 },
  { width: 21.5, depth: 16, height: 13.6, spine: 36, drop: -8, pillarX: 19, forked: 0.9 },
  { width: 24, depth: 16.6, height: 13.8, spine: 44, drop: -12, pillarX: 19.3, forked: 0.6 },
  { width: 27, depth: 17.2, height: 14.8, spine: 53, drop: -17, pillarX: 19.3, forked: 0.05 },
] as const

/** What C2 to C7 of one patient have in common. */
export type Build = {
  /** Bodies against the nominal ones. */
  readonly width: number
  readonly depth: number
  /** Distance between the pillars, and their size, against the nominal ones. */
  readonly spread: number
  readonly pillar: number
  /** How much broader than deep pillars are. */
  readonly broad: number
  /** Share by which pillars are thinner outside, and how far they sweep back there: see `facetBlock`. */
  readonly pillarTaper: number
  readonly sweep: number
  /** How far behind the pillars' middles laminae begin, mm. */
  readonly laminaMm: number
  /** From the back of the bodies to the spinolaminar junction, mm. */
  readonly canalMm: number
  /** By how much discs are thinner than the nominal ones, mm: the bodies are taller by it. */
  readonly discLossMm: number
  /** Share of the bodies next to a worn disc, which is thinner still and its end plates flatter. */
  readonly wear: number
  readonly uncusMm: number
  readonly taper: number
  /** Of the bodies: see `body`. */
  readonly lipMm: number
  readonly bevelMm: number
  readonly slant: number
  readonly waist: number
  readonly front: Front
  /** What facets lack of the whole way to each other, mm, and how much slimmer pillars are between theirs. */
  readonly jointMm: number
  readonly pillarWaistMm: number
  /** Bend of each bone by itself, mm, and the length over which it changes. */
  readonly bendMm: number
  readonly bendLengthMm: number
  /** From the body's side to the middle of the artery's foramen, and the radius of the bars around that, mm. */
  readonly foramenMm: number
  readonly ribMm: number
  /** Hollows of the end plates against the nominal ones. */
  readonly hollow: number
  /** Angle between a facet's normal and the body's axis, radians. */
  readonly facet: number
  /** How far the left facets are turned outwards: upper ones of C3 first, lower ones of C7 last, radians. */
  readonly turns: readonly number[]
}

/**
 * Upper facets face backwards and inwards at C3, backwards and outwards at T1, and change between C4 and T1, most often
 * at C6 (30 columns: Pal, Routal and Saggu 2001).
 */
function drawTurns(random: Random): number[] {
  const inwards = random.range(0.1, 0.7)
  const outwards = random.range(0.05, 0.5)
  const change = Math.max(0.6, Math.min(5.4, 3 + 1.3 * random.normal()))
  const levels = random.range(1.2, 2)
  return Array.from(
    { length: 6 },
    (_, joint) => (inwards + outwards) / (1 + Math.exp((change - joint) / levels)) - inwards,
  )
}

export const drawBuild = (random: Random): Build => ({
  width: 1.04 + 0.09 * random.normal(),
  depth: 1.14 + 0.1 * random.normal(),
  spread: 0.96 + 0.06 * random.normal(),
  pillar: 1.1 + 0.09 * random.normal(),
  broad: random.range(0.9, 1.6),
  pillarTaper: random.range(0, 0.5),
  sweep: random.range(-0.2, 0.5),
  laminaMm: random.range(-1, 3.5),
  canalMm: random.range(15.5, 19.5),
  discLossMm: random.range(-0.8, 3.2),
  wear: random.range(0, 0.5),
  uncusMm: random.range(3, 6),
  taper: random.range(0.05, 0.25),
  lipMm: random.range(0.5, 4.5),
  bevelMm: random.range(0, 3),
  slant: random.range(-0.03, 0.3),
  waist: random.range(0.02, 0.22),
  front: { keel: random.range(0, 1), fall: random.range(-0.06, 0.24), hollow: random.range(-0.05, 0.2) },
  jointMm: random.range(-0.7, 3.2),
  pillarWaistMm: random.range(0.3, 2.2),
  foramenMm: random.range(4.2, 5.8),
  ribMm: random.range(2.1, 3.4),
  bendMm: random.range(0.3, 2),
  bendLengthMm: random.range(9, 20),
  hollow: random.range(0.3, 1.1),
  facet: 0.8 + 0.09 * random.normal(),
  turns: drawTurns(random),
})

/** C3 to C7 (index 0 to 4). */
export function buildSubaxial(index: number, build: Build, random: Random): Vertebra {
  const size = SIZES[index]
  const v = (mm: number, share = 0.045) => mm * (1 + share * random.normal())
  const width = v(size.width * build.width)
  const depth = v(size.depth * build.depth)
  const worn = random.chance(build.wear) ? random.range(0.5, 2.8) : 0
  const flat = build.hollow * (1 - worn / 4)
  const height = v(size.height, 0.03) + build.discLossMm + worn
  const uncus = v(build.uncusMm, 0.12) * (index === 4 ? 0.7 : 1)
  const back = depth / 2
  const facet = build.facet + (index === 4 ? 0.12 : 0) + random.normal() * 0.04
  const forked = random.chance(size.forked)
  const lip = v(build.lipMm, 0.3)
  const bevel = v(build.bevelMm, 0.3)
  const slant = build.slant + 0.05 * random.normal()
  const front: Front = {
    keel: Math.max(0, Math.min(1, build.front.keel + 0.15 * random.normal())),
    fall: build.front.fall + 0.08 * random.normal(),
    hollow: build.front.hollow + 0.05 * random.normal(),
  }
  const strokes: Stroke[] = [
    add(
      body({
        width,
        depth,
        height,
        hollowTop: flat * random.range(0.2, 1.5),
        hollowBottom: flat * random.range(0.8, 2.6),
        lip,
        uncus,
        taper: build.taper,
        waist: build.waist,
        slant,
        bevel,
        front,
      }),
      0.1,
    ),
  ]
  const pillarY = back + v(6.6, 0.06)
  const junctionY = back + v(build.canalMm, 0.04)
  // Facets are round at C3 and stretched sideways at C7 (Pal et al.).
  const broad = Math.sqrt(build.broad * (1 + 0.06 * index))
  const tipY = Math.max(junctionY + 8, v(size.spine, 0.08))
  const tipZ = v(size.drop, 0.25)
  const wing = Math.max(width / 2 + 12, v(index === 4 ? 31 : 25.5 + index * 0.5, 0.05))
  const last = index === 4
  const slope = random.range(0.1, 0.3)
  for (const s of [1, -1]) {
    // No one is symmetric: each side has its own sizes, and its facet another slope.
    const px = s * v(size.pillarX * build.spread, 0.03)
    const lean = facet + 0.05 * random.normal()
    const drop = random.range(-1, 1)
    strokes.push(
      // Uncinate process: a wall along the side of the upper end plate, higher behind.
      add(
        blade(
          [s * (width / 2 - 2), 4, height / 2 - 1.2 + 0.3 * uncus],
          [s * (width / 2 - 1.4), -3.5, height / 2 - 1.6 + 0.2 * uncus],
          v(2.5, 0.1),
          1.8,
          (0.3 + 0.25 * uncus) * v(1, 0.1),
        ),
        1.5,
      ),
      // Pedicle.
      add(
        blade(
          [s * (width / 2 - 3), back - 3, 1],
          [px - s * 2, back + 4, 0.5],
          v(2.3, 0.08),
          v(3, 0.08),
          1.35,
        ),
        2.5,
      ),
      add(
        facetBlock(
          [px, pillarY, -0.5 + drop * 0.5],
          [v(6.1 * build.pillar * broad), v((6.1 * build.pillar) / broad)],
          {
            lean,
            turn: (s * (build.turns[index] + build.turns[index + 1])) / 2,
            sweep: build.sweep,
            taper: build.pillarTaper,
          },
          // Half of the way to the next vertebra; where it is a little more, `separate` makes the joint space.
          v(8.85 * Math.cos(lean), 0.03) - build.jointMm / 2,
          v(build.pillarWaistMm, 0.2),
        ),
        2.5,
      ),
      // Lamina: a tall plate that leans forward at its upper edge.
      add(
        pitched(
          blade(
            [px - s * 2.5, pillarY + build.laminaMm, -1.5],
            [s * 1.2, junctionY, -2.5],
            v(2.2, 0.1),
            v(2.3, 0.1),
            v(2.4, 0.1),
          ),
          [0, (pillarY + junctionY) / 2 + 2, -2],
          slope,
        ),
        2.5,
      ),
    )
    // Transverse process: a gutter around the vertebral artery that runs down and forward, ending in two tubercles.
    const wx = s * v(wing, 0.05)
    const hole = s * (width / 2 + v(build.foramenMm, 0.1))
    const holeY = back - v(5.6, 0.12)
    const front = (last ? 0.8 : 1) * v(build.ribMm, 0.12)
    const fall = last ? 1.5 : random.range(-6.5, -1.5)
    strokes.push(
      add(
        stretched(
          chain(
            [
              [s * (width / 2 - 2), -1.5, -0.5],
              [hole, holeY - 4.4, -1.5],
              last ? [hole + s * v(4, 0.3), holeY - 2, 0] : [wx - s * 3, holeY - 4.8, fall],
            ],
            [front * 1.25, front * 0.85, last ? 1.6 : v(index === 3 ? 3 : 2.1, 0.15)],
          ),
          [0, 0, -1],
          [1, 1, v(1.35, 0.1)],
        ),
        1.8,
      ),
      add(
        stretched(
          chain(
            [
              [px - s * 1, back + 2, 0],
              [hole + s * 1.5, holeY + (last ? 4.6 : 4.4), -1.5],
              [wx, last ? 8 : holeY + 2.5, last ? 1.5 : fall],
            ],
            [3.2, last ? 3.9 : v(build.ribMm, 0.12), last ? v(3.7, 0.1) : v(2.1, 0.15)],
          ),
          [0, 0, -1],
          [1, 1, v(1.25, 0.1)],
        ),
        2,
      ),
      add(
        blade(
          [hole + s * 4.2, holeY - 3.4, fall * 0.7],
          [hole + s * 4.4, holeY + 3, fall * 0.7],
          v(1.9, 0.12),
          1.9,
          1.2,
        ),
        2,
      ),
      carve(
        stretched(
          rod([hole, holeY, -14], [hole, holeY, 12], v(last ? 2 : 2.7, 0.15)),
          [hole, holeY, 0],
          [1, v(1.05, 0.1), 1],
        ),
        0.8,
      ),
    )
    if (forked)
      strokes.push(
        add(
          rod(
            [s * 0.6, junctionY + v(0.5, 0.1) * (tipY - junctionY), 0.5 * tipZ - 2],
            [s * v(4.2, 0.3), tipY + random.normal(), tipZ + random.normal()],
            2.5,
            v(2.2, 0.15),
          ),
          2,
        ),
      )
  }
  const neck = forked ? 0.55 : 0.85
  strokes.push(
    add(
      blade(
        [0, junctionY - 0.5, -3],
        [random.normal() * 0.5, junctionY + neck * (tipY - junctionY), -3 + neck * (tipZ + 2)],
        2.7,
        v(2.1, 0.1),
        v(2.2, 0.1),
      ),
      2,
    ),
  )
  if (!forked)
    strokes.push(
      add(ellipsoid([random.normal() * 0.8, tipY - 2.5, tipZ + 0.5], [v(3.6, 0.15), 4, v(4.6, 0.15)]), 3),
    )
  return {
    strokes,
    marks: {
      width,
      depth,
      height,
      pillar: [size.pillarX, pillarY, -0.5],
      facet,
      junction: [0, junctionY, -2.5],
      spinousTip: [0, tipY, tipZ],
      transverseTip: [wing, 2, -3],
      corner: [0, -back * (1 + front.fall), -height / 2 - (slant * depth) / 2 - lip],
      brow: [0, -back * (1 - front.fall), height / 2 - (slant * depth) / 2 - bevel],
    },
  }
}
