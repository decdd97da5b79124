import { affine, type Mat4, multiply, transform, type Vec3 } from '../../volume/geometry.ts'
import type { Random } from '../random.ts'

/** Vertebrae that are built, C1 first; index + 1 is the label. */
export const VERTEBRAE = [
  'C1',
  'C2',
  'C3',
  'C4',
  'C5',
  'C6',
  'C7',
  'T1',
  'T2',
  'T3',
  'T4',
  'T5',
  'T6',
  'T7',
  'T8',
  'T9',
  'T10',
  'T11',
  'T12',
] as const

/** How a patient's vertebrae stand to each other, lying still. */
export type Rest = {
  /** From each vertebra's lower neighbour up to it, in its own frame (C1: in C2's), mm. */
  readonly stepMm: readonly Vec3[]
  readonly leanDeg: readonly number[]
}

/**
 * Distance in mm from each vertebra's centre to the next one's below: C1 is centred on its ring, C2 on the body
 * below the dens. Measured on the expert masks of VerSe gl003 and rounded.
 */
const PITCH_MM = [
  19, 21.5, 17.8, 17.6, 17.6, 17.8, 19.2, 21, 22.4, 23, 23.6, 24, 24.4, 24.8, 25.2, 25.8, 26.6, 27.4,
]

/** Lean of each vertebra in degrees, top forward positive: usual lordosis over a kyphotic thorax. */
const LEAN_DEG = [-5, -7, -5, -1, 4, 9, 15, 21, 22, 19, 15, 11, 7, 3, 0, -3, -5, -7, -8]

export const REST: Rest = {
  stepMm: PITCH_MM.map((rise, i) => [0, i === 0 ? 0.6 : 0, rise] as const),
  leanDeg: LEAN_DEG,
}

export type Spine = {
  /** Rigid frame of each vertebra: x left, y posterior, z along the body's axis. To the patient, mm. */
  readonly poses: readonly Mat4[]
  readonly skull: Mat4
  /** A point beside the spine: level 1 is C1's centre, 3.5 the disc C3/4; x left and y back of the centre, mm. */
  readonly at: (level: number, x: number, y: number) => Vec3
}

/** Rotation from angles in radians: pitch leans the top forward, roll to the left, yaw turns the front right. */
export function rotation(pitch: number, roll: number, yaw: number): Mat4 {
  const [cp, sp, cr, sr, cy, sy] = [pitch, roll, yaw].flatMap((a) => [Math.cos(a), Math.sin(a)])
  const rx = affine([1, 0, 0], [0, cp, sp], [0, -sp, cp], [0, 0, 0])
  const ry = affine([cr, 0, -sr], [0, 1, 0], [sr, 0, cr], [0, 0, 0])
  const rz = affine([cy, sy, 0], [-sy, cy, 0], [0, 0, 1], [0, 0, 0])
  return multiply(rz, multiply(ry, rx))
}

export const shifted = (m: Mat4, by: Vec3): Mat4 => [
  m[0],
  m[1],
  m[2],
  m[3] + by[0],
  m[4],
  m[5],
  m[6],
  m[7] + by[1],
  m[8],
  m[9],
  m[10],
  m[11] + by[2],
  0,
  0,
  0,
  1,
]

const DEG = Math.PI / 180

/**
 * Chains the vertebrae upwards. Each turns about the body centre of the one below it, which lets facets slide in
 * their plane, as real ones do. wedgeDeg is the extra kyphosis that a crushed body gives, lossMm its lost height.
 */
export function poseSpine(
  random: Random,
  injury: {
    readonly wedgeDeg: readonly number[]
    readonly lossMm: readonly number[]
    /** By which C1 and the skull follow a displaced dens. */
    readonly slipMm: Vec3
  },
  rest: Rest = REST,
): Spine {
  const bend = random.range(-0.25, 1.35)
  // Planning patients lie on a headrest and lean further than the rest of the curve says.
  const lean = 3 + random.normal() * 7
  const sway = random.normal() * 1.6
  const swayPhase = random.range(0, 6.3)
  const twist = random.normal() * 1.1
  const discs = random.range(0.96, 1.05)
  const count = VERTEBRAE.length
  const pitch: number[] = []
  const roll: number[] = []
  const yaw: number[] = []
  let kyphosis = 0
  for (let i = count - 1; i >= 0; i--) {
    const base = i < 7 ? 14 + (LEAN_DEG[i] - 14) * bend : LEAN_DEG[i] + (bend - 1) * (i < 10 ? 3 : 0)
    kyphosis += (injury.wedgeDeg[i + 1] ?? 0) * 0.8
    pitch[i] = base + lean + random.normal() * 1.4 + kyphosis * 0.6
    roll[i] = sway * Math.sin(swayPhase + i * 0.45) * 2 + random.normal() * 0.8
    yaw[i] = (i < 8 ? (7 - i) * twist : 0) + random.normal() * 0.7
  }
  // The head keeps its gaze about level; C1 goes half the way between C2 and the head.
  const headPitch = Math.max(pitch[1] - 16, Math.min(pitch[1] + 20, random.normal() * 7))
  const headYaw = yaw[1] + (random.chance(0.12) ? random.normal() * 12 : random.normal() * 4)
  pitch[0] = pitch[1] + 0.4 * (headPitch - pitch[1]) + random.normal() * 1.5
  yaw[0] = yaw[1] + 0.85 * (headYaw - yaw[1])
  roll[0] = roll[1] * 0.5 + random.normal() * 0.8

  const poses: Mat4[] = []
  let below: Vec3 = [0, 0, 0]
  for (let i = count - 1; i >= 0; i--) {
    // Frames of other families may stand otherwise in their vertebrae.
    const tilt = rest.leanDeg[i] - LEAN_DEG[i]
    const turn = rotation((pitch[i] + tilt) * DEG, roll[i] * DEG, yaw[i] * DEG)
    const thin = i >= 2 && i < 7 && random.chance(0.12) ? random.range(0.6, 2) : 0
    const [dx, dy, dz] = rest.stepMm[i] ?? [0, 0, 0]
    const rise = i === count - 1 ? 0 : dz * (i > 0 ? discs : 1) - thin - (injury.lossMm[i + 1] ?? 0)
    const carrier =
      i === 0 ? rotation((pitch[1] + rest.leanDeg[1] - LEAN_DEG[1]) * DEG, roll[1] * DEG, yaw[1] * DEG) : turn
    const step = transform(
      carrier,
      i === 0 ? [dx + injury.slipMm[0], dy + injury.slipMm[1], rise + injury.slipMm[2]] : [dx, dy, rise],
    )
    below = [below[0] + step[0], below[1] + step[1], below[2] + step[2]]
    poses[i] = shifted(turn, below)
  }
  // Patient origin: the centre of C4.
  const o = transform(poses[3], [0, 0, 0])
  const centred = poses.map((m) => shifted(m, [-o[0], -o[1], -o[2]]))
  const headTurn = rotation(headPitch * DEG, roll[0] * 0.6 * DEG, headYaw * DEG)
  const hinge = transform(centred[0], [0, 1, 11])
  const arm = transform(headTurn, [0, 1, 11])
  const skull = shifted(headTurn, [hinge[0] - arm[0], hinge[1] - arm[1], hinge[2] - arm[2]])
  const at = (level: number, x: number, y: number): Vec3 => {
    const t = level - 1
    const i = Math.max(0, Math.min(count - 2, Math.floor(t)))
    const f = t - i
    const p = transform(centred[i], [x, y, 0])
    const q = transform(centred[i + 1], [x, y, 0])
    return [p[0] + f * (q[0] - p[0]), p[1] + f * (q[1] - p[1]), p[2] + f * (q[2] - p[2])]
  }
  return { poses: centred, skull, at }
}
