import type { Random } from '../random.ts'
import { forEachNode, NODES, SHAPE, STEP_MM, smoothField } from './canvas.ts'
import type { Stencil } from './stencil.ts'

/** Where each node of the canvas lies along a bent spine. Lengths are mm of the new neck, but for `stencil`. */
export type Bend = {
  /** To the left of the canal's middle, and behind it. */
  readonly left: Float32Array
  readonly back: Float32Array
  /** Along the canal towards the feet from C1, before the elastic change. */
  readonly down: Float32Array
  /** The arc of the stencil that is drawn here. */
  readonly arc: Float32Array
  /** Size of the neck against the stencil's. */
  readonly size: { readonly x: number; readonly y: number; readonly z: number }
  /** Row and height of C1 on the canvas, mm from its first node. */
  readonly c1: { readonly y: number; readonly z: number }
}

/** Arc that a spine has on any canvas, mm above and below C1. */
const [ABOVE, BELOW] = [140, 330]
const radians = (degrees: number) => (degrees * Math.PI) / 180
const wave = (at: number, phase: number) => Math.sin(2 * Math.PI * (at + phase))

/** A neck of any size, lordosis and tilt, of which the canvas shows the upper end or not. */
export function drawBend(stencil: Stencil, random: Random): Bend {
  const z = random.range(0.82, 1.2)
  const size = { z, y: z * random.range(0.87, 1.15), x: z * random.range(0.88, 1.14) }
  const count = ABOVE + BELOW
  const arcs = Float64Array.from({ length: count }, (_, i) => i - ABOVE)

  const uneven = { mm: random.range(-4, 4), length: random.range(60, 160), phase: random.next() }
  const stencilArc = arcs.map((s) => s / z + uneven.mm * wave(s / z / uneven.length, uneven.phase))

  const own = random.range(0.3, 1.3)
  const [lean, lordosis, sway, phase] = [
    random.range(-14, 16),
    random.range(-25, 25),
    random.range(-8, 8),
    random.next(),
  ]
  const leans = arcs.map((s, i) => {
    const k = Math.max(-0.1, Math.min(1.4, s / 150))
    return own * stencil.lean(stencilArc[i]) + radians(lean + lordosis * (k - 0.5) + sway * wave(k, phase))
  })
  // The head moves as one.
  leans.fill(leans[ABOVE - 5], 0, ABOVE - 5)
  const course = follow(smooth(leans, 6))

  const c1 = {
    y: random.range(98, 138),
    z: random.chance(0.15) ? random.range(-80, 40) : random.range(40, 140),
  }
  const nearest = nearestArcs(course.map(([y, down]) => [y + c1.y, down + c1.z]))
  const side = { mm: random.range(-5, 5), length: random.range(150, 400), phase: random.next() }
  const [turn, roll] = [radians(random.range(-7, 7)), 0.5 * Math.tan(radians(random.range(-6, 6)))]
  const offset = random.range(-4, 4)
  const elastic = random.range(0, 2.5)
  const [dy, dx, ds] = [
    smoothField(random, random.range(25, 60), elastic),
    smoothField(random, random.range(25, 60), elastic),
    smoothField(random, random.range(30, 60), 0.8 * elastic),
  ]
  const repeat = lastStep(stencil)

  const out = () => new Float32Array(NODES)
  const bend = { left: out(), back: out(), down: out(), arc: out(), size, c1 }
  const [, rows, columns] = SHAPE
  forEachNode((n, i, j, k) => {
    const p = k * rows + j
    const s = nearest.arc[p]
    const x = (i - (columns - 1) / 2) * STEP_MM - offset - side.mm * wave(s / side.length, side.phase)
    const y = nearest.back[p]
    bend.down[n] = s
    bend.back[n] = y * Math.cos(turn) - x * Math.sin(turn) + dy[n]
    bend.left[n] = y * Math.sin(turn) + x * Math.cos(turn) + roll * s + dx[n]
    const arc = read(stencilArc, s + ABOVE) + ds[n]
    bend.arc[n] = arc > repeat.from ? repeat.from + ((arc - repeat.from) % repeat.mm) : arc
  })
  return bend
}

/** Below the vertebra before the map's last, that one is repeated: the canvas may show more of the thorax. */
function lastStep({ levelMm }: Stencil): { from: number; mm: number } {
  const from = levelMm[levelMm.length - 3]
  return { from, mm: levelMm[levelMm.length - 2] - from }
}

/** Steps of 1 mm that lean as told, [y, down] of each; C1 at 0. */
function follow(leans: Float64Array): [number, number][] {
  let [y, down] = [0, 0]
  const course = [...leans].map((lean): [number, number] => {
    y += Math.sin(lean)
    down += Math.cos(lean)
    return [y, down]
  })
  const [y0, down0] = course[ABOVE]
  return course.map(([a, b]) => [a - y0, b - down0])
}

/** For each node of the sagittal plane the arc of the nearest place of a course (1 mm a step), and how far behind it. */
function nearestArcs(course: readonly (readonly [y: number, down: number])[]) {
  const [slices, rows] = SHAPE
  const arc = new Float32Array(slices * rows)
  const back = new Float32Array(slices * rows)
  for (let k = 0; k < slices; k++)
    for (let j = 0; j < rows; j++) {
      const [y, down] = [j * STEP_MM, k * STEP_MM]
      let [best, least] = [0, Number.POSITIVE_INFINITY]
      for (let i = 1; i < course.length - 1; i += 3) {
        const d = (course[i][0] - y) ** 2 + (course[i][1] - down) ** 2
        if (d < least) [best, least] = [i, d]
      }
      const [ty, td] = [
        (course[best + 1][0] - course[best - 1][0]) / 2,
        (course[best + 1][1] - course[best - 1][1]) / 2,
      ]
      const [oy, od] = [y - course[best][0], down - course[best][1]]
      arc[k * rows + j] = best - ABOVE + oy * ty + od * td
      back[k * rows + j] = oy * td - od * ty
    }
  return { arc, back }
}

/** Linear between values, the ends repeated. */
function read(values: Float64Array, at: number): number {
  const i = Math.max(0, Math.min(values.length - 2, Math.floor(at)))
  const f = Math.max(0, Math.min(1, at - i))
  return values[i] + f * (values[i + 1] - values[i])
}

function smooth(values: Float64Array, sigma: number): Float64Array {
  return values.map((_, i) => {
    let [sum, total] = [0, 0]
    for (let k = -3 * sigma; k <= 3 * sigma; k++) {
      const w = Math.exp(-((k / sigma) ** 2) / 2)
      sum += w * values[Math.max(0, Math.min(values.length - 1, i + k))]
      total += w
    }
    return sum / total
  })
}
