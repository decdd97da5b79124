import type { Vec3 } from '../../volume/geometry.ts'
import { rod, type Shape } from '../anatomy/shapes.ts'
import type { Spine } from '../anatomy/spine.ts'
import type { Random } from '../random.ts'

/** Level of the spine (3.5 is the disc C3/4), mm aside and mm behind the centres of the bodies. */
type Station = readonly [level: number, x: number, y: number]

/**
 * One muscle of the left side: a sheet of strands between two edges (one edge: a cord), of this radius at
 * its upper and its lower end, mm. */
type Muscle = {
  readonly edge: readonly Station[]
  readonly other?: readonly Station[]
  readonly radius: readonly [upper: number, lower: number]
}

/**
 * Muscles around the spine, after cross-sections at C1, C3, C6 and T2 in anatomy atlases. Radii are generous: the
 * muscles press against each other, and where two meet lies a plane of fat.
 */
const MUSCLES: Readonly<Record<string, Muscle>> = {
  multifidus: {
    edge: [
      [2.2, 8, 30],
      [5, 9, 31],
      [8, 10, 32],
      [13, 11, 30],
      [19, 13, 30],
    ],
    radius: [8.5, 10.5],
  },
  'semispinalis capitis': {
    edge: [
      [0.3, 8, 44],
      [3, 8, 46],
      [6, 9, 50],
      [9, 10, 48],
    ],
    other: [
      [0.3, 22, 42],
      [3, 20, 42],
      [6, 19, 46],
      [9, 24, 42],
    ],
    radius: [7.6, 9.5],
  },
  splenius: {
    edge: [
      [0.2, 38, 32],
      [3, 22, 53],
      [5.5, 10, 60],
      [9, 8, 60],
    ],
    other: [
      [0.2, 46, 20],
      [3, 34, 40],
      [5.5, 26, 52],
      [9, 16, 54],
    ],
    radius: [5, 6.5],
  },
  longissimus: {
    edge: [
      [0.4, 42, 14],
      [3, 30, 27],
      [6, 27, 30],
      [9, 28, 34],
      [14, 32, 34],
      [19, 32, 34],
    ],
    radius: [7.2, 10],
  },
  trapezius: {
    edge: [
      [0.2, 6, 62],
      [3, 5, 63],
      [5.6, 5, 65],
      [8.6, 6, 66],
      [13, 6, 54],
    ],
    other: [
      [0.2, 20, 58],
      [3, 34, 52],
      [5.6, 64, 46],
      [7.6, 108, 34],
      [13, 50, 54],
    ],
    radius: [5.4, 7.5],
  },
  'levator scapulae': {
    edge: [
      [1, 36, 10],
      [4, 41, 20],
      [7, 50, 34],
      [9, 70, 44],
    ],
    other: [
      [1, 38, 16],
      [4, 42, 30],
      [7, 54, 42],
      [9, 80, 46],
    ],
    radius: [7, 9.5],
  },
  'obliquus capitis inferior': {
    edge: [
      [0.9, 36, 10],
      [1.6, 22, 25],
      [2.2, 8, 36],
    ],
    radius: [7, 7],
  },
  'rectus capitis posterior': {
    edge: [
      [-0.4, 16, 36],
      [0.8, 13, 36],
      [2, 7, 38],
    ],
    radius: [6, 6],
  },
  sternocleidomastoid: {
    edge: [
      [0.2, 53, 14],
      [2.5, 54, 4],
      [5, 47, -14],
      [7.5, 28, -43],
      [8.6, 14, -60],
    ],
    other: [
      [0.2, 54, 2],
      [2.5, 48, -16],
      [5, 38, -32],
      [7.5, 20, -50],
      [8.6, 12, -62],
    ],
    radius: [6, 5],
  },
  longus: {
    edge: [
      [0.4, 6, -13],
      [3, 7, -12],
      [6, 8, -12],
      [9.5, 8, -14],
    ],
    other: [
      [0.4, 11, -11],
      [3, 13, -9],
      [6, 12, -10],
      [9.5, 10, -12],
    ],
    radius: [4.6, 4.6],
  },
  'scalenus anterior': {
    edge: [
      [3, 24, -6],
      [5, 27, -8],
      [7.5, 33, -12],
      [8.8, 42, -20],
    ],
    radius: [6.4, 8],
  },
  'scalenus medius': {
    edge: [
      [2, 28, 4],
      [5, 32, 6],
      [7.5, 41, 8],
      [8.8, 52, 6],
    ],
    other: [
      [2, 32, 12],
      [5, 38, 14],
      [7.5, 50, 18],
      [8.8, 60, 14],
    ],
    radius: [6.8, 8.5],
  },
  'infrahyoid straps': {
    edge: [
      [4.3, 6, -53],
      [6, 6, -50],
      [8.5, 8, -60],
    ],
    other: [
      [4.3, 16, -48],
      [6, 20, -44],
      [8.5, 18, -56],
    ],
    radius: [4.2, 4.6],
  },
  rhomboids: {
    edge: [
      [8, 14, 52],
      [13, 16, 46],
      [19, 20, 42],
    ],
    other: [
      [8, 60, 50],
      [13, 66, 42],
      [19, 50, 40],
    ],
    radius: [7, 9.5],
  },
  'pectoralis major': {
    edge: [
      [9, 18, -66],
      [11, 20, -76],
    ],
    other: [
      [8.6, 110, -34],
      [11, 110, -58],
    ],
    radius: [8.5, 10.5],
  },
  'supraspinatus and deltoid': {
    edge: [
      [7.8, 78, 26],
      [12, 90, 30],
    ],
    other: [
      [8.6, 170, 14],
      [12, 176, 14],
    ],
    radius: [16, 16],
  },
  'serratus and subscapularis': {
    edge: [
      [9.2, 78, 18],
      [13, 98, 10],
      [19, 108, 0],
    ],
    other: [
      [9.2, 96, 28],
      [13, 112, 24],
      [19, 112, 20],
    ],
    radius: [11, 11],
  },
}

/** Muscles of both sides, each as its strands. */
export function buildMuscles(spine: Spine, bulk: number, random: Random): Shape[][] {
  return Object.values(MUSCLES).flatMap(({ edge, other = edge, radius }) => {
    const width = Math.max(...edge.map(([, x, y], i) => Math.hypot(x - other[i][1], y - other[i][2])))
    const strands = Math.min(9, 1 + Math.ceil(width / (1.6 * radius[0])))
    return [1, -1].map((side) => {
      const grow = bulk * random.range(1.15, 1.4)
      const last = edge.length - 1
      const r = (i: number) => grow * (radius[0] + (i / last) * (radius[1] - radius[0]))
      return Array.from({ length: strands }, (_, n) => (strands > 1 ? n / (strands - 1) : 0)).flatMap((t) => {
        const points = edge.map(([level, x, y], i): Vec3 => {
          const [otherLevel, ox, oy] = other[i]
          return spine.at(level + t * (otherLevel - level), side * (x + t * (ox - x)), y + t * (oy - y))
        })
        return points.slice(1).map((p, i) => rod(points[i], p, r(i), r(i + 1)))
      })
    })
  })
}
