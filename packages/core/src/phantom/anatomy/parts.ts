import { invert, type Mat4, multiply, transform, type Vec3 } from '../../volume/geometry.ts'
import type { Random } from '../random.ts'
import { buildAtlas } from './atlas.ts'
import { buildAxis } from './axis.ts'
import { bent, bentMarks, createBend } from './bend.ts'
import { buildCage, buildLarynx } from './cage.ts'
import { createGrain, type Grain, grainAt } from './grain.ts'
import type { Landmarks, Solid } from './landmarks.ts'
import { type Bounds, FAR_MM, fetch, type Lattice, sculpt } from './lattice.ts'
import type { Stroke } from './shapes.ts'
import { buildClivus, buildMandible, buildSkull, buildTeeth, type HeadPlan } from './skull.ts'
import { type Spine, VERTEBRAE } from './spine.ts'
import { buildSubaxial, drawBuild } from './subaxial.ts'
import { buildThoracic } from './thoracic.ts'

/** How a bone looks on CT. */
export type Bone = {
  readonly cortexMm: number
  readonly cortexHu: number
  readonly coreHu: number
  /** Relative deviation of the spongy bone's texture. */
  readonly texture: number
}

/** One rigid bone: its distance field in its own frame, and where that frame lies in the patient. */
export type Part = {
  readonly name: string
  /** Label value; 0 for bones that the masks leave out. */
  readonly label: number
  readonly lattice: Lattice
  readonly pose: Mat4
  readonly bone: Bone
  readonly firm?: Firm | undefined
}

/**
 * Denser bone in a part of a vertebra: behind a plane, fading into the spinous process, and above another plane.
 * Millimetres of its own frame.
 */
export type Firm = {
  readonly bone: Bone
  readonly behindMm: number
  readonly fadeMm: number
  readonly aboveMm: number
}

/** Length over which spongy bone turns into firm bone, mm. */
const RAMP_MM = 4

/** Share of firm bone at a point of the vertebra's frame. */
export const firmAt = ({ behindMm, fadeMm, aboveMm }: Firm, y: number, z: number): number =>
  Math.max(0, Math.min(1, Math.max(Math.min(y - behindMm, (fadeMm - y) / 3), z - aboveMm) / RAMP_MM + 0.5))

/** The vertebrae of the parametric family. */
export function buildVertebrae(random: Random): Solid[] {
  const build = drawBuild(random.fork('build'))
  const grain = createGrain(random.fork('bend'))
  return VERTEBRAE.map((name, i) => {
    const r = random.fork(name)
    const { strokes, marks } =
      i === 0
        ? buildAtlas(r)
        : i === 1
          ? buildAxis(build, r)
          : i < 7
            ? buildSubaxial(i - 2, build, r)
            : buildThoracic(i - 7, r)
    const bend = createBend(grain, 4.7 * i, build.bendMm, build.bendLengthMm)
    return {
      marks: bentMarks(marks, bend),
      boxes: strokes.map((s) => s.shape),
      lattice: (stepMm) => bent(sculpt(strokes, stepMm), bend),
      roughMm: 0.28,
    }
  })
}

export const landmarksOf = (vertebrae: readonly Solid[]): readonly Landmarks[] =>
  vertebrae.map((v) => v.marks)

/** Bounds of a box seen from another frame. */
export function boundsIn(m: Mat4, { min, max }: Bounds): Bounds {
  const low = [1e9, 1e9, 1e9]
  const high = [-1e9, -1e9, -1e9]
  for (let c = 0; c < 8; c++) {
    const p = transform(m, [c & 1 ? max[0] : min[0], c & 2 ? max[1] : min[1], c & 4 ? max[2] : min[2]])
    for (let k = 0; k < 3; k++) {
      low[k] = Math.min(low[k], p[k])
      high[k] = Math.max(high[k], p[k])
    }
  }
  return { min: low as unknown as Vec3, max: high as unknown as Vec3 }
}

export const overlap = (a: Bounds, b: Bounds): boolean =>
  [0, 1, 2].every((k) => a.min[k] < b.max[k] && b.min[k] < a.max[k])

/** Makes a surface slightly uneven, as no bone is a smooth formula. */
function roughen(
  { data, nodes, origin, stepMm }: Lattice,
  grain: Grain,
  amount: number,
  offset: number,
): void {
  let n = 0
  for (let z = 0; z < nodes[2]; z++)
    for (let y = 0; y < nodes[1]; y++)
      for (let x = 0; x < nodes[0]; x++, n++) {
        if (Math.abs(data[n]) > 3) continue
        const s = stepMm / 4.5
        data[n] +=
          amount * grainAt(grain, (x * stepMm + origin[0]) / 4.5 + offset, y * s + offset * 1.7, z * s)
      }
}

/** Keeps two bones apart: where they would meet, both give way to a joint space of gapMm. */
function separate(a: Part, b: Part, gapMm: number): void {
  const cut = (part: Part, other: Part): Float32Array => {
    const { data, nodes, origin, stepMm } = part.lattice
    const m = multiply(invert(other.pose), part.pose)
    const out = data.slice()
    let n = 0
    for (let z = 0; z < nodes[2]; z++)
      for (let y = 0; y < nodes[1]; y++)
        for (let x = 0; x < nodes[0]; x++, n++) {
          const d = data[n]
          if (d > 3) continue
          const p = origin[0] + x * stepMm
          const q = origin[1] + y * stepMm
          const r = origin[2] + z * stepMm
          const e = fetch(
            other.lattice,
            m[0] * p + m[1] * q + m[2] * r + m[3],
            m[4] * p + m[5] * q + m[6] * r + m[7],
            m[8] * p + m[9] * q + m[10] * r + m[11],
          )
          if (e < FAR_MM) out[n] = Math.max(d, (d - e) / 2 + gapMm / 2)
        }
    return out
  }
  const forA = cut(a, b)
  const forB = cut(b, a)
  a.lattice.data.set(forA)
  b.lattice.data.set(forB)
}

/** All bones that reach into the field of view (bounds in the patient's frame). */
export function buildParts(options: {
  readonly spine: Spine
  readonly vertebrae: readonly Solid[]
  readonly head: HeadPlan
  readonly armsUp: boolean
  readonly view: Bounds
  readonly stepMm: number
  readonly random: Random
}): Part[] {
  const { spine, vertebrae, head, armsUp, view, stepMm, random } = options
  const look = random.fork('bone')
  // From osteopenic to young: OpenKBP's patients have about 100 to 350 HU in their bodies.
  const dense = look.range(0.6, 1.2)
  const core = look.range(60, 400)
  const bone: Bone = {
    cortexMm: look.range(0.5, 1.2),
    cortexHu: 1150 * dense,
    coreHu: core,
    texture: look.range(0.12, 0.3),
  }
  // Facets, arches, dens and C1 are the densest of a neck on real scans (0010); C2's body is as grey as the others.
  const hard: Bone = {
    ...bone,
    cortexMm: bone.cortexMm * look.range(1.2, 2.2),
    coreHu: core + look.range(40, 430) * dense,
  }
  const upper: Bone = { ...hard, cortexMm: hard.cortexMm * 1.1, coreHu: hard.coreHu * look.range(1, 1.5) }
  // Bodies of one neck differ: a deviation of 46 HU about 264 in the median real neck (0010).
  const bodies = look.fork('bodies')
  const uneven = vertebrae.map(() => Math.max(0.5, 1 + 0.15 * bodies.normal()))
  const grain = createGrain(look)
  const parts: Part[] = []
  const build = (
    name: string,
    label: number,
    strokes: readonly Stroke[],
    pose: Mat4,
    look: Bone,
    step: number,
  ) => {
    const within = boundsIn(invert(pose), view)
    const margin = 4
    const reach: Bounds = {
      min: within.min.map((v) => v - margin) as unknown as Vec3,
      max: within.max.map((v) => v + margin) as unknown as Vec3,
    }
    const seen = strokes.filter(({ shape }) => overlap(shape, reach))
    if (!seen.some((s) => !s.carve)) return
    const lattice = sculpt(seen, step, label ? undefined : reach)
    roughen(lattice, grain, name === 'teeth' ? 0.1 : 0.5, parts.length * 5.3)
    parts.push({ name, label, lattice, pose, bone: look })
  }
  vertebrae.forEach((solid, i) => {
    // A vertebra is built whole or not at all, so that its neighbours' joints do not depend on the view.
    const pose = spine.poses[i]
    if (!solid.boxes.some((box) => overlap(boundsIn(pose, box), view))) return
    const coreHu = core * (i > 6 ? 0.8 : 1) * uneven[i]
    const { depth } = solid.marks
    // C1 has no body; C2's dens leaves its body at about 9 mm above the middle.
    const firm: Firm = {
      bone: i < 2 ? upper : hard,
      behindMm: i === 0 ? -99 : depth / 2 - 1,
      fadeMm: i === 0 ? 99 : depth / 2 + 14,
      aboveMm: i === 1 ? 9 : 99,
    }
    const lattice = solid.lattice(stepMm)
    if (solid.roughMm) roughen(lattice, grain, solid.roughMm, i * 5.3)
    parts.push({ name: VERTEBRAE[i], label: i + 1, lattice, pose, bone: { ...bone, coreHu }, firm })
  })
  const coarse = stepMm * 1.3
  const skull: Bone = {
    cortexMm: look.range(1, 2.4),
    cortexHu: 1250 * dense,
    coreHu: look.range(150, 700) * dense,
    texture: 0.25,
  }
  const jaw: Bone = { cortexMm: 1.6, cortexHu: 1350 * dense, coreHu: 300, texture: 0.25 }
  const inPatient: Mat4 = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
  build('skull', 0, buildSkull(head, random.fork('skull')), spine.skull, skull, coarse)
  // Thin cortex around fatty marrow: on real scans it is hardly seen above the bright dens.
  const fatty: Bone = {
    cortexMm: look.range(0.3, 0.9),
    cortexHu: 1000 * dense,
    coreHu: look.range(-60, 250),
    texture: 0.25,
  }
  build('clivus', 0, buildClivus(head, random.fork('clivus')), spine.skull, fatty, coarse)
  build('mandible', 0, buildMandible(head, random.fork('mandible')), spine.skull, jaw, coarse)
  build(
    'teeth',
    0,
    buildTeeth(head),
    spine.skull,
    { cortexMm: 1.5, cortexHu: 2300, coreHu: 1500, texture: 0.05 },
    stepMm,
  )
  build(
    'cage',
    0,
    buildCage(spine, armsUp, random.fork('cage')),
    inPatient,
    { ...bone, cortexMm: 1, coreHu: core * 0.6 },
    coarse,
  )
  build(
    'larynx',
    0,
    buildLarynx(spine, random.fork('larynx')),
    inPatient,
    { cortexMm: 0.8, cortexHu: look.range(300, 800), coreHu: look.range(120, 400), texture: 0.3 },
    stepMm,
  )
  const gap = look.range(0.8, 2.2)
  const named = (name: string) => parts.find((p) => p.name === name)
  const pairs = VERTEBRAE.slice(1).map((name, i) => [VERTEBRAE[i], name])
  for (const [a, b] of [
    ['skull', 'C1'],
    ['skull', 'C2'],
    ['clivus', 'C1'],
    ['clivus', 'C2'],
    ...pairs,
    ...VERTEBRAE.slice(7).map((v) => ['cage', v]),
  ]) {
    const first = named(a)
    const second = named(b)
    if (first && second) separate(first, second, gap)
  }
  return parts
}
