import { invert, type Mat4, multiply } from '../../volume/geometry.ts'
import { type Grain, grainAt } from '../anatomy/grain.ts'
import { type Bounds, boxOf, FAR_MM } from '../anatomy/lattice.ts'
import { boundsIn, firmAt, type Part } from '../anatomy/parts.ts'
import { createProbe, type Injury, probe } from '../fractures/injury.ts'
import type { Soft } from '../tissue/soft.ts'
import { buildProfile, PROFILE_MAX_MM, PROFILE_MIN_MM, PROFILE_PER_MM, type Profile } from './profile.ts'

/** One slice being made: HU, the label, the fracture's number + 1, and the distance to the nearest labelled bone. */
export type Slice = {
  readonly hu: Float32Array
  readonly label: Uint8Array
  readonly fracture: Uint8Array
  readonly nearest: Float32Array
}

/** A bone made ready for the scanner. */
export type Target = {
  readonly part: Part
  readonly injury: Injury | undefined
  readonly toLocal: Mat4
  /** In voxels. */
  readonly box: Bounds
  readonly localBox: Bounds
  readonly profile: Profile
  /** HU of the part's firm bone; the share of bone is the same. */
  readonly firmHu: Float32Array | undefined
}

/** How far from what is left of the bone its label reaches into a gap, mm. */
const GAP_LABEL_MM = 2.5

/** Room around an injured bone for what was displaced out of its box, mm. */
const STRAY_MM = 7

export function aim(part: Part, injury: Injury | undefined, ijkToPatient: Mat4, sigmaMm: number): Target {
  const toLocal = multiply(invert(part.pose), ijkToPatient)
  const tight = boxOf(part.lattice)
  const room = injury ? STRAY_MM : 0
  const localBox = {
    min: [tight.min[0] - room, tight.min[1] - room, tight.min[2] - room] as const,
    max: [tight.max[0] + room, tight.max[1] + room, tight.max[2] + room] as const,
  }
  return {
    part,
    injury,
    toLocal,
    localBox,
    box: boundsIn(invert(toLocal), localBox),
    profile: buildProfile(part.bone, sigmaMm),
    firmHu: part.firm && buildProfile(part.firm.bone, sigmaMm).hu,
  }
}

/** Soft tissue and air at height k (voxels, may lie between slices). edgeMm: half width of the air edges. */
export function renderSoft(
  soft: Soft,
  m: Mat4,
  k: number,
  size: number,
  edgeMm: number,
  out: Float32Array,
): void {
  const { data, nodes, origin, stepMm } = soft.hu
  const matter = soft.matter
  const inv = 1 / stepMm
  const nx = nodes[0]
  const nxy = nx * nodes[1]
  const [dx, dy, dz] = [m[0] * inv, m[4] * inv, m[8] * inv]
  const [mx, my, mz] = [nodes[0] - 1.001, nodes[1] - 1.001, nodes[2] - 1.001]
  for (let j = 0; j < size; j++) {
    let u = (m[1] * j + m[2] * k + m[3] - origin[0]) * inv
    let v = (m[5] * j + m[6] * k + m[7] - origin[1]) * inv
    let w = (m[9] * j + m[10] * k + m[11] - origin[2]) * inv
    let n = j * size
    for (let i = 0; i < size; i++, n++, u += dx, v += dy, w += dz) {
      const cu = u < 0 ? 0 : u > mx ? mx : u
      const cv = v < 0 ? 0 : v > my ? my : v
      const cw = w < 0 ? 0 : w > mz ? mz : w
      const ix = cu | 0
      const iy = cv | 0
      const iz = cw | 0
      const fx = cu - ix
      const fy = cv - iy
      const fz = cw - iz
      const p = iz * nxy + iy * nx + ix
      const q = p + nxy
      let a = matter[p] + fx * (matter[p + 1] - matter[p])
      let b = matter[p + nx] + fx * (matter[p + nx + 1] - matter[p + nx])
      let c = matter[q] + fx * (matter[q + 1] - matter[q])
      let d = matter[q + nx] + fx * (matter[q + nx + 1] - matter[q + nx])
      a += fy * (b - a)
      c += fy * (d - c)
      const depth = a + fz * (c - a)
      if (depth <= -edgeMm) {
        out[n] = -1000
        continue
      }
      a = data[p] + fx * (data[p + 1] - data[p])
      b = data[p + nx] + fx * (data[p + nx + 1] - data[p + nx])
      c = data[q] + fx * (data[q + 1] - data[q])
      d = data[q + nx] + fx * (data[q + nx + 1] - data[q + nx])
      a += fy * (b - a)
      c += fy * (d - c)
      const hu = a + fz * (c - a)
      out[n] = depth >= edgeMm ? hu : -1000 + (hu + 1000) * (0.5 + (0.5 * depth) / edgeMm)
    }
  }
}

/** Vacuum in a disc: nitrogen with some tissue around, HU. */
const GAS_HU = -900

/** Lays one bone over the slice at height k. mmPerUnit: true millimetres per millimetre of the nominal patient. */
export function renderBone(
  target: Target,
  grain: Grain,
  k: number,
  size: number,
  mmPerUnit: number,
  slice: Slice,
): void {
  const { part, injury, toLocal: m, box, localBox, profile, firmHu } = target
  if (k < box.min[2] || k > box.max[2]) return
  const { data, nodes, origin, stepMm } = part.lattice
  const { texture } = part.bone
  const inv = 1 / stepMm
  const nx = nodes[0]
  const nxy = nx * nodes[1]
  const [mx, my, mz] = [nodes[0] - 1, nodes[1] - 1, nodes[2] - 1]
  const j0 = Math.max(0, Math.ceil(box.min[1]))
  const j1 = Math.min(size - 1, Math.floor(box.max[1]))
  const stride = Math.hypot(m[0], m[4], m[8])
  const answer = createProbe()
  const steps = [m[0], m[4], m[8]]
  for (let j = j0; j <= j1; j++) {
    const start = [m[1] * j + m[2] * k + m[3], m[5] * j + m[6] * k + m[7], m[9] * j + m[10] * k + m[11]]
    // Part of the row inside the bone's box.
    let from = Math.max(0, box.min[0])
    let to = Math.min(size - 1, box.max[0])
    for (let a = 0; a < 3; a++) {
      const s = steps[a]
      if (Math.abs(s) < 1e-9) {
        if (start[a] < localBox.min[a] || start[a] > localBox.max[a]) to = -1
        continue
      }
      const t0 = (localBox.min[a] - start[a]) / s
      const t1 = (localBox.max[a] - start[a]) / s
      from = Math.max(from, Math.min(t0, t1))
      to = Math.min(to, Math.max(t0, t1))
    }
    const end = Math.floor(to)
    for (let i = Math.ceil(from); i <= end; i++) {
      const x = start[0] + steps[0] * i
      const y = start[1] + steps[1] * i
      const z = start[2] + steps[2] * i
      let d = FAR_MM
      let own = FAR_MM
      let addedHu = 0
      let fracture = -1
      if (
        injury &&
        x > injury.bounds.min[0] &&
        x < injury.bounds.max[0] &&
        y > injury.bounds.min[1] &&
        y < injury.bounds.max[1] &&
        z > injury.bounds.min[2] &&
        z < injury.bounds.max[2]
      ) {
        probe(injury, part.lattice, x, y, z, answer)
        d = answer.sdf
        own = answer.intact
        addedHu = answer.addedHu
        fracture = answer.fracture
        if (answer.gas > 0) slice.hu[j * size + i] += answer.gas * (GAS_HU - slice.hu[j * size + i])
      } else {
        const u = (x - origin[0]) * inv
        const v = (y - origin[1]) * inv
        const w = (z - origin[2]) * inv
        if (!(u >= 0 && v >= 0 && w >= 0 && u < mx && v < my && w < mz)) continue
        const ix = u | 0
        const iy = v | 0
        const iz = w | 0
        const fx = u - ix
        const fy = v - iy
        const fz = w - iz
        const p = iz * nxy + iy * nx + ix
        const q = p + nxy
        let a = data[p] + fx * (data[p + 1] - data[p])
        const b = data[p + nx] + fx * (data[p + nx + 1] - data[p + nx])
        let c = data[q] + fx * (data[q + 1] - data[q])
        const e = data[q + nx] + fx * (data[q + nx + 1] - data[q + nx])
        a += fy * (b - a)
        c += fy * (e - c)
        d = a + fz * (c - a)
        own = d
        if (d > 3.2) {
          // Nothing within d: stride on. Half of it, as a sculpted field may overstate distances.
          const skip = ((d - 2.6) * 0.5) / stride
          if (skip > 1 && !injury) i += skip | 0
          continue
        }
      }
      const n = j * size + i
      const mm = d * mmPerUnit
      if (mm < PROFILE_MAX_MM) {
        const at = mm < PROFILE_MIN_MM ? 0 : ((mm - PROFILE_MIN_MM) * PROFILE_PER_MM) | 0
        const share = profile.share[at]
        if (share > 0.002) {
          let depthAt = at
          let kept = 1
          if (own < d - 0.02) {
            // Beside a fracture: as much bone as the gap leaves, as dense as it was before.
            const depth = own * mmPerUnit
            const was = depth < PROFILE_MIN_MM ? 0 : ((depth - PROFILE_MIN_MM) * PROFILE_PER_MM) | 0
            depthAt = was
            kept = Math.min(1, share / Math.max(0.02, profile.share[was]))
          }
          let hu = profile.hu[depthAt]
          if (firmHu && part.firm) hu += firmAt(part.firm, y, z) * (firmHu[depthAt] - hu)
          hu *= kept
          if (d < -0.4)
            hu *=
              1 +
              texture *
                (0.7 * grainAt(grain, x * 0.9, y * 0.9, z * 0.7) +
                  0.5 * grainAt(grain, x * 0.13, y * 0.13, z * 0.13))
          slice.hu[n] = slice.hu[n] * (1 - share) + hu + addedHu * share
        }
      }
      // Labels follow the unbroken bone: a gap must not show in the masks that networks are given.
      if (part.label && own < 0.15 && d < GAP_LABEL_MM && own < slice.nearest[n]) {
        slice.nearest[n] = own
        slice.label[n] = part.label
      }
      if (fracture >= 0) slice.fracture[n] = fracture + 1
    }
  }
}
