import type { Random } from '../random.ts'
import type { Bend } from './bend.ts'
import { NODES, smoothField } from './canvas.ts'
import type { Stencil } from './stencil.ts'

const square = (v: number) => v * v
const ramp = (from: number, over: number, s: number) => Math.max(0, Math.min(1, (s - from) / over))

export type Trunk = {
  readonly paint: (hu: Float32Array) => void
  /** Whether a node lies in neck or trunk, skin included. */
  readonly covers: (n: number) => boolean
}

/**
 * Airway, larynx, vessels, ribs, lungs, sternum and the outline of neck and shoulders. All in mm of the stencil's size:
 * to the left of the canal, behind it, and down from C1.
 */
export function drawTrunk(
  bend: Bend,
  stencil: Stencil,
  basionMm: number,
  air: number,
  random: Random,
): Trunk {
  const { back, left, down, size } = bend
  const { levelMm, densMm } = stencil
  const x = (n: number) => left[n] / size.x
  const y = (n: number) => back[n] / size.y
  const s = (n: number) => down[n] / size.z

  // The front of the vertebral bodies, and the gullet before them.
  const front = (at: number) => -21 - 0.03 * Math.max(0, Math.min(60, at - 10))
  const gap = { upper: random.range(2, 9), lower: random.range(4, 12) }
  const throat = { radius: random.range(4, 10), wide: random.range(1, 1.8) }
  const throatY = (at: number) => front(at) - gap.upper - ramp(55, 20, at) * gap.lower - throat.radius
  const throatFrom = -basionMm - 8 - random.range(0, 10)
  const throatTo = random.chance(0.8) ? Number.POSITIVE_INFINITY : random.range(45, 80)
  const collapse = { field: smoothField(random, 30), at: random.range(0.3, 2.5) }
  const trachea = random.chance(0.9)
    ? { from: random.range(75, 95), ahead: 18 + random.range(0, 8) }
    : { from: Number.POSITIVE_INFINITY, ahead: 0 }
  const cartilage = random.chance(0.4)
    ? {
        from: random.range(55, 65),
        to: random.range(70, 95),
        field: smoothField(random, 12),
        hu: random.range(200, 700),
      }
    : null
  const hyoid = random.chance(0.85)
    ? {
        s: random.range(30, 58),
        radius: random.range(14, 20),
        ahead: 22 + random.range(0, 8),
        hu: random.range(300, 900),
      }
    : null
  const vessels = random.chance(0.6)
    ? [-1, 1].flatMap((side) => [
        { x: side * random.range(20, 28), y: random.range(-32, -22), radius: 3.5, hu: random.range(60, 320) },
        { x: side * random.range(25, 34), y: random.range(-28, -15), radius: 5, hu: random.range(60, 320) },
      ])
    : []
  const ribHu = random.range(300, 800)
  const isRib = createRibs(levelMm)
  const lung = { from: random.range(levelMm[7] - 5, levelMm[7] + 30), wide: random.range(30, 38) }
  const lungHu = random.chance(0.9) ? random.range(-900, -750) : null
  const sternum = random.chance(0.8)
    ? {
        y: random.range(-95, -70),
        from: random.range(125, 160),
        hu: random.range(150, 500),
        clavicle: random.range(115, 140),
        clavicleHu: random.range(300, 900),
      }
    : null
  const outline = {
    y: random.range(-22, -8),
    deep: random.range(50, 72),
    wide: random.range(52, 75),
    shoulders: random.range(85, 115),
    growth: random.range(0.3, 0.8),
  }

  const paint = (hu: Float32Array) => {
    for (let n = 0; n < NODES; n++) {
      const [u, v, t] = [y(n), x(n), s(n)]
      const inThroat =
        square((u - throatY(t)) / throat.radius) + square(v / (throat.radius * throat.wide)) < 1
      if (inThroat && t > throatFrom && t < throatTo && collapse.field[n] < collapse.at) hu[n] = air
      if (t > trachea.from && square((u - front(t) + trachea.ahead) / 9) + square(v / 9) < 1) hu[n] = air
      if (
        cartilage &&
        t > cartilage.from &&
        t < cartilage.to &&
        cartilage.field[n] > 0 &&
        Math.abs(Math.hypot(u - throatY(t), v) - throat.radius - 5) < 2.5
      )
        hu[n] = cartilage.hu
      if (
        hyoid &&
        Math.abs(t - hyoid.s + 0.3 * (u + 35)) < 4 &&
        u < front(t) - 10 &&
        Math.abs(Math.hypot(u - front(t) + hyoid.ahead, v) - hyoid.radius) < 3
      )
        hu[n] = hyoid.hu
      for (const vessel of vessels)
        if (square(v - vessel.x) + square(u - vessel.y) < square(vessel.radius)) hu[n] = vessel.hu
      if (isRib(u, Math.abs(v), t)) hu[n] = ribHu
      if (
        lungHu !== null &&
        square((Math.abs(v) - 48) / lung.wide) + square((u + 35) / 50) < ramp(lung.from, 50, t)
      )
        hu[n] = lungHu
      if (sternum) {
        if (Math.abs(u - sternum.y) < 7 && Math.abs(v) < 22 && t > sternum.from) hu[n] = sternum.hu
        if (
          Math.abs(t - sternum.clavicle + 0.2 * Math.abs(v)) < 6 &&
          Math.abs(u - sternum.y - 4) < 6 &&
          Math.abs(v) > 14
        )
          hu[n] = sternum.clavicleHu
      }
    }
  }
  const covers = (n: number) => {
    const t = s(n)
    const grow = 1 + ramp(outline.shoulders, 60, t) * outline.growth
    return (
      t > densMm - 30 &&
      square((y(n) - outline.y) / (outline.deep * grow)) + square(x(n) / (outline.wide * grow ** 1.6)) < 1
    )
  }
  return { paint, covers }
}

/** Ribs of T1 to T7, as lines from beside their vertebra round the chest, mm behind, beside and below it. */
const RIB = [
  [-8, 19, -6],
  [4, 30, -4],
  [10, 40, 2],
  [6, 52, 10],
  [-15, 62, 20],
  [-40, 58, 30],
] as const
const RIB_MM = 4.2
/** Height of a thoracic vertebra where the map has none, mm. */
const THORACIC_MM = 21

/** Whether a place behind, beside and below C1's canal lies in a rib. */
function createRibs(levelMm: readonly number[]): (y: number, x: number, s: number) => boolean {
  const last = levelMm.length - 1
  const tops = Array.from({ length: 7 }, (_, i) =>
    i + 7 <= last ? levelMm[i + 7] : levelMm[last] + (i + 7 - last) * THORACIC_MM,
  )
  const points = Array.from({ length: 26 }, (_, n) => {
    const at = Math.min(RIB.length - 2, Math.floor(n / 5))
    return RIB[at].map((v, k) => v + (n / 5 - at) * (RIB[at + 1][k] - v))
  })
  return (y, x, s) => {
    if (x < 13 || s < tops[0] - 14) return false
    for (const point of points) {
      const left = square(RIB_MM) - square(y - point[0]) - square(x - point[1])
      if (left > 0 && tops.some((top) => square(s - top - point[2]) < left)) return true
    }
    return false
  }
}
