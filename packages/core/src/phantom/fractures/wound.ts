import { LEVELS } from '../../levels.ts'
import type { Vec3 } from '../../volume/geometry.ts'
import type { Landmarks, Solid } from '../anatomy/landmarks.ts'
import { type Bounds, boundsOf, expanded, sculptOn } from '../anatomy/lattice.ts'
import type { Stroke } from '../anatomy/shapes.ts'
import type { PlannedFracture, PlannedLookAlike } from '../plan.ts'
import type { Random } from '../random.ts'
import { breakBone, type Lesion } from './catalogue.ts'
import { type Injury, RIM_REACH_MM } from './injury.ts'
import { type Change, type Mimic, mimic } from './look-alikes.ts'

/** One lesion per planned fracture, in the plan's order. */
export const buildLesions = (
  plan: readonly PlannedFracture[],
  marks: readonly Landmarks[],
  random: Random,
): Lesion[] =>
  plan.map(({ level, type, severity, side }, fracture) =>
    breakBone(type, {
      marks: marks[LEVELS.indexOf(level)],
      severity,
      side,
      fracture,
      random: random.fork(`${level}/${fracture}`),
    }),
  )

/** One mimic per planned look-alike, in the plan's order. */
export const buildMimics = (
  plan: readonly PlannedLookAlike[],
  marks: readonly Landmarks[],
  stepMm: readonly Vec3[],
  random: Random,
): Mimic[] =>
  plan.map(({ level, type, severity, side }, n) => {
    const i = LEVELS.indexOf(level)
    return mimic(type, {
      marks: marks[i],
      below: marks[i + 1],
      stepMm: stepMm[i],
      severity,
      side,
      random: random.fork(`${level}/${type}/${n}`),
    })
  })

/** What all look-alikes change in the vertebra with the given index. */
export const changesAt = (
  plan: readonly PlannedLookAlike[],
  mimics: readonly Mimic[],
  index: number,
): Change[] =>
  mimics.flatMap(({ own, below }, n) => {
    const at = LEVELS.indexOf(plan[n].level)
    return at === index ? [own] : at + 1 === index ? [below] : []
  })

/** The vertebra with strokes added to its lattice. */
export function remodel(solid: Solid, strokes: readonly Stroke[]): Solid {
  if (strokes.length === 0) return solid
  return {
    ...solid,
    boxes: [...solid.boxes, ...strokes.filter((s) => !s.carve).map((s) => s.shape)],
    lattice: (stepMm) => sculptOn(solid.lattice(stepMm), strokes),
  }
}

const around = (centre: readonly number[], radii: readonly number[]): Bounds => ({
  min: [centre[0] - radii[0], centre[1] - radii[1], centre[2] - radii[2]],
  max: [centre[0] + radii[0], centre[1] + radii[1], centre[2] + radii[2]],
})

/** How far a fragment may move, mm: added around its region. */
const REACH_MM = 8

/** Gathers what happened to each vertebra, by its name. */
export function gatherInjuries(options: {
  readonly plan: readonly PlannedFracture[]
  readonly lesions: readonly Lesion[]
  readonly names: readonly string[]
  /** Of each vertebra, in the order of the names. */
  readonly changes: readonly (readonly Change[])[]
}): Map<string, Injury> {
  const { plan, lesions, names, changes } = options
  const out = new Map<string, Injury>()
  names.forEach((name, i) => {
    const own = lesions.filter((_, n) => plan[n].level === name)
    const fissures = own.flatMap((l) => l.fissures)
    const shattered = own.some((l) => l.shattered)
    // A shattered bone is made of its fragments alone: a healed one has no place among them.
    const healed = shattered ? [] : changes[i].flatMap((c) => c.pieces)
    const pieces = [...own.flatMap((l) => l.pieces), ...healed]
    const crushes = own.flatMap((l) => l.crushes)
    const hollows = changes[i].flatMap((c) => c.hollows)
    const bands = changes[i].flatMap((c) => c.bands)
    const gas = changes[i].flatMap((c) => c.gas)
    const shapes = [...hollows.map((h) => h.shape), ...bands.map((b) => b.shape), ...gas]
    if (!fissures.length && !pieces.length && !crushes.length && !shapes.length) return
    const bounds = boundsOf([
      ...fissures.map((f) => around(f.centre, f.radii)),
      ...pieces.map(({ box }) => expanded(box, REACH_MM)),
      ...shapes.map((shape) => expanded(shape, RIM_REACH_MM)),
      ...crushes.map((c) => around([0, 0, 0], [c.width / 2 + 5, c.depth / 2 + 6, c.height / 2 + 14])),
    ])
    out.set(name, { pieces, fissures, crushes, hollows, bands, gas, bounds, shattered })
  })
  return out
}
