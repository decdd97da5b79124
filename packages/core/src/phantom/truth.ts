import { LEVELS, type Level } from '../levels.ts'
import { invert, type Mat4, multiply, transform, type Vec3 } from '../volume/geometry.ts'
import type { Grid, Shape3 } from '../volume/volume.ts'
import type { PlannedFracture, PlannedLookAlike } from './plan.ts'
import type { Artefact } from './scanner/artefacts.ts'
import type { FractureTruth, LookAlikeTruth, PhantomTruth } from './study.ts'

/** A fracture counts as imaged when its gap fills at least this much of the field of view, mm3. */
const VISIBLE_MM3 = 6

/** Boxes are this much larger than the gap on each side, mm: readers draw them around the finding. */
const MARGIN_MM = 3

/**
 * What of the plan is in the images, with boxes by slice. Fractures outside the field of view are dropped and the
 * mask is renumbered in place.
 */
export function measureTruth(options: {
  readonly seed: number
  readonly preset: string
  readonly plan: readonly PlannedFracture[]
  readonly centresLps: readonly Vec3[]
  readonly mask: Uint8Array
  readonly shape: Shape3
  readonly voxelMm: Vec3
}): Pick<PhantomTruth, 'seed' | 'preset' | 'fractured' | 'fractures'> {
  const { seed, preset, plan, centresLps, mask, shape, voxelMm } = options
  const [, rows, columns] = shape
  const voxels = plan.map((): Vec3[] => [])
  if (plan.length)
    for (let n = 0; n < mask.length; n++)
      if (mask[n] > 0)
        voxels[mask[n] - 1].push([
          n % columns,
          Math.floor(n / columns) % rows,
          Math.floor(n / (columns * rows)),
        ])
  const voxelMm3 = voxelMm[0] * voxelMm[1] * voxelMm[2]
  const kept = plan.map((_, i) => i).filter((i) => voxels[i].length * voxelMm3 >= VISIBLE_MM3)
  if (kept.length < plan.length) {
    const renumber = new Uint8Array(plan.length + 1)
    kept.forEach((i, n) => {
      renumber[i + 1] = n + 1
    })
    for (let n = 0; n < mask.length; n++) if (mask[n]) mask[n] = renumber[mask[n]]
  }
  const fractures = kept.map((i): FractureTruth => {
    const { level, type, severity } = plan[i]
    const places = placesOf(voxels[i], voxelMm)
    const imaged = places.filter((place) => place.length * voxelMm3 >= VISIBLE_MM3)
    const boxes = (imaged.length ? imaged : [voxels[i]]).flatMap((place) =>
      boxesAround(place, shape, voxelMm),
    )
    boxes.sort((a, b) => a.sliceIndex - b.sliceIndex)
    return { level, type, severity, centreLps: centresLps[i], boxes }
  })
  const fractured = Object.fromEntries(
    LEVELS.map((l) => [l, fractures.some((f) => f.level === l)]),
  ) as Record<Level, boolean>
  return { seed, preset, fractured, fractures }
}

/**
 * Voxels of a fracture by the places where it parts the bone: a ring breaks twice, and one box around both would point
 * at its canal. Gaps of up to MARGIN_MM, over which two boxes overlap, part no place (of up to twice that by chance).
 */
function placesOf(voxels: readonly Vec3[], voxelMm: Vec3): Vec3[][] {
  const cells = new Map<string, { readonly at: readonly number[]; readonly voxels: Vec3[] }>()
  for (const voxel of voxels) {
    const at = voxel.map((v, k) => Math.floor((v * voxelMm[k]) / MARGIN_MM))
    const cell = cells.get(at.join()) ?? { at, voxels: [] }
    cells.set(at.join(), cell)
    cell.voxels.push(voxel)
  }
  const places: Vec3[][] = []
  for (const [start, first] of cells) {
    cells.delete(start)
    const queue = [first]
    for (const { at } of queue)
      for (const step of STEPS) {
        const key = at.map((v, k) => v + step[k]).join()
        const next = cells.get(key)
        if (next && cells.delete(key)) queue.push(next)
      }
    places.push(queue.flatMap((cell) => cell.voxels))
  }
  return places
}

/** To a cell itself and to those that touch it. */
const STEPS = [-1, 0, 1].flatMap((z) => [-1, 0, 1].flatMap((y) => [-1, 0, 1].map((x) => [x, y, z])))

/** One box for each slice of a place. */
function boxesAround(voxels: readonly Vec3[], [, rows, columns]: Shape3, voxelMm: Vec3): Boxes[number][] {
  const bounds = new Map<number, [x0: number, y0: number, x1: number, y1: number]>()
  for (const [x, y, z] of voxels) {
    const [x0, y0, x1, y1] = bounds.get(z) ?? [x, y, x, y]
    bounds.set(z, [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)])
  }
  const mx = MARGIN_MM / voxelMm[0]
  const my = MARGIN_MM / voxelMm[1]
  return [...bounds].map(([sliceIndex, [x0, y0, x1, y1]]) => {
    const x = Math.max(0, Math.floor(x0 - mx))
    const y = Math.max(0, Math.floor(y0 - my))
    return {
      sliceIndex,
      x,
      y,
      width: Math.min(columns, Math.ceil(x1 + 1 + mx)) - x,
      height: Math.min(rows, Math.ceil(y1 + 1 + my)) - y,
    }
  })
}

/** An ellipsoid in a vertebra's frame. */
type Region = { readonly centre: Vec3; readonly radii: Vec3; readonly toLps: Mat4 }

type Boxes = FractureTruth['boxes']

/**
 * Boxes of an ellipsoid by slice. In voxels it is an ellipsoid again, with the matrix S = A diag(r^2) A'; the plane of
 * a slice cuts it in an ellipse whose half widths follow from S as a conditional deviation does from a covariance.
 */
export function boxesOf({ centre, radii, toLps }: Region, grid: Grid): Boxes {
  const [slices, rows, columns] = grid.shape
  const m = multiply(invert(grid.ijkToLps), toLps)
  const [cx, cy, cz] = transform(m, centre)
  const s = (a: number, b: number) =>
    radii.reduce((sum, r, k) => sum + m[4 * a + k] * m[4 * b + k] * r * r, 0)
  const szz = s(2, 2)
  const out: Boxes[number][] = []
  const reach = Math.sqrt(szz)
  for (let k = Math.max(0, Math.ceil(cz - reach)); k <= Math.min(slices - 1, Math.floor(cz + reach)); k++) {
    const dz = k - cz
    const share = Math.sqrt(Math.max(0, 1 - (dz * dz) / szz))
    const [x0, x1, y0, y1] = [0, 1].flatMap((axis) => {
      const middle = [cx, cy][axis] + (s(axis, 2) / szz) * dz
      const half = share * Math.sqrt(s(axis, axis) - s(axis, 2) ** 2 / szz)
      const limit = axis === 0 ? columns : rows
      return [Math.max(0, Math.floor(middle - half)), Math.min(limit, Math.ceil(middle + half) + 1)]
    })
    if (x1 > x0 && y1 > y0) out.push({ sliceIndex: k, x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
  }
  return out
}

/** The look-alikes whose middle is in the field of view, and the artefacts that cross a vertebra. */
export function locateLookAlikes(options: {
  readonly plan: readonly PlannedLookAlike[]
  readonly regions: readonly Region[]
  readonly artefacts: readonly Artefact[]
  readonly grid: Grid
}): LookAlikeTruth[] {
  const { plan, regions, artefacts, grid } = options
  const toIjk = invert(grid.ijkToLps)
  const [slices, rows, columns] = grid.shape
  const planned = plan.flatMap(({ level, type, severity }, n): LookAlikeTruth[] => {
    const { centre, toLps } = regions[n]
    const centreLps = transform(toLps, centre)
    const [x, y, z] = transform(toIjk, centreLps)
    const inside = x >= 0 && y >= 0 && z >= 0 && x <= columns - 1 && y <= rows - 1 && z <= slices - 1
    const boxes = inside ? boxesOf(regions[n], grid) : []
    return boxes.length ? [{ level, type, severity, centreLps, boxes }] : []
  })
  const crossed = artefacts.map(({ level, type, boxes }): LookAlikeTruth => {
    const middle = boxes[boxes.length >> 1]
    const centreLps = transform(grid.ijkToLps, [
      middle.x + middle.width / 2 - 0.5,
      middle.y + middle.height / 2 - 0.5,
      middle.sliceIndex,
    ])
    return { level, type, severity: null, centreLps, boxes }
  })
  return [...planned, ...crossed]
}
