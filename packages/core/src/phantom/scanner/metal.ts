import type { Mat4, Vec3 } from '../../volume/geometry.ts'
import { sculpt } from '../anatomy/lattice.ts'
import type { Part } from '../anatomy/parts.ts'
import { add, rod } from '../anatomy/shapes.ts'
import type { Tooth } from '../anatomy/skull.ts'
import type { Random } from '../random.ts'

/** Crowns and fillings as one part: far beyond what 12 bits hold, so that the scanner stores 3071 HU. */
export function buildMetal(
  teeth: readonly Tooth[],
  count: number,
  pose: Mat4,
  stepMm: number,
  random: Random,
) {
  const chosen: Tooth[] = []
  // Mostly molars are filled.
  const left = teeth.slice()
  while (chosen.length < count && left.length) {
    const tooth = random.pick(
      left,
      left.map((t) => (t.molar ? 5 : 1)),
    )
    left.splice(left.indexOf(tooth), 1)
    chosen.push(tooth)
  }
  if (!chosen.length) return undefined
  const strokes = chosen.map(({ crown: [x, y, z], molar }) => {
    const r = molar ? random.range(2.2, 4.6) : random.range(1.6, 3)
    const h = random.range(0.8, 2.6)
    return add(rod([x, y, z - h], [x, y, z + h], r), 0.3)
  })
  const bone = { cortexMm: 1, cortexHu: 7000, coreHu: 7000, texture: 0 }
  const part: Part = { name: 'metal', label: 0, lattice: sculpt(strokes, stepMm), pose, bone }
  return { part, centres: chosen.map((t) => t.crown) }
}

/** Nodes of a streak's profile over the full circle: 1.5 mm wide at 60 mm. */
const ANGLES = 256

/** Streaks of one slice, HU, added to `out`. Rays from each piece of metal, and a dark band through each two. */
export function addMetalStreaks(options: {
  readonly out: Float32Array
  readonly size: number
  readonly pixelMm: number
  /** In voxels; the third is the slice. */
  readonly centres: readonly Vec3[]
  readonly k: number
  readonly intervalMm: number
  readonly strengthHu: number
  readonly random: Random
}): void {
  const { out, size, pixelMm, centres, k, intervalMm, strengthHu, random } = options
  // A crown is about 8 mm high, and a rotation of the gantry spreads its streaks a little further.
  const seen = centres
    .map(([x, y, z]) => ({ x, y, hu: strengthHu * Math.exp(-((((z - k) * intervalMm) / 4.5) ** 2)) }))
    .filter(({ hu }) => hu > 4)
  for (const { x, y, hu } of seen) radiate(out, size, pixelMm, x, y, profileOf(hu, random))
  for (let n = 1; n < seen.length; n++) darken(out, size, pixelMm, seen[n - 1], seen[n])
}

/** Bright and dark by angle, HU at 30 mm: a few strong rays among faint ones. */
function profileOf(hu: number, random: Random): Float32Array {
  const raw = Float32Array.from({ length: ANGLES }, () => random.normal() ** 3 / 3.9)
  return raw.map((v, i) => hu * (0.6 * v + 0.3 * (raw[(i + 1) % ANGLES] + raw[(i + ANGLES - 1) % ANGLES])))
}

function radiate(
  out: Float32Array,
  size: number,
  pixelMm: number,
  x: number,
  y: number,
  profile: Float32Array,
): void {
  const perRadian = ANGLES / (2 * Math.PI)
  for (let j = 0, n = 0; j < size; j++) {
    const dy = (j - y) * pixelMm
    for (let i = 0; i < size; i++, n++) {
      const dx = (i - x) * pixelMm
      const at = (Math.atan2(dy, dx) + Math.PI) * perRadian
      const a = at | 0
      const f = at - a
      const p = profile[a & (ANGLES - 1)]
      const v = p + f * (profile[(a + 1) & (ANGLES - 1)] - p)
      out[n] += (v * 45) / (15 + Math.sqrt(dx * dx + dy * dy))
    }
  }
}

type Spot = { readonly x: number; readonly y: number; readonly hu: number }

function darken(out: Float32Array, size: number, pixelMm: number, a: Spot, b: Spot): void {
  const length = Math.hypot(b.x - a.x, b.y - a.y)
  if (length < 2) return
  const [ux, uy] = [(b.x - a.x) / length, (b.y - a.y) / length]
  const hu = 1.5 * Math.min(a.hu, b.hu)
  const width = 2.5 / pixelMm
  for (let j = 0, n = 0; j < size; j++)
    for (let i = 0; i < size; i++, n++) {
      const across = Math.abs((i - a.x) * uy - (j - a.y) * ux)
      if (across > 2.5 * width) continue
      const along = (i - a.x) * ux + (j - a.y) * uy
      const beyond = (along < 0 ? -along : along > length ? along - length : 0) * pixelMm
      out[n] -= (hu * Math.exp(-((across / width) ** 2)) * 20) / (20 + beyond)
    }
}
