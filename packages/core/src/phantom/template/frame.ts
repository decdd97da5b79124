import {
  affine,
  cross,
  dot,
  invert,
  type Mat4,
  multiply,
  norm,
  subtract,
  transform,
  type Vec3,
} from '../../volume/geometry.ts'
import { signedDistance } from './distance.ts'

/** Points of one vertebra, about 1 mm apart: x, y, z of each, mm. */
export type Cloud = Float32Array

const unit = (v: Vec3): Vec3 => {
  const n = norm(v)
  return [v[0] / n, v[1] / n, v[2] / n]
}
const axis = (m: Mat4, k: number): Vec3 => [m[k], m[4 + k], m[8 + k]]

/** Axes x left, y posterior, z up, from the last and a wish for y, which need not be square to it. */
function frame(up: Vec3, posterior: Vec3, origin: Vec3): Mat4 {
  const z = unit(up)
  const x = unit(cross(posterior, z))
  return affine(x, cross(z, x), z, origin)
}

/** The frame leaned so that the plane z = bx x + by y of its own coordinates lies flat, its origin moved to p. */
const levelled = (m: Mat4, bx: number, by: number, p: Vec3): Mat4 => {
  const turned = multiply(m, frame([-bx, -by, 1], [0, 1, 0], [0, 0, 0]))
  return frame(axis(turned, 2), axis(turned, 1), transform(m, p))
}

/** LPS points in the frame's coordinates. */
export function localise(cloud: Cloud, m: Mat4): Cloud {
  const [x, y, z, o] = [0, 1, 2, 3].map((k) => axis(m, k))
  const out = new Float32Array(cloud.length)
  for (let n = 0; n < cloud.length; n += 3) {
    const p = subtract([cloud[n], cloud[n + 1], cloud[n + 2]], o)
    out[n] = dot(p, x)
    out[n + 1] = dot(p, y)
    out[n + 2] = dot(p, z)
  }
  return out
}

/** Mean of the points that count. */
export function meanOf(
  cloud: Cloud,
  counts: (x: number, y: number, z: number) => boolean = () => true,
): Vec3 {
  const s = [0, 0, 0, 1e-9]
  for (let n = 0; n < cloud.length; n += 3)
    if (counts(cloud[n], cloud[n + 1], cloud[n + 2])) {
      for (let k = 0; k < 3; k++) s[k] += cloud[n + k]
      s[3]++
    }
  return [s[0] / s[3], s[1] / s[3], s[2] / s[3]]
}

/** Lowest and highest point of each column of 1 mm in which points are kept. */
export function columnsOf(local: Cloud, keep: (x: number, y: number, z: number) => boolean) {
  const columns = new Map<number, { x: number; y: number; low: number; high: number }>()
  for (let n = 0; n < local.length; n += 3) {
    const [px, py, z] = [local[n], local[n + 1], local[n + 2]]
    if (!keep(px, py, z)) continue
    const x = Math.round(px)
    const y = Math.round(py)
    const column = columns.get(1000 * x + y)
    if (!column) columns.set(1000 * x + y, { x, y, low: z, high: z })
    else {
      if (z < column.low) column.low = z
      if (z > column.high) column.high = z
    }
  }
  return [...columns.values()]
}

const CELL_MM = 2.5
const CELLS = 48

/** The frame turned about its z axis and shifted so that the vertebra is its own mirror image best in x = 0. */
function mirrored(cloud: Cloud, m: Mat4, reachDeg: number): Mat4 {
  const local = localise(cloud, m)
  let best = { score: -1, angle: 0, shift: 0 }
  const counts = new Float32Array(CELLS * CELLS)
  for (let degrees = -reachDeg; degrees <= reachDeg; degrees += reachDeg > 10 ? 2 : 1) {
    const c = Math.cos((degrees * Math.PI) / 180)
    const s = Math.sin((degrees * Math.PI) / 180)
    counts.fill(0)
    for (let n = 0; n < local.length; n += 9) {
      const i = Math.floor((c * local[n] + s * local[n + 1]) / CELL_MM + CELLS / 2)
      const j = Math.floor((c * local[n + 1] - s * local[n]) / CELL_MM + CELLS / 2)
      if (i >= 0 && j >= 0 && i < CELLS && j < CELLS) counts[j * CELLS + i]++
    }
    // The mirror lies between cells or amid one: twice its place is a whole number.
    for (let twice = CELLS - 9; twice <= CELLS + 7; twice++) {
      let score = 0
      for (let j = 0; j < CELLS; j++)
        for (let i = Math.max(0, twice - CELLS + 1); i < Math.min(CELLS, twice + 1); i++)
          score += Math.min(counts[j * CELLS + i], counts[j * CELLS + twice - i])
      if (score > best.score) best = { score, angle: degrees, shift: ((twice + 1) / 2 - CELLS / 2) * CELL_MM }
    }
  }
  const c = Math.cos((best.angle * Math.PI) / 180)
  const s = Math.sin((best.angle * Math.PI) / 180)
  return multiply(m, affine([c, s, 0], [-s, c, 0], [0, 0, 1], [c * best.shift, s * best.shift, 0]))
}

/** Some arches are not closed: a gap as wide as this still counts as closed, mm. */
const OPEN_ARCH_MM = 7

/** Middle and radius of the canal in a silhouette, mm. */
type Canal = { readonly y: number; readonly radius: number }

/** Radius of the smallest hole that can be the canal, mm: leaning laminae hide much of it. */
const SMALLEST_CANAL_MM = 3

/**
 * The first hole behind the body in the vertebra's silhouette along z, not the fork of the spinous process behind it:
 * where on the midline its largest circle lies. Null without one.
 */
export function findCanal(local: Cloud): Canal | null {
  const [low, size] = [-80, 160]
  const full = new Uint8Array(size * size)
  for (let n = 0; n < local.length; n += 3) {
    const x = Math.round(local[n]) - low
    const y = Math.round(local[n + 1]) - low
    if (x >= 0 && y >= 0 && x < size && y < size) full[y * size + x] = 1
  }
  const free = signedDistance(full, [size, size, 1], [1, 1, 0])
  const outside = new Uint8Array(full.length)
  const stack = [0]
  outside[0] = 1
  while (stack.length) {
    const n = stack.pop() as number
    const x = n % size
    for (const m of [x > 0 ? n - 1 : n, x < size - 1 ? n + 1 : n, n - size, n + size])
      if (m >= 0 && m < full.length && free[m] > OPEN_ARCH_MM / 2 && !outside[m]) {
        outside[m] = 1
        stack.push(m)
      }
  }
  let best = { y: 0, radius: 0 }
  for (let y = 0; y < size; y++) {
    if (best.radius >= SMALLEST_CANAL_MM && full[y * size - low]) break
    for (let x = -low - 2; x <= -low + 2; x++) {
      const radius = free[y * size + x]
      // In front of the vertebra is no canal.
      if (!outside[y * size + x] && radius > best.radius && ahead(full, size, x, y))
        best = { y: y + low, radius }
    }
  }
  return best.radius >= SMALLEST_CANAL_MM ? best : null
}

const ahead = (full: Uint8Array, size: number, x: number, y: number): boolean => {
  for (let j = 0; j < y; j++) if (full[j * size + x]) return true
  return false
}

/**
 * The canal's course by label: a first idea of which way is up. Labels whose silhouette shows no canal are left out.
 */
export function traceCanal(clouds: ReadonlyMap<number, Cloud>): Map<number, Vec3> {
  const course = new Map<number, Vec3>()
  for (let turn = 0; turn < 2; turn++)
    for (const [label, cloud] of clouds) {
      const m = mirrored(cloud, frame(directionAt(course, label), [0, 1, 0], meanOf(cloud)), 30)
      const local = localise(cloud, m)
      const canal = findCanal(local)
      if (!canal) continue
      const [, , z] = meanOf(local, (x, y) => Math.hypot(x, y - canal.y) < canal.radius + 4)
      course.set(label, transform(m, [0, canal.y, z]))
    }
  return course
}

/** The canal's direction at a label, upwards; straight up where nothing is known. */
export function directionAt(course: ReadonlyMap<number, Vec3>, label: number): Vec3 {
  const a = course.get(label - 1) ?? course.get(label)
  const b = course.get(label + 1) ?? course.get(label)
  return a && b && a !== b ? unit(subtract(a, b)) : [0, 0, 1]
}

/** Least squares plane z = a + bx x + by y. */
export function fitPlane(points: readonly Vec3[]): { a: number; bx: number; by: number } {
  const mean = [0, 1, 2].map((k) => points.reduce((s, p) => s + p[k], 0) / points.length)
  let [xx, xy, yy, xz, yz] = [1e-9, 0, 1e-9, 0, 0]
  for (const p of points) {
    const [x, y, z] = [p[0] - mean[0], p[1] - mean[1], p[2] - mean[2]]
    xx += x * x
    xy += x * y
    yy += y * y
    xz += x * z
    yz += y * z
  }
  const det = xx * yy - xy * xy
  const bx = (xz * yy - yz * xy) / det
  const by = (yz * xx - xz * xy) / det
  return { a: mean[2] - bx * mean[0] - by * mean[1], bx, by }
}

/**
 * Again and again: to the cloud's mirror plane, then where `settle` puts the frame. Null when no canal is found. It is
 * looked for along `up`: seen square to end plates that slope, laminae hide it.
 */
function refine(
  cloud: Cloud,
  up: Vec3,
  turns: number,
  settle: (local: Cloud, canal: Canal, m: Mat4) => Mat4 | null,
): Mat4 | null {
  let m = frame(up, [0, 1, 0], meanOf(cloud))
  for (let turn = 0; turn < turns; turn++) {
    m = mirrored(cloud, m, turn ? 6 : 30)
    const along = frame(up, axis(m, 1), axis(m, 3))
    const canal = findCanal(localise(cloud, along))
    if (!canal) return null
    // Where the canal's axis meets the frame's own plane.
    const [, y, z] = transform(invert(m), transform(along, [0, canal.y, 0]))
    const slope = dot(up, axis(m, 1)) / dot(up, axis(m, 2))
    const settled = settle(localise(cloud, m), { ...canal, y: y - slope * z }, m)
    if (!settled) return null
    m = settled
  }
  return m
}

/**
 * Frame of a vertebra with a body: x = 0 its plane of symmetry, z square to the end plates, origin amid the body.
 * Null when no canal is found.
 */
export function findFrame(cloud: Cloud, up: Vec3): Mat4 | null {
  return refine(cloud, up, 5, (local, canal, m) => {
    const back = canal.y - canal.radius
    const columns = columnsOf(local, (x, y) => y < back - 1 && Math.abs(x) < 8)
    // Columns that run from end plate to end plate: the walls may be sloped.
    const tall = columns.map((c) => c.high - c.low).sort((p, q) => p - q)[Math.floor(columns.length * 0.8)]
    const inner = columns.filter((c) => Math.abs(c.x) < 7 && c.high - c.low > 0.8 * tall)
    if (inner.length < 12) return null
    const lower = fitPlane(inner.map((c) => [c.x, c.y, c.low]))
    const upper = fitPlane(inner.map((c) => [c.x, c.y, c.high]))
    const y = (Math.min(...columns.map((c) => c.y)) + back) / 2
    const by = (lower.by + upper.by) / 2
    return levelled(m, (lower.bx + upper.bx) / 2, by, [0, y, (lower.a + upper.a) / 2 + by * y])
  })
}

/** Height of C2's body below the dens, mm, of the parametric family, whose frame C2 has here too. */
const AXIS_BODY_MM = 19

/** C2's frame: from amid the lower end plate its z axis runs through the dens. */
export function findAxisFrame(cloud: Cloud, up: Vec3): Mat4 | null {
  return refine(cloud, up, 4, (local, canal, m) => {
    const columns = columnsOf(local, (x, y) => y < canal.y - canal.radius - 1 && Math.abs(x) < 6)
    const tip = Math.max(...columns.map((c) => c.high))
    const dens = meanOf(local, (x, y, z) => z > tip - 10 && Math.abs(x) < 8 && y < canal.y)
    const low = columns.map((c) => c.low).sort((p, q) => p - q)[Math.floor(columns.length / 4)]
    // Where the body stands: its depth a little above the lower end plate.
    const [, y] = meanOf(local, (x, y, z) => z < low + 6 && Math.abs(x) < 6 && y < canal.y - canal.radius)
    const by = (dens[1] - y) / (dens[2] - low)
    return levelled(m, 0, -by, [0, y + (by * AXIS_BODY_MM) / 2, low + AXIS_BODY_MM / 2])
  })
}

/** Half a dens and the joint before it: from C1's anterior arch back to where the dens has its axis, mm. */
const ARCH_TO_DENS_MM = 7.5

/** Frame of C1: x = 0 its plane of symmetry, z square to its lateral masses, origin where the dens passes. */
export function findAtlasFrame(cloud: Cloud, up: Vec3): Mat4 | null {
  return refine(cloud, up, 4, (local, canal, m) => {
    // The plane amid the upper and lower faces of the lateral masses: the arch behind may droop.
    const masses = columnsOf(local, (x, y) => Math.abs(Math.abs(x) - 19) < 7 && Math.abs(y - canal.y) < 13)
    const { a, bx, by } = fitPlane(masses.map((c) => [c.x, c.y, (c.low + c.high) / 2]))
    let arch = -1e9
    for (let n = 0; n < local.length; n += 3)
      if (Math.abs(local[n]) < 3 && local[n + 1] < canal.y) arch = Math.max(arch, local[n + 1])
    const y = arch + ARCH_TO_DENS_MM
    return levelled(m, bx, by, [0, y, a + by * y])
  })
}
