import { type Mat4, multiply, transform, type Vec3 } from '../../volume/geometry.ts'
import { cornerOf, type Landmarks, neckOf } from '../anatomy/landmarks.ts'
import type { Bounds } from '../anatomy/lattice.ts'
import { rotation, shifted } from '../anatomy/spine.ts'
import type { Random } from '../random.ts'
import type { FractureType } from '../study.ts'
import { type Crush, type Fissure, type Piece, type Wall, wallAt } from './injury.ts'

/** What one fracture does: to its bone, and to the spine above it. */
export type Lesion = {
  readonly pieces: readonly Piece[]
  readonly shattered: boolean
  readonly fissures: readonly Fissure[]
  readonly crushes: readonly Crush[]
  /** Where to look for it, in the part's frame. */
  readonly centre: Vec3
  /** Kyphosis, lost height and slip that the bones above follow. */
  readonly wedgeDeg: number
  readonly lossMm: number
  readonly slipMm: Vec3
}

type Break = {
  readonly marks: Landmarks
  /** 0 barely visible .. 1 gross. */
  readonly severity: number
  readonly side: 1 | -1
  /** Number of the fracture, for the mask. */
  readonly fracture: number
  readonly random: Random
}

const REST = {
  pieces: [],
  shattered: false,
  fissures: [],
  crushes: [],
  wedgeDeg: 0,
  lossMm: 0,
  slipMm: [0, 0, 0] as Vec3,
}
const EVERYWHERE: Bounds = { min: [-99, -99, -99], max: [99, 99, 99] }
const DEG = Math.PI / 180

/** Gap of a fracture: 0.45 mm at the least severe, 2.2 mm at the most; wider ones are fragments that moved. */
const gapMm = (severity: number) => 0.45 + 1.75 * severity ** 1.6

/** Gap of a crack that parts nothing: it cannot open far. */
const crackMm = (severity: number) => 0.5 + 1.2 * severity ** 1.4

/** Gap of a crack through a thin ring or pillar, whose ends part when the blow is hard. */
const partedMm = (severity: number) => 0.55 + 2.7 * severity ** 1.6

/** The motion that carries a fragment by `move` after turning it about `pivot`, inverted. */
export function home(pivot: Vec3, move: Vec3, pitch = 0, roll = 0, yaw = 0): Mat4 {
  const turn = rotation(pitch, roll, yaw)
  // Transpose of the rotation is its inverse.
  const back: Mat4 = [
    turn[0],
    turn[4],
    turn[8],
    0,
    turn[1],
    turn[5],
    turn[9],
    0,
    turn[2],
    turn[6],
    turn[10],
    0,
    0,
    0,
    0,
    1,
  ]
  const toPivot = shifted(
    [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    [-pivot[0] - move[0], -pivot[1] - move[1], -pivot[2] - move[2]],
  )
  return shifted(multiply(back, toPivot), pivot)
}

const rough = (random: Random, point: Vec3, direction: Vec3, waveMm = 0.5): Wall =>
  wallAt(point, direction, waveMm * random.range(0.5, 1.4), random.range(10, 24), random.range(0, 6.28))

const tilt = (random: Random, [x, y, z]: Vec3, by = 0.25): Vec3 => [
  x + by * random.normal(),
  y + by * random.normal(),
  z + by * random.normal(),
]

function dens({ marks, severity, fracture, random }: Break): Lesion {
  const [nx, ny, nz] = neckOf(marks)
  const centre: Vec3 = [nx, ny, nz + random.range(-1.5, 1.5)]
  const back = random.chance(0.6) ? 1 : -1
  const move: Vec3 = [
    random.normal() * 0.4 * severity,
    back * 5.2 * severity * random.range(0.55, 1),
    random.range(0, 0.8) * severity,
  ]
  const pitch = -back * severity * random.range(4, 16) * DEG
  return {
    ...REST,
    pieces: [
      {
        walls: [
          rough(random, centre, tilt(random, [0, 0, 1], 0.2)),
          // Where the shoulders reach as high as the break, it climbs along them.
          rough(random, [random.range(6, 8), 0, centre[2]], [-0.8, 0, 0.6]),
          rough(random, [-random.range(6, 8), 0, centre[2]], [0.8, 0, 0.6]),
        ],
        any: false,
        box: { min: [-20, -9, 4], max: [20, 9, 40] },
        home: home(centre, move, pitch),
        gapMm: gapMm(severity),
        fracture,
      },
    ],
    centre,
    slipMm: move,
  }
}

function densBase({ severity, fracture, random }: Break): Lesion {
  const low = random.range(-2, 3)
  const centre: Vec3 = [0, 0, low]
  const move: Vec3 = [0, random.sign() * 2.6 * severity * random.range(0.2, 1), 0.5 * severity]
  return {
    ...REST,
    pieces: [
      {
        walls: [
          rough(random, centre, tilt(random, [0, 0, 1], 0.18), 0.6),
          rough(random, [random.range(8, 12), 0, 4], [-0.75, 0, 0.66]),
          rough(random, [-random.range(8, 12), 0, 4], [0.75, 0, 0.66]),
        ],
        any: false,
        box: { min: [-30, -20, -9], max: [30, 9.5, 40] },
        home: home(centre, move, random.normal() * 5 * severity * DEG),
        gapMm: gapMm(severity),
        fracture,
      },
    ],
    centre,
    slipMm: move,
  }
}

/** Jefferson: the ring breaks in two to four places and its sectors move apart. */
function ring({ severity, side, fracture, random }: Break): Lesion {
  const hub: Vec3 = [0, 9, 0]
  const j = () => random.normal() * 6
  const pattern = random.pick<readonly number[]>([
    [side * 24 + j(), side > 0 ? 215 + j() : 145 + j()],
    [side * 22 + j(), 145 + j(), 218 + j()],
    [-26 + j(), 26 + j(), 145 + j(), 215 + j()],
  ])
  const breaks = pattern.map((a) => ((a % 360) + 360) % 360).sort((a, b) => a - b)
  // Angle 0 looks to the front, 90 to the left.
  const ray = (deg: number): Vec3 => [Math.sin(deg * DEG), -Math.cos(deg * DEG), 0]
  const walls = breaks.map((deg) => {
    const r = ray(deg)
    return rough(random, hub, tilt(random, [-r[1], r[0], 0], 0.06), 0.4)
  })
  const flipped = (w: Wall): Wall =>
    wallAt(w.point, [-w.normal[0], -w.normal[1], -w.normal[2]], 0, w.waveLengthMm, w.phase)
  const gap = gapMm(severity) * 0.9
  const pieces = breaks.map((deg, i): Piece => {
    const next = breaks[(i + 1) % breaks.length] + (i + 1 === breaks.length ? 360 : 0)
    const out = ray((deg + next) / 2)
    const far = (next - deg > 180 ? 0.2 : 1) * 3.4 * severity * random.range(0.4, 1)
    // Walls run through the hub; the normal of a break points towards growing angles.
    const from = { ...walls[i], waveMm: 0 }
    return {
      walls: [from, flipped(walls[(i + 1) % breaks.length])],
      any: next - deg > 180,
      box: EVERYWHERE,
      home: home(hub, [out[0] * far, out[1] * far, 0], 0, 0, random.normal() * 2.5 * severity * DEG),
      gapMm: gap,
      fracture,
    }
  })
  const first = ray(breaks[0])
  return { ...REST, pieces, shattered: true, centre: [first[0] * 20, hub[1] + first[1] * 19, 0] }
}

/** One arch of C1 alone: behind the lateral masses on one or both sides, or in front beside the middle. */
function arch({ marks, severity, side, fracture, random }: Break): Lesion {
  const [px] = marks.pillar
  const y = marks.junction[1]
  const front = random.chance(0.3)
  const both = !front && random.chance(0.55)
  const at = (s: number): Vec3 =>
    front
      ? [s * px * random.range(0.2, 0.5), -11, random.range(-1, 1)]
      : marks.arch
        ? [s * marks.arch[0], marks.arch[1] + random.range(-1.5, 1.5), marks.arch[2]]
        : [s * px * random.range(0.85, 1), y * random.range(0.42, 0.6), 0]
  const gap = partedMm(severity)
  const cracks = (both ? [side, -side] : [side]).map((s): Fissure => {
    const centre = at(s)
    const direction: Vec3 = front ? [1, 0.35 * s, 0] : [0.25 * s, 1, 0]
    return {
      wall: rough(random, centre, tilt(random, direction, 0.25), 0.4),
      centre,
      radii: [9, 9, 12],
      gapMm: gap,
      fracture,
    }
  })
  return { ...REST, fissures: cracks, centre: cracks[0].centre }
}

/** A corner or a side of C2's body below the dens: a coronal or an oblique sagittal break down to the end plate. */
function axisBody({ marks, severity, side, fracture, random }: Break): Lesion {
  const { width, depth, height } = marks
  const coronal = random.chance(0.4)
  const centre: Vec3 = coronal
    ? [0, depth * random.range(0.05, 0.25), -height * 0.1]
    : [side * width * random.range(0.3, 0.5), 0, -height * 0.05]
  const direction: Vec3 = coronal ? [0, 1, 0.35] : [side, 0.25, 0.45]
  return {
    ...REST,
    fissures: [
      {
        wall: rough(random, centre, tilt(random, direction, 0.2), 0.6),
        centre: [centre[0], centre[1], centre[2] - random.range(0, 3)],
        radii: coronal ? [width * 0.75, 12, 14] : [12, depth * 0.8, 14],
        gapMm: crackMm(severity) * 1.1,
        fracture,
      },
    ],
    centre,
  }
}

/** Extension teardrop: a small piece, taller than deep, pulled off the lower front corner; the body stays whole. */
function extensionTeardrop({ marks, severity, side, fracture, random }: Break): Lesion {
  const { width } = marks
  const deep = random.range(2.2, 3.4)
  const tall = deep * random.range(1.3, 2.2)
  const [, cornerY, cornerZ] = cornerOf(marks)
  const centre: Vec3 = [side * width * random.range(0, 0.1), cornerY + deep * 0.5, cornerZ + tall * 0.35]
  return {
    ...REST,
    pieces: [
      {
        walls: [
          rough(
            random,
            centre,
            tilt(random, [0, -tall, -deep * 1.2].map((v) => v / tall) as unknown as Vec3, 0.1),
            0.3,
          ),
        ],
        any: false,
        box: {
          min: [centre[0] - width * 0.4, cornerY - 8, cornerZ - 8],
          max: [centre[0] + width * 0.4, cornerY + deep + 5, cornerZ + tall + 2],
        },
        home: home(centre, [0, -1.6 * severity, -1.6 * severity], -10 * severity * DEG),
        gapMm: gapMm(severity) * 0.9,
        fracture,
      },
    ],
    centre,
  }
}

/** Sagittal crack through a lateral mass of C1, or a break through an articular pillar. */
function facet({ marks, severity, side, fracture, random }: Break): Lesion {
  const [px, py, pz] = marks.pillar
  const centre: Vec3 = [side * px, py, pz]
  if (marks.facet < 0 || random.chance(0.35)) {
    const direction: Vec3 = marks.facet < 0 ? [1, 0.2, 0] : random.chance(0.5) ? [1, 0, 0.2] : [0, 0.25, 1]
    return {
      ...REST,
      fissures: [
        {
          wall: rough(random, centre, tilt(random, direction)),
          // It opens towards one end.
          centre: [
            centre[0],
            centre[1] + random.sign() * random.range(0, 7),
            centre[2] + random.range(-6, 6),
          ],
          radii: [13, 15, 17],
          gapMm: partedMm(severity),
          fracture,
        },
      ],
      centre,
    }
  }
  const upper = random.chance(0.7) ? 1 : -1
  const at: Vec3 = [centre[0], centre[1] - upper * 2.5, centre[2] + upper * random.range(2, 5)]
  const f = marks.facet
  const direction = tilt(random, [side * 0.15, -Math.sin(f) * 0.3 * upper, upper], 0.2)
  return {
    ...REST,
    pieces: [
      {
        walls: [rough(random, at, direction)],
        any: false,
        box: {
          min: [centre[0] - 8, centre[1] - 8.5, centre[2] - 18],
          max: [centre[0] + 8, centre[1] + 9, centre[2] + 18],
        },
        home: home(
          at,
          [side * 2 * severity, -upper * 4 * severity, upper * 1.4 * severity],
          random.normal() * 8 * severity * DEG,
        ),
        gapMm: gapMm(severity),
        fracture,
      },
    ],
    centre: at,
  }
}

/** Hangman: both partes interarticulares of C2 break, the body leaves its arch. */
function pars({ severity, fracture, random }: Break): Lesion {
  const x = random.range(15.5, 17.5)
  const y = random.range(5.5, 9)
  const wall = (s: number) =>
    rough(random, [s * x, y + random.normal(), -1], [s * 0.5, 0.85, -0.3 + 0.15 * random.normal()])
  return {
    ...REST,
    pieces: [
      {
        walls: [wall(1), wall(-1)],
        any: true,
        box: { min: [-26, 2, -40], max: [26, 70, 20] },
        home: home(
          [0, 20, 0],
          [0, 3.4 * severity * random.range(0.3, 1), 0],
          random.normal() * 3 * severity * DEG,
        ),
        gapMm: gapMm(severity),
        fracture,
      },
    ],
    centre: [random.sign() * x, y, -1],
  }
}

function compression({ marks, severity, fracture, random }: Break): Lesion {
  const { width, depth, height } = marks
  const front = height * (0.14 + 0.36 * severity)
  const back = front * random.range(0, 0.2)
  const shape = { width, depth, height }
  const zone: Vec3 = [0, -depth * 0.2, height / 2 - front - 3]
  return {
    ...REST,
    crushes: [
      {
        ...shape,
        lossFrontMm: front,
        lossBackMm: back,
        bulgeMm: 0.6 + 1.6 * severity,
        bandHu: random.range(150, 420),
        wall: rough(random, [0, 0, 0], [0, 0, 1], 0.5),
        fracture,
      },
    ],
    fissures: [
      {
        wall: rough(random, zone, tilt(random, [0, 0, 1], 0.15)),
        centre: [0, -depth / 2, zone[2]],
        radii: [width * 0.6, random.range(4, 9), 6],
        gapMm: crackMm(severity) * 0.8,
        fracture,
      },
    ],
    centre: zone,
    wedgeDeg: (Math.atan2(front - back, depth) / DEG) * 0.7,
    lossMm: back,
  }
}

function burst({ marks, severity, side, fracture, random }: Break): Lesion {
  const { width, depth, height } = marks
  const front = height * (0.1 + 0.3 * severity)
  const back = front * random.range(0.35, 0.8)
  const gap = crackMm(severity)
  const edge: Vec3 = [random.normal() * 1.5, depth / 2 - random.range(4, 6), random.range(-1, 2)]
  return {
    ...REST,
    crushes: [
      {
        width,
        depth,
        height,
        lossFrontMm: front,
        lossBackMm: back,
        bulgeMm: 0.8 + 1.8 * severity,
        bandHu: random.range(120, 350),
        wall: rough(random, [0, 0, 0], [0, 0, 1], 0.6),
        fracture,
      },
    ],
    pieces: [
      {
        walls: [
          rough(random, edge, tilt(random, [0, 0.85, 0.4], 0.15)),
          rough(random, [-width * random.range(0.22, 0.36), 0, 0], [1, 0.25 * random.normal(), 0.1]),
          rough(random, [width * random.range(0.22, 0.36), 0, 0], [-1, 0.25 * random.normal(), 0.1]),
        ],
        any: false,
        box: { min: [-width, -depth, -height], max: [width, depth / 2 + 3, height] },
        home: home(edge, [0, 1 + 3.6 * severity * random.range(0.5, 1), 0], 9 * severity * DEG),
        gapMm: gap * 0.8,
        fracture,
      },
    ],
    fissures: [
      {
        wall: rough(random, [side * 1.5, 0, 0], tilt(random, [1, 0.15, 0], 0.15), 0.7),
        centre: [0, 0, 0],
        radii: [width, depth * 0.75, height * 0.9],
        gapMm: gap * 1.1,
        fracture,
      },
      {
        wall: rough(random, [0, -2, -1], tilt(random, [0, 0.5, 1], 0.3), 0.7),
        centre: [0, -depth * 0.25, 0],
        radii: [width * 0.6, depth * 0.5, height * 0.6],
        gapMm: gap * 0.6,
        fracture,
      },
    ],
    centre: [0, 0, 0],
    wedgeDeg: (Math.atan2(front - back, depth) / DEG) * 0.7,
    lossMm: back,
  }
}

/** Flexion teardrop: the lower front corner comes off, often with a split through the body. */
function teardrop({ marks, severity, side, fracture, random }: Break): Lesion {
  const { width, depth, height } = marks
  const size = random.range(3.5, 6.5)
  const [, cornerY, cornerZ] = cornerOf(marks)
  const centre: Vec3 = [0, cornerY + size * 0.55, cornerZ + size * 0.45]
  const gap = gapMm(severity)
  const split: Fissure = {
    wall: rough(random, [side * 2, 0, 0], tilt(random, [1, 0.1, 0], 0.12)),
    centre: [0, 0, 0],
    radii: [width, depth * 0.8, height],
    gapMm: crackMm(severity) * 0.8,
    fracture,
  }
  return {
    ...REST,
    pieces: [
      {
        walls: [rough(random, centre, tilt(random, [0, -0.75, -0.6], 0.12))],
        any: false,
        box: { min: [-width / 2 - 3, -depth, cornerZ - 8], max: [width / 2 + 3, 2, height / 2 - 1] },
        home: home(centre, [0, -2.8 * severity, -1.4 * severity], 12 * severity * DEG),
        gapMm: gap,
        fracture,
      },
    ],
    fissures: random.chance(0.4) ? [split] : [],
    centre,
  }
}

function lamina({ marks, severity, side, fracture, random }: Break): Lesion {
  const f = random.range(0.3, 0.75)
  const from: Vec3 = [side * (marks.pillar[0] - 2), marks.pillar[1] + 4, marks.pillar[2] - 1]
  const to = marks.junction
  const centre: Vec3 = [
    from[0] + f * (to[0] - from[0]),
    from[1] + f * (to[1] - from[1]),
    from[2] + f * (to[2] - from[2]),
  ]
  const direction = tilt(
    random,
    [to[0] - from[0], to[1] - from[1], 0].map((v) => v / 20) as unknown as Vec3,
    0.2,
  )
  return {
    ...REST,
    fissures: [
      {
        wall: rough(random, centre, direction),
        // It opens towards the canal or away from it.
        centre: [centre[0], centre[1] + random.range(-3, 3), centre[2] + random.range(-4, 4)],
        radii: [10, 10, 15],
        gapMm: partedMm(severity),
        fracture,
      },
    ],
    centre,
  }
}

function spinous({ marks, severity, fracture, random }: Break): Lesion {
  const f = random.range(0.25, 0.7)
  const a = marks.junction
  const b = marks.spinousTip
  const centre: Vec3 = [0, a[1] + f * (b[1] - a[1]), a[2] + f * (b[2] - a[2])]
  const direction = tilt(random, [0, (b[1] - a[1]) / 20, (b[2] - a[2]) / 20], 0.15)
  return {
    ...REST,
    pieces: [
      {
        walls: [rough(random, centre, direction)],
        any: false,
        box: { min: [-12, a[1] + 1, -60], max: [12, 99, 30] },
        home: home(
          centre,
          [random.normal() * severity, 1.4 * severity, -4.5 * severity * random.range(0.4, 1)],
          -8 * severity * DEG,
        ),
        gapMm: gapMm(severity),
        fracture,
      },
    ],
    centre,
  }
}

function transverse({ marks, severity, side, fracture, random }: Break): Lesion {
  const [tx, ty, tz] = marks.transverseTip
  const centre: Vec3 = [side * tx * random.range(0.72, 0.86), ty, tz]
  const low = side > 0 ? tx * 0.55 : -99
  const high = side > 0 ? 99 : -tx * 0.55
  return {
    ...REST,
    pieces: [
      {
        walls: [rough(random, centre, tilt(random, [side, 0, 0], 0.3))],
        any: false,
        box: { min: [low, -30, -30], max: [high, marks.facet < 0 ? 40 : marks.pillar[1] - 6, 30] },
        home: home(
          centre,
          [side * 1.6 * severity, random.normal() * severity, -2.2 * severity],
          0,
          side * 8 * severity * DEG,
        ),
        gapMm: gapMm(severity),
        fracture,
      },
    ],
    centre,
  }
}

const BREAKS: Readonly<Record<FractureType, (b: Break) => Lesion>> = {
  'dens-ii': dens,
  'dens-iii': densBase,
  'c1-ring': ring,
  'c1-arch': arch,
  'c2-pars': pars,
  'c2-body': axisBody,
  'extension-teardrop': extensionTeardrop,
  compression,
  burst,
  teardrop,
  facet,
  lamina,
  spinous,
  transverse,
}

export const breakBone = (type: FractureType, b: Break): Lesion => BREAKS[type](b)

/** Where a point of the part's frame lies in the patient. */
export const locate = (pose: Mat4, p: Vec3): Vec3 => transform(pose, p)
