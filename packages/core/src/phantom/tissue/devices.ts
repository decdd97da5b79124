import { transform, type Vec3 } from '../../volume/geometry.ts'
import { type Bounds, sculpt } from '../anatomy/lattice.ts'
import { type Bone, overlap, type Part } from '../anatomy/parts.ts'
import { add, type Shape, tube } from '../anatomy/shapes.ts'
import type { HeadPlan } from '../anatomy/skull.ts'
import type { Spine } from '../anatomy/spine.ts'
import type { Random } from '../random.ts'

/** A stiff neck collar: foam against the skin, a plastic shell around it. Heights in the patient's frame, mm. */
export type Collar = {
  readonly foamHu: number
  readonly foamMm: number
  readonly shellHu: number
  readonly gapMm: number
  readonly top: number
  readonly bottom: number
}

export const SHELL_MM = 2.6

export const fitCollar = (spine: Spine, random: Random): Collar => ({
  foamHu: random.range(-900, -250),
  foamMm: random.range(4, 11),
  shellHu: random.range(-80, 120),
  gapMm: random.range(0, 4),
  top: spine.at(random.range(2, 3), 0, 0)[2],
  bottom: spine.at(random.range(7, 8), 0, 0)[2],
})

/** Walls of tubes: PVC of about 1 mm, and the line that X-rays show. */
const PVC: Bone = { cortexMm: 1.2, cortexHu: 190, coreHu: -1000, texture: 0 }
const LINE: Bone = { cortexMm: 1, cortexHu: 1600, coreHu: 1600, texture: 0 }
const UPRIGHT = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]

/** Tubes through mouth or nose into windpipe or gullet, each a wall and a radio-opaque line. */
export function buildTubes(options: {
  readonly spine: Spine
  readonly head: HeadPlan
  readonly endotracheal: boolean
  readonly nasogastric: boolean
  readonly view: Bounds
  readonly stepMm: number
}): Part[] {
  const { spine, head, endotracheal, nasogastric, view, stepMm } = options
  const z0 = head.basionZ
  const inHead = (...p: Vec3): Vec3 => transform(spine.skull, p)
  const parts: Part[] = []
  const lay = (name: string, path: readonly Vec3[], radius: number) => {
    const beside = path.map(([x, y, z]): Vec3 => [x + radius, y, z])
    const pieces: readonly [string, Shape[], Bone][] = [
      [name, tube(path, radius), PVC],
      [`${name} line`, tube(beside, 0.7), LINE],
    ]
    for (const [part, shapes, bone] of pieces) {
      const seen = shapes.filter((s) => overlap(s, view))
      if (!seen.length) continue
      const lattice = sculpt(
        seen.map((s) => add(s, 0.5)),
        stepMm,
        view,
      )
      parts.push({ name: part, label: 0, lattice, pose: UPRIGHT, bone })
    }
  }
  if (endotracheal)
    lay(
      'endotracheal tube',
      [
        inHead(8, -98, z0 - 26),
        inHead(5, -62, z0 - 18),
        inHead(2, -32, z0 - 20),
        spine.at(2.6, 0, -22),
        spine.at(4, 0, -27),
        spine.at(5.6, 0, -32),
        spine.at(7.4, 0, -29),
        spine.at(9.6, 0, -30),
      ],
      5,
    )
  if (nasogastric)
    lay(
      'nasogastric tube',
      [
        inHead(6, -96, z0 - 8),
        inHead(6, -60, z0 - 8),
        inHead(5, -27, z0 - 2),
        inHead(5, -20, z0 - 16),
        spine.at(3.5, 5, -19),
        spine.at(5.6, 3, -15),
        spine.at(8, 5, -16),
        spine.at(13, 6, -20),
        spine.at(19, 10, -24),
      ],
      2.6,
    )
  return parts
}
