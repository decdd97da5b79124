import { invert, transform } from '../../volume/geometry.ts'
import { ellipsoid, rod } from '../anatomy/shapes.ts'
import type { HeadPlan } from '../anatomy/skull.ts'
import type { Spine } from '../anatomy/spine.ts'
import type { Random } from '../random.ts'

/** The body's outline. sdf is negative inside. */
export type Skin = {
  readonly sdf: (x: number, y: number, z: number) => number
  readonly fatMm: number
  /** Length of the side-to-side ray through a point inside the body, as mm of water; 0 outside. */
  readonly chord: (x: number, y: number, z: number) => number
}

const smooth = (a: number, b: number, v: number) => {
  const t = Math.max(0, Math.min(1, (v - a) / (b - a)))
  return t * t * (3 - 2 * t)
}

const soften = (a: number, b: number, k: number) => {
  const h = Math.max(0, k - Math.abs(a - b))
  return Math.min(a, b) - (h * h) / (4 * k)
}

export function buildSkin(spine: Spine, head: HeadPlan, armsUp: boolean, random: Random): Skin {
  const fatMm = random.range(3, 13)
  const girth = random.range(0.93, 1.08)
  const neckX = 57 * girth + fatMm * 0.7
  const neckY = 57 * girth + fatMm * 0.6
  const wide = random.range(185, 225) - (armsUp ? 40 : 0)
  const deep = random.range(72, 86) + fatMm * 0.5
  const slope = random.range(0.28, 0.5)
  // Body centre by height, every 2 mm.
  const low = -520
  const track: [number, number][] = []
  const c1 = spine.at(1, 0, 0)
  let level = 19
  for (let z = low; z <= 60; z += 2) {
    while (level > 1 && spine.at(level, 0, 0)[2] < z) level -= 0.1
    const [x, y] = spine.at(level, 0, 0)
    track.push([x, y])
  }
  const t1 = spine.at(8, 0, 0)
  const toHead = invert(spine.skull)
  const z0 = head.basionZ
  const skull = ellipsoid(head.centre, [head.sizes[0] + 7, head.sizes[1] + 7, head.sizes[2] + 7])
  const face = ellipsoid([0, -44, z0 - 6], [62 * girth, 60, 50])
  const base = ellipsoid([0, 4, z0 + 6], [71 * girth, 66, 40])
  const nose = ellipsoid([0, -104, z0 - 6], [13, 15, 17])
  const chin = ellipsoid([0, -70, z0 - 42], [30, 22, 16])
  const chestY = t1[1] + 3
  const arms = [1, -1].map((s) =>
    rod([t1[0] + s * 134, t1[1] + 14, t1[2] - 20], [t1[0] + s * 178, t1[1] - 25, t1[2] + 240], 46, 38),
  )
  const trunk = (x: number, y: number, z: number): number => {
    const i = Math.max(0, Math.min(track.length - 1, Math.round((z - low) / 2)))
    const [cx, cy] = track[i]
    let d = 1e9
    if (z < c1[2] + 45) {
      const grow = 1 + 0.25 * smooth(t1[2] + 35, t1[2], z)
      const u = (x - cx) / (neckX * grow)
      const v = (y - cy - 7) / (neckY * grow)
      d = (Math.sqrt(u * u + v * v) - 1) * neckY
      if (z > c1[2] + 5) d = Math.max(d, z - c1[2] - 22)
    }
    if (z < t1[2] + 75) {
      // Rounded over the midline: the shoulders' slopes meet in a saddle, not in an edge.
      const ax = Math.sqrt((x - cx) * (x - cx) + 900) - 30
      const u = ax / wide
      // The chest is deeper than the root of the neck.
      const reach = deep + 24 * smooth(t1[2] - 10, t1[2] - 150, z)
      const v = (y - chestY) / reach
      // The ridge of the shoulders is the trapezius, behind the middle.
      const w = v - 0.4
      const tube = ((u ** 2.6 + Math.abs(v) ** 2.6) ** (1 / 2.6) - 1) * reach
      const top =
        z - (t1[2] + 42 - slope * ax - (ax > 150 ? (ax - 150) * 0.9 : 0) - (w < 0 ? 42 : 40) * w * w)
      d = soften(d, Math.max(tube, top * 0.8), 45)
    }
    if (z > c1[2] - 75) {
      const p = transform(toHead, [x, y, z])
      const f = soften(face.sdf(p[0], p[1], p[2]), chin.sdf(p[0], p[1], p[2]), 16)
      const h = soften(
        soften(soften(skull.sdf(p[0], p[1], p[2]), base.sdf(p[0], p[1], p[2]), 20), f, 14),
        nose.sdf(p[0], p[1], p[2]),
        8,
      )
      d = soften(d, h, 24)
    }
    return d
  }
  const sdf = (x: number, y: number, z: number): number => {
    let d = trunk(x, y, z)
    if (armsUp && Math.abs(x - t1[0]) > 60) for (const arm of arms) d = soften(d, arm.sdf(x, y, z), 30)
    return d
  }
  const chord = (x: number, y: number, z: number): number => {
    if (trunk(x, y, z) > 0) return 0
    let length = 0
    for (const s of [1, -1])
      for (let dx = 0, d = trunk(x, y, z); d < 0 && dx < 280; d = trunk(x + s * dx, y, z)) {
        length += Math.min(STRIDE_MM, -d)
        dx += STRIDE_MM
      }
    if (armsUp) return length + ARMS_MM * smooth(t1[2] - 30, t1[2] + 50, z)
    return length + HUMERI_MM * Math.exp(-(((y - t1[1] - 22) / 30) ** 2) - ((z - t1[2]) / 32) ** 2)
  }
  return { fatMm, sdf, chord }
}

const STRIDE_MM = 12
/** What two humeral heads add to a ray: 90 mm of spongy bone that weakens it by two thirds more than water does. */
const HUMERI_MM = 60
/** Raised arms lie in the way of most rays from side to side. */
const ARMS_MM = 80
