import type { Vec3 } from '../../volume/geometry.ts'
import type { Random } from '../random.ts'
import {
  add,
  box,
  carve,
  chain,
  common,
  ellipsoid,
  pitched,
  rod,
  type Shape,
  type Stroke,
  stretched,
} from './shapes.ts'

/** Sizes that bone and soft tissue of the head share. Head frame: C1's axes, origin at C1's centre, mm. */
export type HeadPlan = {
  readonly vault: Shape
  readonly brain: Shape
  readonly basionZ: number
  readonly gape: number
  readonly sizes: readonly [number, number, number]
  readonly centre: readonly [number, number, number]
  readonly teeth: readonly Tooth[]
  /** Air cells of the mastoids; none to a honeycomb. */
  readonly cells: readonly Shape[]
}

/** up points to the tip of the root. */
export type Tooth = { readonly crown: Vec3; readonly up: 1 | -1; readonly molar: boolean }

export function planHead(random: Random): HeadPlan {
  const sizes = [random.range(66, 76), random.range(84, 95), random.range(62, 72)] as const
  const basionZ = random.range(13, 20.5)
  const centre = [0, 74 - sizes[1], basionZ + sizes[2] - 3] as const
  const thick = random.range(5, 7.5)
  const gape = random.range(0, 7)
  return {
    vault: ellipsoid(centre, sizes),
    brain: ellipsoid(centre, [sizes[0] - thick, sizes[1] - thick, sizes[2] - thick]),
    basionZ,
    gape,
    sizes,
    centre,
    teeth: placeTeeth(basionZ, gape, random.fork('teeth')),
    cells: placeCells(basionZ, random.fork('cells')),
  }
}

/** Both mastoids of a patient hold about as much air: from hardly any to a honeycomb. Shares of air: 0010. */
function placeCells(z0: number, random: Random): Shape[] {
  const count = Math.round(random.range(0, 1) ** 0.6 * 55)
  return [1, -1].flatMap((s) =>
    Array.from({ length: count }, () =>
      ellipsoid(
        [s * random.range(43, 58), random.range(-2, 22), z0 + random.range(-12, 18)],
        [random.range(2.2, 5.5), random.range(2.2, 5.5), random.range(2.2, 6)],
      ),
    ),
  )
}

/** Two rows of teeth on the jaws' arches; a few may be missing. */
function placeTeeth(basionZ: number, gape: number, random: Random): Tooth[] {
  const teeth: Tooth[] = []
  const missing = random.pick([0.03, 0.1, 0.4], [5, 4, 1])
  for (const [up, z] of [
    [1, basionZ - 22],
    [-1, basionZ - 32 - gape],
  ] as const)
    for (let i = -7; i <= 7; i++) {
      if (i === 0 || random.chance(missing)) continue
      const t = ((i - Math.sign(i) * 0.5) / 6.5) * 1.25
      teeth.push({
        crown: [Math.sin(t) * 24, -49 - Math.cos(t) * 23, z - up * 1.5],
        up,
        molar: Math.abs(i) > 3,
      })
    }
  return teeth
}

/** Occiput with foramen magnum and condyles, clivus, petrous bones, mastoids, vault, upper jaw with its teeth. */
export function buildSkull(head: HeadPlan, random: Random): Stroke[] {
  const { vault, brain, basionZ: z0 } = head
  // In front of the clivus the vault's floor is missing: the face is there.
  const shell = common(vault, (x, y, z) => Math.max(-brain.sdf(x, y, z), Math.min(-14 - y, z0 + 26 - z)))
  const strokes: Stroke[] = [
    add(shell, 0.1),
    add(stretched(rod([0, 46, z0 - 3], [0, 66, z0 + 12], 3, 5), [0, 0, 0], [1.6, 1, 1]), 4),
    add(box([0, -40, z0 + 44], [34, 26, 2.4], 2), 3),
  ]
  for (const s of [1, -1]) {
    strokes.push(
      add(rod([s * 54, -2, z0 + 12], [s * 13, -24, z0 + 24], 9, 5.5), 3),
      add(ellipsoid([s * 51, 10, z0 + 2], [12, 16, 20]), 4),
      add(ellipsoid([s * 40, 16, z0 + 1], [18, 26, 4]), 4),
      add(box([s * 45, -38, z0 + 32], [21, 22, 2], 2), 3),
      add(rod([s * 36, -44, z0 - 10], [s * 34, -40, z0 + 24], 3, 4.5), 3),
    )
  }
  strokes.push(carve(stretched(rod([0, 14, z0 - 20], [0, 14, z0 + 18], 15), [0, 14, 0], [1, 1.16, 1]), 2))
  for (const s of [1, -1]) {
    const c = pitched(ellipsoid([s * 17.5, 1.5, z0 - 5], [6.2, 11, 8.2]), [s * 17, 1.5, z0 - 5], 0.1)
    strokes.push(
      add(
        common(c, (x, y, z) => 7 + (Math.abs(x) - 19) * 0.42 + ((y - 1) * (y - 1)) / 55 - z),
        2.5,
      ),
    )
    strokes.push(add(rod([s * 17, 0, z0 - 2], [s * 22, 6, z0 + 6], 5.5, 7), 4))
  }
  for (const cell of head.cells) strokes.push(carve(cell, 0.6))
  const palateZ = z0 - 14 + random.range(-3, 3)
  strokes.push(
    add(box([0, -58, palateZ], [17, 20, 1.6], 1.2), 2),
    add(box([0, -46, palateZ + 9], [0.8, 11, 8], 0.6), 1),
    add(rod([0, -32, z0 + 34], [0, -36, palateZ + 4], 1.4), 2),
  )
  const arch = (r: number, z: number, radius: number) => {
    const points: [number, number, number][] = []
    for (let i = -4; i <= 4; i++) {
      const t = (i / 4) * 1.35
      points.push([Math.sin(t) * r, -48 - Math.cos(t) * r * 0.95, z])
    }
    return chain(points, radius)
  }
  strokes.push(add(arch(23, palateZ - 2, 4.6), 2))
  for (const s of [1, -1]) {
    strokes.push(
      add(
        common(
          ellipsoid([s * 28, -58, palateZ + 18], [17, 19, 19]),
          (x, y, z) => -ellipsoid([s * 28, -58, palateZ + 18], [15, 17, 17]).sdf(x, y, z),
        ),
        1,
      ),
    )
    for (const t of [8, 20])
      strokes.push(add(rod([s * 7, -44, palateZ + t], [s * 9, -70, palateZ + t - 2], 1.6, 1.2), 1))
  }
  return strokes
}

/**
 * The clivus, from the basion up to the sella. Its slope and thickness differ most of all that lies above the dens, and
 * it must not be taken for the dens.
 */
export function buildClivus({ basionZ: z0 }: HeadPlan, random: Random): Stroke[] {
  const thick = random.range(2.4, 5.2)
  const top: Vec3 = [0, -random.range(24, 43), z0 + random.range(29, 41)]
  return [add(stretched(rod([0, -7, z0 + 2.5], top, thick, thick * 1.9), [0, 0, 0], [1.9, 1, 1]), 2)]
}

/** The lower jaw, turned down about its joint by the gape (mm at the teeth). */
export function buildMandible(head: HeadPlan, random: Random): Stroke[] {
  const z0 = head.basionZ
  const low = z0 - 42 - head.gape + random.range(-3, 3)
  const wide = random.range(43, 49)
  const strokes: Stroke[] = []
  for (const s of [1, -1]) {
    strokes.push(
      add(
        stretched(
          chain(
            [
              [0, -82, low],
              [s * 14, -78, low],
              [s * 29, -62, low + 2],
              [s * wide, -36, low + 8],
            ],
            [5.2, 5, 4.6, 4],
          ),
          [0, 0, low],
          [1, 1, 1.9],
        ),
        3,
      ),
    )
    strokes.push(
      add(
        stretched(
          chain(
            [
              [s * wide, -36, low + 8],
              [s * (wide + 1), -26, z0 - 8],
              [s * (wide + 2), -14, z0 + 12],
            ],
            [4, 3.2, 4.6],
          ),
          [0, -24, 0],
          [0.85, 1.8, 1],
        ),
        3,
      ),
    )
    strokes.push(add(rod([s * (wide - 2), -38, low + 12], [s * (wide - 2), -36, z0 + 8], 2.6, 2), 3))
  }
  return strokes
}

export const buildTeeth = (head: HeadPlan): Stroke[] =>
  head.teeth.map(({ crown: [x, y, z], up, molar }) =>
    add(rod([x, y, z + up * 8.5], [x, y, z - up], 1.8, molar ? 3.7 : 2.6), 0.4),
  )
