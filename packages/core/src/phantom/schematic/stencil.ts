import { NeckFracError } from '../../errors.ts'
import { invert, transform, type Vec3 } from '../../volume/geometry.ts'
import type { LabelVolume } from '../../volume/volume.ts'
import { cloudsOf } from '../template/cloud.ts'
import { blur, signedDistance } from '../template/distance.ts'
import { traceCanal } from '../template/frame.ts'
import { checkTemplate } from '../template/template.ts'

/**
 * An expert's label map with its canal drawn straight. Node (x, y, s): mm to the left of the canal's middle, behind it,
 * and along it towards the feet from C1. Shares are 0 to 255.
 */
export type Stencil = {
  readonly name: string
  /** Counts along x, y, s. */
  readonly nodes: Vec3
  readonly origin: Vec3
  readonly label: Uint8Array
  readonly cortex: Uint8Array
  readonly core: Uint8Array
  readonly disc: Uint8Array
  readonly canal: Uint8Array
  /** Where each vertebra of the map lies along the canal, C1 first, mm. */
  readonly levelMm: readonly number[]
  /** Tip of the dens, mm; negative. */
  readonly densMm: number
  /** Lean of the canal at an arc: angle from straight down towards the back, radians. */
  readonly lean: (sMm: number) => number
}

export const STENCIL_STEP_MM = 0.75
/** What of the map is kept around the canal, mm. */
const [LEFT, FRONT, BACK, ABOVE] = [48, 48, 66, 28]
const CORTEX_MM = 1.5
/** Half axes of the canal's ellipse, mm. */
const CANAL_MM = { x: 9.5, y: 7 }
/** Discs: this far before the canal's middle, this wide to a side, and no higher, mm. */
const DISC_MM = { front: 6, side: 11, height: 9 }
/** The canal's course is smoothed over this, mm. */
const COURSE_MM = 10

/** @throws NeckFracError input when a vertebra from C1 to T1 is missing or cut off, or the canal is not found */
export function buildStencil(labels: LabelVolume, name: string): Stencil {
  checkTemplate(labels, name)
  const clouds = cloudsOf(labels)
  const course = [...traceCanal(clouds)].sort(([a], [b]) => a - b).map(([, place]) => place)
  if (course.length < 8)
    throw new NeckFracError('input', `${name}: the canal was found at ${course.length} levels, 8 are needed`)
  const curve = smoothCurve(course)
  const step = STENCIL_STEP_MM
  const length = Math.max(...[...clouds.values()].map((cloud) => depthOf(cloud, course[0][2])))
  const nodes: Vec3 = [
    Math.round((2 * LEFT) / step) + 1,
    Math.round((FRONT + BACK) / step) + 1,
    Math.round((ABOVE + length) / step) + 1,
  ]
  const [nx, ny, ns] = nodes
  const label = new Uint8Array(nx * ny * ns)
  const m = invert(labels.ijkToLps)
  const [kz, ky, kx] = labels.shape
  let n = 0
  for (let k = 0; k < ns; k++) {
    const { place, lean } = curve(k * step - ABOVE)
    for (let j = 0; j < ny; j++) {
      const back = j * step - FRONT
      const start = transform(m, [
        place[0] - LEFT,
        place[1] + back * Math.cos(lean),
        place[2] + back * Math.sin(lean),
      ])
      for (let i = 0; i < nx; i++, n++) {
        const x = Math.round(start[0] + i * step * m[0])
        const y = Math.round(start[1] + i * step * m[4])
        const z = Math.round(start[2] + i * step * m[8])
        if (x >= 0 && y >= 0 && z >= 0 && x < kx && y < ky && z < kz)
          label[n] = labels.data[(z * ky + y) * kx + x]
      }
    }
  }
  const levelMm = middles(label, nodes)
  const origin: Vec3 = [-LEFT, -FRONT, -ABOVE]
  return {
    name,
    nodes,
    origin,
    label,
    ...tissuesOf(label, nodes, levelMm[1]),
    levelMm,
    densMm: (label.indexOf(2) === -1 ? 0 : Math.floor(label.indexOf(2) / (nx * ny))) * step - ABOVE,
    lean: (s) => curve(s).lean,
  }
}

/** How far below a height the lowest point of a cloud lies, mm. */
function depthOf(cloud: Float32Array, z: number): number {
  let lowest = z
  for (let n = 2; n < cloud.length; n += 3) lowest = Math.min(lowest, cloud[n])
  return z - lowest
}

/** A smooth curve through places from head to feet: LPS and lean by arc length from the first place. */
function smoothCurve(places: readonly Vec3[]): (sMm: number) => { place: Vec3; lean: number } {
  const [high, low] = [places[0][2] + ABOVE + 60, places[places.length - 1][2] - 120]
  const at = (z: number): Vec3 => {
    let i = 0
    while (i < places.length - 2 && places[i + 1][2] > z) i++
    const [a, b] = [places[i], places[i + 1]]
    const f = (a[2] - z) / (a[2] - b[2])
    return [a[0] + f * (b[0] - a[0]), a[1] + f * (b[1] - a[1]), z]
  }
  const count = Math.round(high - low) + 1
  const line = Array.from({ length: count }, (_, i) => at(high - i))
  const smooth = line.map((p, i): Vec3 => {
    let [sx, sy, total] = [0, 0, 0]
    for (let k = -3 * COURSE_MM; k <= 3 * COURSE_MM; k++) {
      const q = line[Math.max(0, Math.min(count - 1, i + k))]
      const w = Math.exp(-((k / COURSE_MM) ** 2) / 2)
      sx += w * q[0]
      sy += w * q[1]
      total += w
    }
    return [sx / total, sy / total, p[2]]
  })
  const arc = [0]
  for (let i = 1; i < count; i++) {
    const [a, b] = [smooth[i - 1], smooth[i]]
    arc.push(arc[i - 1] + Math.hypot(b[1] - a[1], b[2] - a[2]))
  }
  const zero = arc[Math.round(high - places[0][2])]
  return (s) => {
    const target = s + zero
    let i = Math.max(0, Math.min(count - 2, Math.floor(target)))
    while (i > 0 && arc[i] > target) i--
    while (i < count - 2 && arc[i + 1] < target) i++
    const [a, b] = [smooth[i], smooth[i + 1]]
    const f = (target - arc[i]) / (arc[i + 1] - arc[i])
    const place = [0, 1, 2].map((k) => a[k] + f * (b[k] - a[k])) as unknown as Vec3
    return { place, lean: Math.atan2(b[1] - a[1], a[2] - b[2]) }
  }
}

/** Mean arc of each label, mm. */
function middles(label: Uint8Array, [nx, ny, ns]: Vec3): number[] {
  const sums: [number, number][] = []
  for (let n = 0, s = 0; s < ns; s++)
    for (let i = 0; i < nx * ny; i++, n++) {
      if (label[n] === 0) continue
      sums[label[n] - 1] ??= [0, 0]
      sums[label[n] - 1][0] += s
      sums[label[n] - 1][1]++
    }
  return sums.map(([sum, count]) => (sum / count) * STENCIL_STEP_MM - ABOVE)
}

/** Shares of tissue, smoothed by 0.6 mm. Discs begin below the middle of C2. */
function tissuesOf(label: Uint8Array, nodes: Vec3, axisMm: number) {
  const [nx, ny, ns] = nodes
  const step = STENCIL_STEP_MM
  const bone = label.map((v) => (v > 0 ? 1 : 0))
  const depth = signedDistance(bone, nodes, [step, step, step])
  const below = spans(bone, nodes, 1)
  const above = spans(bone, nodes, -1)
  const share = () => new Float32Array(label.length)
  const tissues = { cortex: share(), core: share(), canal: share(), disc: share() }
  let n = 0
  for (let k = 0; k < ns; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++, n++) {
        const [x, y] = [i * step - LEFT, j * step - FRONT]
        if (bone[n]) {
          const tissue = depth[n] > -CORTEX_MM ? tissues.cortex : tissues.core
          tissue[n] = 255
          continue
        }
        if ((x / CANAL_MM.x) ** 2 + (y / CANAL_MM.y) ** 2 < 1) tissues.canal[n] = 255
        const isBetween = (below[n] + above[n]) * step < DISC_MM.height && k * step - ABOVE > axisMm
        if (isBetween && y < -DISC_MM.front && Math.abs(x) < DISC_MM.side) tissues.disc[n] = 255
      }
  const smooth = (data: Float32Array): Uint8Array => {
    blur(data, nodes, [0.8, 0.8, 0.8])
    const out = new Uint8Array(data.length)
    for (let i = 0; i < out.length; i++) out[i] = Math.round(data[i])
    return out
  }
  return {
    cortex: smooth(tissues.cortex),
    core: smooth(tissues.core),
    canal: smooth(tissues.canal),
    disc: smooth(tissues.disc),
  }
}

/** Nodes from each to the next bone along s, upwards (1) or downwards (-1); 255 where there is none. */
function spans(bone: Uint8Array, [nx, ny, ns]: Vec3, way: 1 | -1): Uint8Array {
  const plane = nx * ny
  const out = new Uint8Array(bone.length).fill(255)
  for (let k = 0; k < ns; k++) {
    const s = way === 1 ? k : ns - 1 - k
    for (let i = 0; i < plane; i++) {
      const n = s * plane + i
      if (bone[n]) out[n] = 0
      else if (k > 0) out[n] = Math.min(255, out[n - way * plane] + 1)
    }
  }
  return out
}
