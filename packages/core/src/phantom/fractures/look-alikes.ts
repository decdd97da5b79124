import type { Vec3 } from '../../volume/geometry.ts'
import { browOf, type Landmarks, neckOf } from '../anatomy/landmarks.ts'
import { add, carve, chain, ellipsoid, rod, type Shape, type Stroke, stretched } from '../anatomy/shapes.ts'
import type { PlannedLookAlike } from '../plan.ts'
import type { Random } from '../random.ts'
import { home } from './catalogue.ts'
import { type Band, type Hollow, type Piece, slit, wallAt } from './injury.ts'

/** What a look-alike does to one vertebra, in the vertebra's frame. */
export type Change = {
  /** Bone added or taken before the scan; taken bone has a cortex like any other surface. */
  readonly strokes: readonly Stroke[]
  readonly hollows: readonly Hollow[]
  readonly bands: readonly Band[]
  readonly gas: readonly Shape[]
  readonly pieces: readonly Piece[]
}

/** A look-alike as it was put into the patient. */
export type Mimic = {
  readonly own: Change
  /** What it does to the next vertebra below. */
  readonly below: Change
  /** Ellipsoid that holds what one sees of it, in the vertebra's frame, mm. */
  readonly centre: Vec3
  readonly radii: Vec3
  /** Height that the disc below has lost, mm. */
  readonly lossMm: number
}

type Setting = {
  readonly marks: Landmarks
  readonly below: Landmarks
  /** From the centre of the vertebra below up to this one's, in this one's frame, at rest, mm. */
  readonly stepMm: Vec3
  /** 0 hardly visible .. 1 conspicuous. */
  readonly severity: number
  readonly side: 1 | -1
  readonly random: Random
}

type Sketch = Partial<Change> & {
  readonly centre: Vec3
  readonly radii: Vec3
  readonly below?: Partial<Change>
  readonly lossMm?: number
}

const NONE: Change = { strokes: [], hollows: [], bands: [], gas: [], pieces: [] }

const plane = (random: Random, point: Vec3, direction: Vec3, waveMm = 0.15) =>
  wallAt(point, direction, waveMm, random.range(10, 20), random.range(0, 6.28))

/** A vein's channel: smooth, tapering, blind; it never crosses from cortex to cortex. */
function vascularChannel({ marks, severity, side, random }: Setting): Sketch {
  const [px, py, pz] = marks.pillar
  const [, jy, jz] = marks.junction
  const spots: Vec3[] = [
    [side * px, py, pz],
    marks.facet < 0 ? [side * px * 0.84, jy * 0.74, jz] : [side * px * 0.5, (py + 4 + jy) / 2, jz],
  ]
  if (marks.facet >= 0)
    spots.push(
      [side * marks.width * 0.22, -marks.depth * 0.2, random.range(-3, 3)],
      [side * (marks.width / 2 + 1), marks.depth / 2, 0],
    )
  const centre = random.pick(spots)
  const length = 3 + 5 * severity
  const d: Vec3 = [random.normal(), random.normal(), 0.4 * random.normal()]
  const n = length / Math.max(0.3, Math.hypot(...d))
  const bow = random.normal() * 0.8
  const at = (t: number): Vec3 => [
    centre[0] + n * t * d[0] + bow * t * (1 - t),
    centre[1] + n * t * d[1] - bow * t * (1 - t),
    centre[2] + n * t * d[2],
  ]
  const radius = 0.4 + 0.5 * severity
  return {
    hollows: [
      {
        shape: chain([at(0), at(0.5), at(1)], [radius * 0.35, radius * 0.8, radius]),
        corticated: false,
        rimHu: random.range(60, 180),
      },
    ],
    centre: at(0.5),
    radii: [Math.abs(n * d[0]) / 2 + 2, Math.abs(n * d[1]) / 2 + 2, Math.abs(n * d[2]) / 2 + 2],
  }
}

/** The basivertebral vein: a cleft in the middle of the rear wall that forks towards the body's centre. */
function basivertebralVein({ marks, severity, random }: Setting): Sketch {
  const { depth } = marks
  const radius = 0.6 + 0.9 * severity
  const reach = depth * random.range(0.05, 0.25)
  const z = random.normal() * 0.6
  const stem: Vec3 = [0, depth / 2 - 2.5, z]
  const limbs = random.chance(0.6) ? [-1, 1] : [0]
  return {
    hollows: limbs.map((s) => ({
      shape: stretched(
        chain(
          [[s * 0.6, depth / 2 + 1.5, z], stem, [s * random.range(2, 4), reach, z + random.normal() * 0.4]],
          [radius * 1.3, radius, radius * 0.35],
        ),
        stem,
        [1, 1, 0.75],
      ),
      corticated: false,
      rimHu: random.range(80, 220),
    })),
    centre: [0, (depth / 2 + reach) / 2, z],
    radii: [5, (depth / 2 - reach) / 2 + 2, 3],
  }
}

/** A nutrient artery's hole: round, straight, dense-walled, through one cortex only. */
function nutrientForamen({ marks, severity, side, random }: Setting): Sketch {
  const { depth, width } = marks
  const radius = 0.5 + 0.5 * severity
  const [from, to]: [Vec3, Vec3] =
    marks.facet < 0
      ? [
          [side * marks.pillar[0], marks.pillar[1] - 11, marks.pillar[2]],
          [side * (marks.pillar[0] - 1), marks.pillar[1] - 3, marks.pillar[2]],
        ]
      : [
          [side * width * 0.2, -depth / 2 - 2, random.range(-2, 2)],
          [side * width * 0.08, -depth * random.range(0, 0.2), random.range(-2, 2)],
        ]
  return {
    hollows: [
      { shape: rod(from, to, radius, radius * 0.6), corticated: false, rimHu: random.range(150, 350) },
    ],
    centre: [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2, (from[2] + to[2]) / 2],
    radii: [3.5, Math.abs(to[1] - from[1]) / 2 + 1, 3],
  }
}

/** A beak from the front edge of an end plate that curves along the disc. */
function anteriorOsteophyte({ marks, severity, side, random }: Setting): Sketch {
  const { width, depth, height } = marks
  const lower = marks.height > 17 || random.chance(0.7) ? -1 : 1
  const size = 0.9 + 5.2 * severity
  const edge: Vec3 = [side * width * random.range(0, 0.22), -depth / 2 + 1, lower * (height / 2 - 1)]
  const tip: Vec3 = [
    edge[0] + random.normal(),
    edge[1] - size * 1.05,
    edge[2] + lower * size * random.range(0.35, 0.9),
  ]
  const wide = random.range(1.5, 2.8)
  return {
    strokes: [
      add(
        stretched(
          chain([edge, [edge[0], edge[1] - size * 0.7, edge[2] + lower * 0.3], tip], [2.6, 1.9, 0.9]),
          edge,
          [wide, 1, 1],
        ),
        1.5,
      ),
    ],
    centre: [edge[0], edge[1] - size * 0.5, edge[2] + (lower * size) / 4],
    radii: [3 * wide, size + 1.5, size * 0.7 + 2.5],
  }
}

/** A spur of the uncinate process into the foramen, with a dense base. */
function uncinateOsteophyte({ marks, severity, side, random }: Setting): Sketch {
  const { width, depth, height } = marks
  const size = 1.3 + 2 * severity
  const base: Vec3 = [side * (width / 2 - 1.5), depth * random.range(0.05, 0.3), height / 2 + 0.5]
  const tip: Vec3 = [base[0] + side * size * 1.2, base[1] + size * 0.9, base[2] + size * 0.8]
  return {
    strokes: [add(stretched(rod(base, tip, 2.4, 1), base, [1, 1.5, 1]), 1.5)],
    bands: [{ shape: ellipsoid(base, [2, 3, 1.5]), hu: random.range(100, 350), widthMm: 2 }],
    centre: [(base[0] + tip[0]) / 2, (base[1] + tip[1]) / 2, (base[2] + tip[2]) / 2],
    radii: [size + 2.5, size + 3, size + 2.5],
  }
}

/** Flowing bone before the body and the disc below, a thin dark line between it and the body. */
function anteriorLigament({ marks, severity, random }: Setting): Sketch {
  const { width, depth, height } = marks
  const thick = 1.2 + 1.4 * severity
  const y = -depth / 2 - thick - random.range(0.4, 1)
  const top = height * random.range(0.1, 0.45)
  const end = -height / 2 - random.range(2, 7)
  const wide = random.range(1.8, Math.max(2.2, width / 7))
  return {
    strokes: [
      add(
        stretched(
          chain(
            [
              [0, y, top],
              [0, y + 0.5, -height * 0.1],
              [0, y - 0.6, -height / 2],
              [0, y + 0.2, end],
            ],
            [thick * 0.5, thick, thick * 1.1, thick * 0.6],
          ),
          [0, y, 0],
          [wide, 1, 1],
        ),
        0.2,
      ),
    ],
    centre: [0, y, (top + end) / 2],
    radii: [thick * wide + 1, thick + 2, (top - end) / 2 + 2],
  }
}

/** A plaque of bone behind the body, in the canal. */
function posteriorLigament({ marks, severity, side, random }: Setting): Sketch {
  const { depth, height } = marks
  const thick = 0.9 + 1.1 * severity
  const y = depth / 2 + thick + random.range(0.1, 0.8)
  const x = side * random.range(0, 3)
  const half = height * random.range(0.3, 0.6)
  return {
    strokes: [
      add(stretched(rod([x, y, half], [x, y, -half], thick), [x, y, 0], [random.range(1.6, 3), 1, 1]), 0.2),
    ],
    centre: [x, y, 0],
    radii: [thick * 3 + 1, thick + 1.5, half + 2.5],
  }
}

/** An ossicle in the nuchal ligament: rounded, corticated, apart from a whole spinous process. */
function nuchalOssicle({ marks, severity, random }: Setting): Sketch {
  const [x, y, z] = marks.spinousTip
  const long = 1.2 + 4 * severity
  const deep = 0.9 + 2.4 * severity
  const centre: Vec3 = [
    x + random.normal() * 0.7,
    y + 2.5 + deep + random.range(1.5, 5),
    z + random.range(-3, 2),
  ]
  return {
    strokes: [
      add(ellipsoid(centre, [1.5 + severity, deep, long]), 0.1),
      add(
        ellipsoid([centre[0], centre[1] - deep * 0.3, centre[2] - long * 0.5], [1.5, deep * 0.9, long * 0.7]),
        0.8,
      ),
    ],
    centre,
    radii: [4, deep + 1.5, long + 2],
  }
}

/** A corner that never fused: triangular, its gap wide and smooth between two cortices, the body deep to match. */
function limbusVertebra({ marks, severity, random }: Setting): Sketch {
  const { width } = marks
  const size = 2.6 + 2 * severity
  const [, browY, browZ] = browOf(marks)
  const centre: Vec3 = [random.normal(), browY + size * 0.5, browZ - size * 0.4]
  const wall = plane(random, centre, [0.1 * random.normal(), -0.7, 0.7], 0.25)
  return {
    hollows: [
      {
        shape: slit(wall, centre, [width * 0.42, size + 4, size + 4], 2 + severity),
        corticated: true,
        rimHu: random.range(0, 150),
      },
    ],
    centre,
    radii: [width * 0.42, size + 2, size + 2],
  }
}

/** An old fracture: a dense line where it was, a smooth step in the outline, no gap. */
function healedLine({ marks, severity, side, random }: Setting): Sketch {
  const { depth, height } = marks
  const hu = 90 + 450 * severity
  const widthMm = random.range(0.6, 1.1)
  const [a, b] = [marks.junction, marks.spinousTip]
  const kind = marks.facet < 0 ? 'mass' : random.pick(['corner', 'spinous', 'mass'], [3, 2, 2])
  if (kind === 'mass') {
    const centre: Vec3 = [side * marks.pillar[0], marks.pillar[1], marks.pillar[2]]
    const wall = plane(random, centre, [random.normal() * 0.3, 0.3 * random.normal(), 1], 0.3)
    return {
      bands: [{ shape: slit(wall, centre, [9, 9, 9], 0), hu, widthMm }],
      centre,
      radii: [8, 8, 4.5],
    }
  }
  const f = random.range(0.35, 0.7)
  const spinous = kind === 'spinous'
  const centre: Vec3 = spinous
    ? [0, a[1] + f * (b[1] - a[1]), a[2] + f * (b[2] - a[2])]
    : [0, -depth * 0.2, height * random.range(0.1, 0.25) * (marks.height > 17 ? -1 : 1)]
  const wall = plane(
    random,
    centre,
    spinous ? [0.1 * random.normal(), 1, 0.3 * random.normal()] : [0, -0.45, 1],
    0.4,
  )
  const step = 0.2 + 1.8 * severity
  return {
    bands: [{ shape: slit(wall, centre, spinous ? [7, 7, 9] : [14, depth * 0.6, 9], 0), hu, widthMm }],
    pieces: [
      {
        walls: [wall],
        any: false,
        box: spinous
          ? { min: [-12, a[1] + 1, -60], max: [12, 99, 30] }
          : { min: [-marks.width, -depth, -height / 2 - 4], max: [marks.width, depth * 0.1, height] },
        home: home(centre, spinous ? [0, 0, -step] : [0, -step, -0.3 * step]),
        // Less than no gap: the two faces have grown into each other.
        gapMm: -1.6,
        fracture: -1,
      },
    ],
    centre,
    radii: spinous ? [5, 4.5, 8] : [marks.width / 2, depth * 0.55, 5],
  }
}

/** C1's ring not closed: rounded, corticated ends; behind in four of a hundred people, in front in one of a thousand. */
function atlasCleft({ marks, severity, side, random }: Setting): Sketch {
  const front = random.chance(0.12)
  const [x, y, z] = marks.junction
  const centre: Vec3 = front ? [0, -12, 0] : [x + side * random.range(0, 3), y, z]
  const gap = 1.4 + (front ? 1.5 : 4) * severity ** 1.5
  const wall = plane(random, centre, [1, 0.15 * random.normal(), 0.25 * random.normal()], 0.2)
  return {
    hollows: [{ shape: slit(wall, centre, [9, 11, 13], gap), corticated: true, rimHu: random.range(0, 120) }],
    centre,
    radii: [gap / 2 + 2.5, 5, 6.5],
  }
}

/** What is left of the plate between dens and body: a dark disc between two dense plates that reaches no surface. */
function densSynchondrosis({ severity, random }: Setting): Sketch {
  const z = random.range(3.5, 7)
  const centre: Vec3 = [0, random.range(-0.5, 0.8), z]
  const radii: Vec3 = [3 + 2 * severity, 2.6 + 1.6 * severity, 2]
  const wall = plane(random, centre, [0.06 * random.normal(), 0.1 * random.normal(), 1], 0.2)
  return {
    hollows: [
      {
        shape: slit(wall, centre, radii, 0.5 + 0.9 * severity),
        corticated: false,
        rimHu: random.range(200, 450),
      },
    ],
    bands: [{ shape: slit(wall, centre, [7, 6, 3], 0), hu: random.range(80, 200), widthMm: 1.6 }],
    centre,
    radii: [8, 7, 4],
  }
}

/** Scars of the plates between body and arch: symmetric, thin, dense-edged. */
function neurocentral({ marks, severity, random }: Setting): Sketch {
  const { width, depth } = marks
  const at = (s: number): Vec3 => [s * width * 0.34, depth * 0.24, -0.5]
  const lines = [1, -1].map((s) => ({
    wall: plane(random, at(s), [s * 0.75, 0.65, 0.1 * random.normal()], 0.25),
    centre: at(s),
  }))
  return {
    hollows: lines.map(({ wall, centre }) => ({
      shape: slit(wall, centre, [3.6, 3.6, 3.6], 0.3 + 0.5 * severity),
      corticated: false,
      rimHu: random.range(150, 300),
    })),
    centre: [0, depth * 0.24, -0.5],
    radii: [width * 0.34 + 4, 4.5, 4.5],
  }
}

/** The dens as an ossicle of its own: small, round, corticated, well above a rounded stump. */
function osOdontoideum({ marks, severity, random }: Setting): Sketch {
  const [x, y, neckZ] = neckOf(marks)
  const z = neckZ + random.range(-1, 1.5)
  const half = 1.3 + 1.6 * severity
  return {
    strokes: [
      carve(ellipsoid([x, y, z], [9.5, 9.5, half]), 1.8),
      // The ossicle's tip and the stump's shoulders are worn round.
      carve(rod([x - 5, y + 7, z + half], [x + 5, y + 7, z + half], 1.6), 2),
      carve(rod([x - 5, y - 7.2, z - half], [x + 5, y - 7.2, z - half], 1.4), 2),
    ],
    centre: [x, y, z],
    radii: [7, 7, half + 2.5],
  }
}

/** A worn disc: narrow, gas in its clefts, dense end plates and lips on both sides. */
function discVacuum({ marks, below, stepMm, severity, side, random }: Setting): Sketch {
  const { width, depth, height } = marks
  const [, dy, dz] = stepMm
  const discMm = dz - (height + below.height) / 2
  const lossMm = Math.min(0.6 + 1.4 * severity, Math.max(0.3, discMm - 1.8))
  // Amid the disc: the two end plates' middles are half a disc away. Bone of either side covers gas that reaches it.
  const y = -dy / 2
  const z = -height / 2 - (discMm - lossMm) / 2
  const spread = 0.05 + 0.27 * severity
  const sclerosis = (m: Landmarks, s: 1 | -1): Band => ({
    shape: ellipsoid(
      [side * m.width * 0.12, random.range(-2, 1), (s * m.height) / 2],
      [m.width * 0.33, m.depth * 0.36, 0.9],
    ),
    hu: random.range(120, 420),
    widthMm: 1 + 1.6 * severity,
  })
  const clefts = random.chance(0.4) ? 2 : 1
  return {
    gas: Array.from({ length: clefts }, (_, i) =>
      ellipsoid(
        [side * (i ? -1 : 1) * width * random.range(0, 0.2), y + random.normal() * 1.5, z],
        [
          width * spread * random.range(0.9, 1.2),
          depth * spread * random.range(0.9, 1.3),
          0.8 + 1.1 * severity,
        ],
      ),
    ),
    bands: [sclerosis(marks, -1)],
    strokes: [add(ellipsoid([0, -depth / 2 - 0.4, -height / 2], [width * 0.3, 1.6 + severity, 1.6]), 1.5)],
    below: {
      bands: [sclerosis(below, 1)],
      strokes: [
        add(
          ellipsoid([0, -below.depth / 2 - 0.2, below.height / 2 - 0.6], [width * 0.28, 1.4 + severity, 1.5]),
          1.5,
        ),
      ],
    },
    centre: [0, y, z],
    radii: [width * 0.5, depth * 0.5 + 1, 6],
    lossMm,
  }
}

/** A disc that sank into an end plate: round, smooth, with a dense rim. */
function schmorlNode({ marks, severity, random }: Setting): Sketch {
  const { width, depth, height } = marks
  const s = marks.height > 17 ? -1 : random.sign()
  const r = 1.6 + 1.8 * severity
  const centre: Vec3 = [
    random.range(-0.2, 0.2) * width,
    random.range(-0.15, 0.25) * depth,
    // End plates are hollow, the lower one more.
    s * (height / 2 - 0.3 * r - (s < 0 ? 1 : 0.4)),
  ]
  const rimHu = random.range(60, 220)
  const lobe = (at: Vec3, size: number): Hollow => ({
    shape: ellipsoid(at, [
      size * random.range(1, 1.5),
      size * random.range(0.9, 1.4),
      size * random.range(0.6, 1),
    ]),
    corticated: true,
    rimHu: rimHu / 2,
  })
  const beside: Vec3 = [
    centre[0] + r * random.range(-0.9, 0.9),
    centre[1] + r * random.range(-0.9, 0.9),
    centre[2] + s * 0.3 * r,
  ]
  return {
    hollows: [lobe(centre, r), lobe(beside, 0.75 * r)],
    centre,
    radii: [r + 2, r + 2, r + 1.5],
  }
}

const SKETCHES: Readonly<Record<PlannedLookAlike['type'], (s: Setting) => Sketch>> = {
  'vascular-channel': vascularChannel,
  'basivertebral-vein': basivertebralVein,
  'nutrient-foramen': nutrientForamen,
  'anterior-osteophyte': anteriorOsteophyte,
  'uncinate-osteophyte': uncinateOsteophyte,
  'ossified-anterior-ligament': anteriorLigament,
  'ossified-posterior-ligament': posteriorLigament,
  'nuchal-ossicle': nuchalOssicle,
  'limbus-vertebra': limbusVertebra,
  'healed-line': healedLine,
  'atlas-cleft': atlasCleft,
  'dens-synchondrosis': densSynchondrosis,
  'neurocentral-synchondrosis': neurocentral,
  'os-odontoideum': osOdontoideum,
  'disc-vacuum': discVacuum,
  'schmorl-node': schmorlNode,
}

/** The geometry of one look-alike, in the frame of its vertebra. */
export function mimic(type: PlannedLookAlike['type'], setting: Setting): Mimic {
  const { centre, radii, below, lossMm = 0, ...own } = SKETCHES[type](setting)
  return { own: { ...NONE, ...own }, below: { ...NONE, ...below }, centre, radii, lossMm }
}
