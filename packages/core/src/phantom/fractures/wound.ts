import { LEVELS } from '../../levels.ts'
import type { Landmarks } from '../anatomy/landmarks.ts'
import { type Bounds, boundsOf } from '../anatomy/lattice.ts'
import type { PlannedFracture } from '../plan.ts'
import type { Random } from '../random.ts'
import { breakBone, type Lesion } from './catalogue.ts'
import { type Fissure, type Injury, wallAt } from './injury.ts'

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

/** Fine vascular channels in some vertebrae: dark lines that are no fractures. */
function channels(marks: Landmarks, random: Random): Fissure[] {
  if (!random.chance(0.35)) return []
  const side = random.sign()
  const [px, py, pz] = marks.pillar
  const spots = [
    [side * px, py, pz],
    [side * marks.width * 0.2, -marks.depth * 0.2, random.range(-3, 3)],
    [side * (marks.width / 2 + 2), marks.depth / 2 + 1, 0],
  ] as const
  const centre = random.pick(spots)
  return [
    {
      wall: wallAt(
        centre,
        [random.normal(), random.normal(), random.normal() + 0.01],
        0.3,
        9,
        random.range(0, 6),
      ),
      centre,
      radii: [random.range(1.2, 5), random.range(1.2, 5), random.range(1, 2.2)],
      gapMm: random.range(0.5, 1),
      fracture: -1,
    },
  ]
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
  readonly marks: readonly Landmarks[]
  readonly random: Random
}): Map<string, Injury> {
  const { plan, lesions, names, marks, random } = options
  const out = new Map<string, Injury>()
  names.forEach((name, i) => {
    const own = lesions.filter((_, n) => plan[n].level === name)
    const fissures = [
      ...own.flatMap((l) => l.fissures),
      ...channels(marks[i], random.fork(`channels/${name}`)),
    ]
    const pieces = own.flatMap((l) => l.pieces)
    const crushes = own.flatMap((l) => l.crushes)
    if (!fissures.length && !pieces.length && !crushes.length) return
    const bounds = boundsOf([
      ...fissures.map((f) => around(f.centre, f.radii)),
      ...pieces.map(({ box }) => ({
        min: [box.min[0] - REACH_MM, box.min[1] - REACH_MM, box.min[2] - REACH_MM] as const,
        max: [box.max[0] + REACH_MM, box.max[1] + REACH_MM, box.max[2] + REACH_MM] as const,
      })),
      ...crushes.map((c) => around([0, 0, 0], [c.width / 2 + 5, c.depth / 2 + 6, c.height / 2 + 14])),
    ])
    out.set(name, { pieces, fissures, crushes, bounds, shattered: own.some((l) => l.shattered) })
  })
  return out
}
