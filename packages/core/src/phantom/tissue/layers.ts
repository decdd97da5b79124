import { invert, type Mat4, transform, type Vec3 } from '../../volume/geometry.ts'
import type { Landmarks } from '../anatomy/landmarks.ts'
import { boundsIn } from '../anatomy/parts.ts'
import { box, common, ellipsoid, rod, type Shape, stretched, tube } from '../anatomy/shapes.ts'
import type { HeadPlan } from '../anatomy/skull.ts'
import type { Spine } from '../anatomy/spine.ts'
import type { Random } from '../random.ts'
import { buildMuscles } from './muscles.ts'

/** One soft tissue: shapes in the patient's frame, painted over what was painted before. */
export type Layer = {
  readonly hu: number
  readonly shapes: readonly Shape[]
  readonly blendMm: number
  /** Muscles: uneven outlines, pressed against each other, with a plane of fat where two meet. */
  readonly fleshy?: boolean
}

/** A shape of a local frame, seen from the patient. */
function posed(shape: Shape, pose: Mat4): Shape {
  const m = invert(pose)
  return {
    sdf: (x, y, z) =>
      shape.sdf(
        m[0] * x + m[1] * y + m[2] * z + m[3],
        m[4] * x + m[5] * y + m[6] * z + m[7],
        m[8] * x + m[9] * y + m[10] * z + m[11],
      ),
    ...boundsIn(pose, shape),
  }
}

type Station = readonly [level: number, x: number, y: number]

/** Muscles, vessels, glands, discs and the spinal canal, in painting order. */
export function buildLayers(options: {
  readonly spine: Spine
  readonly head: HeadPlan
  readonly marks: readonly Landmarks[]
  readonly random: Random
  /** HU of the vessels' blood: about 45 without contrast agent. */
  readonly bloodHu: number
}): Layer[] {
  const { spine, head, marks, random, bloodHu } = options
  const bulk = random.range(0.8, 1.2)
  const muscle = random.range(48, 68)
  const path = (s: number, stations: readonly Station[], radii: number | readonly number[]): Shape[] =>
    tube(
      stations.map(([level, x, y]) => spine.at(level, s * x, y)),
      radii,
    )
  const both = (stations: readonly Station[], radii: number | readonly number[]): Shape[] => [
    ...path(1, stations, radii),
    ...path(-1, stations, radii),
  ]
  const m = (r: number) => 1.18 * r * bulk * random.range(0.9, 1.1)
  const inHead = (shape: Shape) => posed(shape, spine.skull)
  const z0 = head.basionZ
  const flesh = (shapes: readonly Shape[]): Layer => ({
    hu: muscle + 4 * random.normal(),
    shapes,
    blendMm: 2,
    fleshy: true,
  })
  const muscles = buildMuscles(spine, bulk, random.fork('muscles')).map(flesh)
  const headMuscles = [
    ...[1, -1].flatMap((s) => [
      // Masseter, medial pterygoid.
      [
        inHead(
          stretched(
            rod([s * 53, -34, z0 - 38], [s * 57, -30, z0 - 4], m(7)),
            [s * 54, -32, 0],
            [0.9, 1.6, 1],
          ),
        ),
      ],
      [inHead(rod([s * 38, -36, z0 - 34], [s * 28, -32, z0 + 6], m(7)))],
      // Digastric's belly and mylohyoid: the floor of the mouth.
      [inHead(rod([s * 8, -72, z0 - 56], [s * 14, -46, z0 - 60], m(5)))],
    ]),
    [
      inHead(ellipsoid([0, -56, z0 - 38], [21, 26, 20])),
      inHead(stretched(rod([0, -50, z0 - 54], [0, -70, z0 - 50], 6), [0, -60, 0], [3, 1, 1])),
    ],
  ].map(flesh)
  const carotid: Station[] = [
    [0.4, 26, -14],
    [2.5, 25, -18],
    [4.5, 24, -22],
    [7, 19, -26],
    [9.5, 12, -34],
    [12, 12, -40],
  ]
  const jugular: Station[] = [
    [0.4, 31, -9],
    [3, 32, -15],
    [6, 30, -22],
    [8.5, 22, -34],
    [9.6, 16, -44],
  ]
  const subclavian: Station[] = [
    [9.4, 16, -30],
    [8.5, 40, -20],
    [8.9, 75, -28],
    [9.6, 125, -8],
  ]
  const plexus: Station[] = [
    [5.6, 20, 4],
    [7, 34, 0],
    [8.3, 58, -14],
    [9.2, 110, -4],
  ]
  const nodes = [1, -1].flatMap((s) =>
    Array.from({ length: 8 }, () => {
      const level = random.range(2.5, 8)
      const at = spine.at(level, s * random.range(28, 34 + 3 * level), random.range(-26, 8))
      return ellipsoid(at, [random.range(2, 4), random.range(2, 4), random.range(3, 7)])
    }),
  )
  const vertebral: Station[] = [
    [1.6, 20, 0.5],
    [3, 16.8, 0.8],
    [6.1, 16.8, 0.8],
    [7, 18.6, -4],
    [8.4, 18, -18],
  ]
  const vessels: Layer[] = [
    { hu: bloodHu, shapes: both(carotid, [2.6, 2.8, 3.4, 3.2, 4.2, 8]), blendMm: 0.5 },
    {
      hu: bloodHu > 90 ? bloodHu * random.range(0.3, 0.9) : bloodHu,
      shapes: both(jugular, [3.5, 4.8, 5.4, 6.4, 8]),
      blendMm: 0.5,
    },
    { hu: bloodHu, shapes: both(subclavian, [5, 4.5, 4.2, 4]), blendMm: 0.5 },
    { hu: 42, shapes: [...both(plexus, [2, 3, 3.4, 3.4]), ...nodes], blendMm: 0.5 },
    { hu: bloodHu, shapes: both(vertebral, [1.9, 1.8, 1.8, 1.9, 2.2]), blendMm: 0.5 },
  ]
  const thyroid = random.range(70, 125)
  const glands: Layer[] = [
    {
      hu: thyroid,
      shapes: both(
        [
          [5.6, 19, -30],
          [6.8, 16, -33],
          [7.7, 14, -34],
        ],
        [3, 7, 8],
      ),
      blendMm: 1,
    },
    {
      hu: 30,
      shapes: [1, -1].map((s) => inHead(ellipsoid([s * 52, -16, z0 - 22], [9, 13, 18]))),
      blendMm: 1,
    },
    {
      hu: 45,
      shapes: [1, -1].map((s) => inHead(ellipsoid([s * 27, -44, z0 - 50], [9, 14, 11]))),
      blendMm: 1,
    },
    {
      hu: 38,
      shapes: tube(
        [spine.at(6.3, 2, -15), spine.at(8, 5, -16), spine.at(13, 6, -20), spine.at(19, 10, -24)],
        4.6,
      ),
      blendMm: 1,
    },
  ]
  const discs: Layer = {
    hu: random.range(70, 110),
    shapes: marks.slice(0, -1).flatMap((mk, i) => {
      if (i === 0) return []
      const z = -(mk.height / 2) - 2
      return [posed(ellipsoid([0, 0, z], [mk.width / 2 + 1.5, mk.depth / 2 + 1, 6]), spine.poses[i])]
    }),
    blendMm: 1,
  }
  const canalAt = (i: number) => (i === 0 ? 15.5 : marks[i].depth / 2 + (i < 7 ? 7.2 : 8))
  const canal = (radius: number, spread: number): Shape[] =>
    [-spread, spread].flatMap((x) =>
      tube(
        [
          transform(spine.skull, [x, 15, z0 + 8]),
          ...marks.map((_, i) => transform(spine.poses[i], [x, canalAt(i), 0])),
        ],
        radius,
      ),
    )
  // In front of the clivus the vault has a floor, and below it the face.
  const cranial = (s: Shape) => common(s, (_x, y, z) => Math.min(-8 - y, z0 + 42 - z))
  const csf = random.range(4, 18)
  const inside: Layer[] = [
    { hu: -50, shapes: canal(7.6, 3.6), blendMm: 1 },
    { hu: csf, shapes: canal(6, 2.8), blendMm: 1 },
    { hu: random.range(32, 46), shapes: canal(3.3, 2.6), blendMm: 0.5 },
    { hu: csf, shapes: [inHead(cranial(head.brain))], blendMm: 1 },
    {
      hu: random.range(28, 40),
      shapes: [
        inHead(
          cranial(
            ellipsoid(
              [head.centre[0], head.centre[1], head.centre[2] + 3],
              [head.sizes[0] - 10, head.sizes[1] - 10, head.sizes[2] - 9],
            ),
          ),
        ),
      ],
      blendMm: 1,
    },
  ]
  const middle = spine.at(11, 0, 0)[0]
  const apex = random.range(8.3, 9.4)
  // Heart and great vessels, as one.
  const heart: Layer = {
    hu: Math.min(220, bloodHu),
    shapes: [
      ellipsoid(spine.at(14.5, 12, -55), [44, 34, 50]),
      ...tube(
        [spine.at(11.4, 4, -46), spine.at(11.8, 14, -30), spine.at(13, 18, -8), spine.at(19, 14, -10)],
        12,
      ),
    ],
    blendMm: 4,
  }
  const lungs: Layer = {
    hu: random.range(-880, -780),
    shapes: [1, -1].map((s) => {
      const tip = spine.at(apex, s * 44, -12)
      return common(
        ellipsoid([tip[0] + s * 8, tip[1] - 6, tip[2] - 140], [52, 64, 142]),
        (x) => 14 - s * (x - middle),
      )
    }),
    blendMm: 1,
  }
  return [...muscles, ...headMuscles, ...glands, ...vessels, lungs, heart, ...inside, discs]
}

/** Air inside the body: nose, pharynx, larynx, windpipe, sinuses. swelling pushes the airway forward, mm by level. */
export function buildAirways(options: {
  readonly spine: Spine
  readonly head: HeadPlan
  readonly random: Random
  readonly swellingMm: (level: number) => number
}): Shape[] {
  const { spine, head, random, swellingMm } = options
  const z0 = head.basionZ
  const inHead = (shape: Shape) => posed(shape, spine.skull)
  const wide = random.range(0.7, 1.15)
  const at = (level: number, y: number, x = 0): Vec3 => spine.at(level, x, y - swellingMm(level))
  const pharynx: Shape[] = [-1, 1].flatMap((s) => [
    ...tube(
      [transform(spine.skull, [s * 4, -25, z0 + 2]), transform(spine.skull, [s * 4, -23, z0 - 14])],
      5.5 * wide,
    ),
    ...tube(
      [
        transform(spine.skull, [s * 4, -23, z0 - 14]),
        at(2.6, -21, s * 4.5),
        at(3.6, -23, s * 5),
        at(4.6, -25, s * 7),
      ],
      [5.5 * wide, 4.6 * wide, 5.5 * wide, 2.4],
    ),
  ])
  const carina = random.range(11.5, 12.6)
  const larynx = tube(
    [
      at(3.9, -27),
      at(4.7, -31),
      at(5.4, -32),
      at(5.7, -32),
      at(6.4, -31),
      at(7.4, -29),
      at(9, -30),
      at(carina, -30),
    ],
    [5, 4.5, 4.2, 2.6, 6.2, 7.8, 8.2, 8.2],
  )
  const bronchi = [1, -1].flatMap((s) => tube([at(carina, -30), at(carina + 1.6, -26, s * 32)], [7, 5]))
  const palateZ = z0 - 14
  const nose = [1, -1].flatMap((s) => [
    inHead(box([s * 5.5, -56, palateZ + 14], [2.8, 26, 12], 2)),
    inHead(stretched(rod([s * 4, -34, palateZ + 10], [s * 4, -26, z0 + 1], 4), [0, 0, 0], [1, 1, 1])),
    inHead(ellipsoid([s * 28, -58, palateZ + 18], [13.5, 15.5, 15.5])),
  ])
  const canal = [1, -1].map((s) => inHead(rod([s * 78, -6, z0 + 6], [s * 44, -8, z0 + 9], 3.2)))
  const sphenoid = random.chance(0.85) ? [inHead(ellipsoid([0, -44, z0 + 32], [12, 10, 8]))] : []
  const mouth = random.chance(0.5) ? [inHead(box([0, -60, palateZ - 6], [14, 18, 1.8], 1.6))] : []
  const cells = head.cells.map(inHead)
  return [...cells, ...pharynx, ...larynx, ...bronchi, ...nose, ...canal, ...sphenoid, ...mouth]
}
