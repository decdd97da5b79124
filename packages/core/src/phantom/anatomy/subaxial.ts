import type { Vec3 } from '../../volume/geometry.ts'
import type { Random } from '../random.ts'
import type { Vertebra } from './landmarks.ts'
import { add, box, carve, chain, ellipsoid, rod, type Shape, type Stroke, stretched } from './shapes.ts'

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
}

/** A vertebral body centred on the origin: waisted, flat behind, with hollow end plates. */
export function body({ width, depth, height, hollowTop, hollowBottom, lip, uncus }: Body): Shape {
  const a = width / 2
  const b = depth / 2
  const h = height / 2
  const least = Math.min(a, b)
  return {
    sdf: (x, y, z) => {
      const waist = 1 - 0.09 * Math.max(0, 1 - (z * z) / (h * h))
      const u = Math.abs(x) / (a * waist)
      const w = Math.abs(y > 0 ? y * 0.97 : y) / (b * waist)
      const r = Math.sqrt(
        Math.sqrt(u * u * u * u + w * w * w * w * (y > 0 ? 1 : 0.55) + (y > 0 ? 0 : u * u * w * w)),
      )
      const side = (r - 1) * least
      const r2 = Math.min(1.2, r * r)
      const edge = u > 0.62 ? Math.min(1.15, (u - 0.62) / 0.38) : 0
      const top =
        h -
        hollowTop * (1 - r2) +
        uncus * edge * edge * (y > -0.35 * b ? 1 : Math.max(0, 1 + (y + 0.35 * b) / 5))
      const drop = y < 0 ? lip * (y / b) * (y / b) : 0
      const bottom = -h + hollowBottom * (1 - r2) - drop + uncus * 0.45 * edge
      const plate = Math.max(z - top, bottom - z)
      if (side > -1.6 && plate > -1.6) {
        const p = side + 1.6
        const q = plate + 1.6
        return Math.sqrt(p * p + q * q) - 1.6
      }
      return Math.max(side, plate)
    },
    min: [-a - 1, -b - 1, -h - lip - 1],
    max: [a + 1, b + 1, h + uncus * 1.4 + 1],
  }
}

/** An articular pillar: a column cut above and below by parallel facets whose normal leans back by `angle`. */
export function facetBlock(
  [cx, cy, cz]: Vec3,
  [hx, hy]: readonly [number, number],
  angle: number,
  half: number,
): Shape {
  const ny = Math.sin(angle)
  const nz = Math.cos(angle)
  const column = box([cx, cy, cz], [hx, hy, 40], 3.4)
  const tall = (half + hy * ny) / nz
  return {
    sdf: (x, y, z) => {
      const d = Math.abs((y - cy) * ny + (z - cz) * nz) - half
      const c = column.sdf(x, y, z)
      return d > -1 && c > -1 ? Math.hypot(d + 1, c + 1) - 1 : Math.max(d, c)
    },
    min: [cx - hx, cy - hy, cz - tall],
    max: [cx + hx, cy + hy, cz + tall],
  }
}

/** Nominal sizes in mm, C3 to C7, after anatomy tables and VerSe gl003. */
const SIZES = [
  { width: 19.5, depth: 15.6, height: 13.6, spine: 35, drop: -7, pillarX: 20, forked: true },
  { width: 20.2, depth: 15.8, height: 13.4, spine: 35, drop: -7, pillarX: 20.3, forked: true },
  { width: 21.5, depth: 16, height: 13.2, spine: 39, drop: -8, pillarX: 20.6, forked: true },
  { width: 24, depth: 16.6, height: 13.4, spine: 46, drop: -10, pillarX: 20.8, forked: true },
  { width: 27, depth: 17.2, height: 14.4, spine: 54, drop: -14, pillarX: 20.3, forked: false },
] as const

/** C3 to C7 (index 0 to 4). */
export function buildSubaxial(index: number, random: Random): Vertebra {
  const size = SIZES[index]
  const v = (mm: number, share = 0.045) => mm * (1 + share * random.normal())
  const width = v(size.width)
  const depth = v(size.depth)
  const height = v(size.height, 0.03)
  const back = depth / 2
  const facet = (index === 4 ? 0.9 : 0.78) + random.normal() * 0.04
  const worn = random.chance(0.2) ? random.range(0.5, 1.6) : 0
  const strokes: Stroke[] = [
    add(
      body({
        width,
        depth,
        height,
        hollowTop: v(1, 0.2),
        hollowBottom: v(1.7, 0.2),
        lip: v(1.9, 0.25) + worn,
        uncus: v(index === 4 ? 3.2 : 4.4, 0.15),
      }),
      0.1,
    ),
  ]
  const pillarY = back + 6
  const junctionY = back + v(15.2, 0.05)
  const tipY = Math.max(junctionY + 9, v(size.spine, 0.06))
  const tipZ = v(size.drop, 0.2)
  const wing = index === 4 ? 31 : 26 + index * 0.4
  for (const s of [1, -1]) {
    const px = s * size.pillarX * (1 + 0.025 * random.normal())
    strokes.push(
      add(
        stretched(
          rod([s * (width / 2 - 3), back - 3, 1], [px - s * 2, back + 4, 0.5], 2.6, 2.9),
          [0, 0, 0.5],
          [1, 1, 1.35],
        ),
        2.2,
      ),
    )
    strokes.push(add(facetBlock([px, pillarY, -0.5], [v(5.8), v(5.4)], facet, 5.6), 2))
    strokes.push(
      add(
        stretched(
          rod([px - s * 2, pillarY + 3.5, -1.5], [s * 1.2, junctionY, -2.5], 2.1, 2.2),
          [0, 0, -2],
          [1, 1, 2.3],
        ),
        2,
      ),
    )
    // Transverse process: two bars around the vertebral artery, joined outside.
    const wx = s * v(wing, 0.05)
    const hole = s * (index === 4 ? 18.6 : 16.8)
    strokes.push(
      add(
        chain(
          [
            [s * (width / 2 - 2), -1.5, -1],
            [hole, -3.2, -1.5],
            [wx - s * 3, -2.5, -2.5],
          ],
          [2.4, index === 4 ? 1.5 : 1.9, index === 3 ? 3 : 2.4],
        ),
        1.5,
      ),
    )
    strokes.push(
      add(
        chain(
          [
            [px - s * 1, back + 2, -0.5],
            [s * (wing - 4), 4.5, -2],
            [wx, index === 4 ? 5.5 : 3, -3],
          ],
          [3, index === 4 ? 3.6 : 2.2, index === 4 ? 3 : 2.3],
        ),
        1.5,
      ),
    )
    strokes.push(add(rod([wx - s * 2.5, -2, -3], [wx - s * 1.5, 4, -3], 1.7), 1.5))
    strokes.push(carve(rod([hole, 0.8, -12], [hole, 0.8, 10], v(index === 4 ? 2.2 : 2.9, 0.12)), 0.6))
    if (size.forked)
      strokes.push(
        add(
          rod(
            [s * 0.8, junctionY + 0.5 * (tipY - junctionY), 0.5 * tipZ - 2],
            [s * v(4, 0.3), tipY, tipZ],
            2.3,
            2,
          ),
          2,
        ),
      )
    if (worn && random.chance(0.6))
      strokes.push(add(ellipsoid([s * width * 0.36, -back * 0.8, -height / 2], [3.4, 2.4, 1.8]), 2))
  }
  const neck = size.forked ? 0.55 : 0.85
  strokes.push(
    add(
      stretched(
        rod(
          [0, junctionY - 0.5, -2.5],
          [0, junctionY + neck * (tipY - junctionY), -2.5 + neck * (tipZ + 2.5)],
          2.5,
          2.3,
        ),
        [0, 0, -3],
        [1, 1, 1.9],
      ),
      2,
    ),
  )
  if (!size.forked) strokes.push(add(ellipsoid([0, tipY - 2.5, tipZ + 0.5], [4.2, 4, 5]), 3))
  if (worn)
    strokes.push(
      add(ellipsoid([0, -back - 0.3, -height / 2 - worn * 0.6], [width * 0.32, 2 + worn * 0.6, 1.7]), 2),
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
    },
  }
}
