import type { Vec3 } from '../../volume/geometry.ts'
import type { Landmarks } from '../anatomy/landmarks.ts'
import { type Cloud, columnsOf, findCanal, fitPlane, meanOf } from './frame.ts'

/** The value that this share of the values stays below. */
const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0

/** Along z, points reach half their distance beyond their centres on either side. */
const POINT_MM = 1

/** How far bone reaches from `from` along whole millimetres without a gap. */
function reach(places: ReadonlySet<number>, from: number, step: 1 | -1): number {
  let at = from
  while (places.has(at + step) || places.has(at + 2 * step)) at += step
  return at
}

/** Both sides as one, x > 0. */
const folded = (local: Cloud): Cloud => local.map((v, n) => (n % 3 ? v : Math.abs(v)))

/**
 * Landmarks of a vertebra from points in its own frame, means of both sides.
 *
 * @param index 0 is C1.
 */
export function measureLandmarks(local: Cloud, index: number): Landmarks {
  const both = folded(local)
  const canal = findCanal(local) ?? { y: 16, radius: 5 }
  const behind = index === 0 ? canal.y + canal.radius : canal.y
  const reachOfArch = index === 0 ? 14 : 3
  let [inner, tipY] = [1e9, -1e9]
  for (let n = 0; n < both.length; n += 3) {
    const [x, y] = [both[n], both[n + 1]]
    if (x < reachOfArch && y > behind) inner = Math.min(inner, y)
    if (x < 10) tipY = Math.max(tipY, y)
  }
  const [, junctionY, junctionZ] = meanOf(both, (x, y) => x < reachOfArch && y > behind && y < inner + 5)
  const [, spinousY, spinousZ] = meanOf(both, (x, y) => x < 10 && y > tipY - 3)
  const { width, depth, height } = index === 0 ? ATLAS_BODY : measureBody(local, index === 1)
  const back = depth / 2

  const [from, to] = index === 0 ? [-10, 12] : [back, back + 15]
  const sides = columnsOf(both, (x, y) => x > 9 && x < 28 && y > from && y < to)
  const tallest = Math.max(...sides.map((c) => c.high - c.low))
  const pillar = sides.filter((c) => c.high - c.low > 0.75 * tallest)
  const mean = (of: (c: (typeof pillar)[number]) => number) =>
    pillar.reduce((s, c) => s + of(c), 0) / pillar.length
  const px = mean((c) => c.x)
  const py = mean((c) => c.y)
  const lower = fitPlane(pillar.map((c) => [c.x, c.y, c.low]))
  const upper = index === 1 ? lower : fitPlane(pillar.map((c) => [c.x, c.y, c.high]))
  const facet =
    index === 0 ? Math.min(-0.1, -Math.atan(Math.abs(lower.bx))) : Math.atan(-(lower.by + upper.by) / 2)

  const wings = (y: number) => (index === 0 ? true : index < 7 ? y < back + 5 : y > back)
  let tipX = 0
  for (let n = 0; n < both.length; n += 3) if (wings(both[n + 1])) tipX = Math.max(tipX, both[n])
  const [, wingY, wingZ] = meanOf(both, (x, y) => x > tipX - 3 && wings(y))
  return {
    width,
    depth,
    height,
    pillar: [px, py, mean((c) => (index === 1 ? c.low + AXIS_PILLAR_MM : (c.low + c.high) / 2))],
    facet: index === 0 ? facet : Math.max(0.4, Math.min(1.3, facet)),
    junction: [0, junctionY, junctionZ],
    spinousTip: [0, spinousY, spinousZ],
    transverseTip: [tipX, wingY, wingZ],
    ...(index === 0 && { arch: meanOf(both, (_, y) => Math.abs(y - junctionY * 0.5) < 1.5) }),
    ...(index > 0 && { corner: findCorner(local, -1) }),
    ...(index > 1 && { brow: findCorner(local, 1) }),
    ...(index === 1 && { neck: findNeck(local, canal.y - canal.radius) }),
  }
}

/** C2's shoulders lie over its inferior articular processes: these are so high to their middle. */
const AXIS_PILLAR_MM = 5.5

/** The point of the midline that lies furthest forward and down (up: 1). */
function findCorner(local: Cloud, up: 1 | -1): Vec3 {
  let best: Vec3 = [0, 0, 0]
  for (let n = 0; n < local.length; n += 3)
    if (Math.abs(local[n]) < 3 && local[n + 1] - up * local[n + 2] < best[1] - up * best[2])
      best = [0, local[n + 1], local[n + 2]]
  return best
}

/** How much wider than at its slimmest the dens may be where it is still dens. */
const NECK_SHARE = 1.25

/** Where C2's dens begins: widths of the bone before the canal in slabs of 2 mm, downwards from the tip. */
function findNeck(local: Cloud, back: number): Vec3 {
  const slabs = new Map<number, { low: number; high: number; y: number; count: number }>()
  for (let n = 0; n < local.length; n += 3) {
    const [x, y, z] = [local[n], local[n + 1], Math.round(local[n + 2] / 2) * 2]
    if (z < 6 || y > back) continue
    const s = slabs.get(z) ?? { low: x, high: x, y: 0, count: 0 }
    slabs.set(z, {
      low: Math.min(s.low, x),
      high: Math.max(s.high, x),
      y: s.y + y,
      count: s.count + 1,
    })
  }
  const downwards = [...slabs].sort(([a], [b]) => b - a)
  const widths = downwards.map(([, { low, high }]) => high - low)
  // The tip tapers: the waist is looked for below its upper 6 mm.
  const waist = Math.min(...widths.slice(3))
  const atWaist = widths.indexOf(waist, 3)
  const below = widths.findIndex((width, i) => i > atWaist && width > NECK_SHARE * waist)
  const [z, { low, high, y, count }] = downwards[Math.max(3, below - 1)]
  return [(low + high) / 2, y / count, z]
}

/** C1 has no body: what stands for one in the parametric family too. */
const ATLAS_BODY = { width: 40, depth: 8, height: 11 }

function measureBody(local: Cloud, dens: boolean): Pick<Landmarks, 'width' | 'depth' | 'height'> {
  const midline = new Set<number>()
  for (let n = 0; n < local.length; n += 3)
    if (Math.abs(local[n]) < 2 && Math.abs(local[n + 2]) < 2) midline.add(Math.round(local[n + 1]))
  const depth = reach(midline, 0, 1) - reach(midline, 0, -1)
  const heights = columnsOf(
    local,
    (x, y, z) => Math.abs(x) < 7 && Math.abs(y) < depth / 2 - 2 && (!dens || z < 9.5),
  )
  // End plates are hollow: the rims are the height.
  const height =
    quantile(
      heights.map((c) => c.high - c.low),
      0.75,
    ) + POINT_MM
  // Where neither transverse processes nor, in C2, the shoulders are.
  const [low, high] = dens ? [-height / 2 + 1, -height / 2 + 4] : [height / 2 - 5, height / 2 - 2]
  // Further back rows run into pedicles and transverse processes.
  const rows = new Map<number, Set<number>>()
  for (let n = 0; n < local.length; n += 3) {
    const [x, y, z] = [local[n], local[n + 1], local[n + 2]]
    if (y > -depth / 2 + 2 && y < -1 && z > low && z < high) {
      const row = rows.get(Math.round(y)) ?? new Set()
      rows.set(Math.round(y), row.add(Math.round(x)))
    }
  }
  const widths = [...rows.values()].map((row) => reach(row, 0, 1) - reach(row, 0, -1))
  const width = quantile(widths, 0.7)
  return { width, depth, height }
}
