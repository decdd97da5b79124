import { type Level, labelOf } from '../levels.ts'
import type { Segmentation, Vertebra } from '../segment/segmentation.ts'
import { boundsLps, cross, dot, invert, spacingMm, transform, type Vec3 } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { traceLabels } from './outline.ts'
import { drawSheet, flatSheet, INFERIOR, LEFT, POSTERIOR, type Sheet } from './plane.ts'
import type { Box, Figure, VertebraResult } from './report.ts'

/** Depth shown from front to back; a neck from the airway to the spinous processes, with air to spare. */
const OVERVIEW_DEPTH_MM = 150
const OVERVIEW_HEIGHT_MM = 260
const OVERVIEW_SPACING_MM = 0.6
const OVERVIEW_SLAB_MM = 3
/** Side of the close-ups: a vertebra with the one above and the one below. */
const CLOSE_UP_MM = 110
const CLOSE_UP_SPACING_MM = 0.35
/** Finer pixels show nothing more and make the page heavy. */
const FINEST_SPACING_MM = 0.2

/**
 * The report's pictures, in radiological convention: axial with the patient's right on the left and anterior up,
 * sagittal with anterior on the left and the head up, however the volume is stored.
 */
export function makeFigures(input: {
  readonly volume: Volume
  readonly segmentation: Segmentation
  readonly vertebrae: readonly VertebraResult[]
}): Figure[] {
  const { volume, segmentation, vertebrae } = input
  const figures = [overview(volume, segmentation)]
  for (const { level, call, box } of vertebrae) {
    if (call !== 'fracture' || !box) continue
    const centre = segmentation.vertebrae.find((v) => v.label === labelOf(level))?.centreLps ?? box.centreLps
    figures.push(...closeUps(volume, segmentation, level, centre, box))
  }
  return figures
}

function overview(volume: Volume, segmentation: Segmentation): Figure {
  const sheet = overviewSheet(volume, segmentation.vertebrae)
  return figure('overview', null, sheet, drawSheet(volume, sheet, OVERVIEW_SLAB_MM), segmentation, null)
}

/** A sagittal sheet that follows the spine's midline from side to side; the middle of the volume without a spine. */
export function overviewSheet(volume: Volume, vertebrae: readonly Vertebra[]): Sheet {
  const { min, max } = boundsLps(volume, 0.5)
  const middle = (axis: 1 | 2) =>
    vertebrae.length > 0
      ? (Math.min(...vertebrae.map((v) => v.minLps[axis])) +
          Math.max(...vertebrae.map((v) => v.maxLps[axis]))) /
        2
      : (min[axis] + max[axis]) / 2
  const front = window(min[1], max[1], middle(1), OVERVIEW_DEPTH_MM)
  const top = window(min[2], max[2], middle(2), OVERVIEW_HEIGHT_MM)
  const midline = midlineX(vertebrae, (min[0] + max[0]) / 2)
  const mm = OVERVIEW_SPACING_MM
  return {
    width: Math.max(Math.round((front.max - front.min) / mm), 1),
    height: Math.max(Math.round((top.max - top.min) / mm), 1),
    spacingMm: mm,
    normal: LEFT,
    toLps: (u, v) => {
      const z = top.max - v * mm
      return [midline(z), front.min + u * mm, z]
    },
  }
}

/** At most lengthMm of [min, max], around the middle where there is room. */
function window(min: number, max: number, middle: number, lengthMm: number) {
  if (max - min <= lengthMm) return { min, max }
  const from = Math.min(Math.max(middle - lengthMm / 2, min), max - lengthMm)
  return { min: from, max: from + lengthMm }
}

/** x of the spine's midline at a height z: linear between vertebra centres, constant beyond the first and last. */
function midlineX(vertebrae: readonly Vertebra[], fallback: number): (z: number) => number {
  const knots = vertebrae.map((v) => v.centreLps).sort((a, b) => a[2] - b[2])
  if (knots.length === 0) return () => fallback
  const at = (z: number): number => {
    const above = knots.findIndex((k) => k[2] >= z)
    if (above === 0) return knots[0][0]
    if (above < 0) return knots[knots.length - 1][0]
    const [a, b] = [knots[above - 1], knots[above]]
    return a[0] + ((b[0] - a[0]) * (z - a[2])) / (b[2] - a[2])
  }
  // A mean over 10 mm takes the corners out of the chain.
  return (z) => [-5, -2.5, 0, 2.5, 5].reduce((sum, dz) => sum + at(z + dz) / 5, 0)
}

/** An axial picture, the box's own slice where the volume is axial, and a sagittal cut through the box's centre. */
function closeUps(
  volume: Volume,
  segmentation: Segmentation,
  level: Level,
  vertebraCentre: Vec3,
  box: Box,
): Figure[] {
  const size = Math.round(CLOSE_UP_MM / CLOSE_UP_SPACING_MM)
  const square = { width: size, height: size, spacingMm: CLOSE_UP_SPACING_MM }
  const [x, y, z] = vertebraCentre
  const own = sliceSheet(volume, box, vertebraCentre)
  const axial = own ?? flatSheet([x, y, box.centreLps[2]], LEFT, POSTERIOR, square)
  const sagittal = flatSheet([box.centreLps[0], y, z], POSTERIOR, INFERIOR, square)
  const draw = (kind: Figure['kind'], sheet: Sheet, slices: number) =>
    figure(kind, level, sheet, drawSheet(volume, sheet), segmentation, boxOn(sheet, volume, box, slices))
  return [draw('axial', axial, own ? 0 : 1), draw('sagittal', sagittal, 1)]
}

/**
 * The box's slice of an axial volume, turned to the radiological convention and cropped around the vertebra, at the
 * slice's resolution or finer. Null when the volume's slices are not axial.
 */
export function sliceSheet(volume: Volume, box: Pick<Box, 'sliceIndex'>, around: Vec3): Sheet | null {
  const m = volume.ijkToLps
  const spacing = spacingMm(m)
  const axes: readonly Vec3[] = [
    [m[0] / spacing[0], m[4] / spacing[0], m[8] / spacing[0]],
    [m[1] / spacing[1], m[5] / spacing[1], m[9] / spacing[1]],
  ]
  if (Math.abs(cross(axes[0], axes[1])[2]) < 0.7) return null
  const first = Math.abs(dot(axes[0], LEFT)) >= Math.abs(dot(axes[1], LEFT)) ? 0 : 1
  const mm = Math.max(Math.min(spacing[0], spacing[1], CLOSE_UP_SPACING_MM), FINEST_SPACING_MM)
  const size = Math.round(CLOSE_UP_MM / mm)
  // The vertebra's centre, moved within its column of voxels onto the slice of the box.
  const [i, j] = transform(invert(m), around)
  return flatSheet(
    transform(m, [i, j, box.sliceIndex]),
    pointing(axes[first], LEFT),
    pointing(axes[1 - first], POSTERIOR),
    { width: size, height: size, spacingMm: mm },
  )
}

const pointing = (axis: Vec3, want: Vec3): Vec3 =>
  dot(axis, want) >= 0 ? axis : [-axis[0], -axis[1], -axis[2]]

/** Where the box, as thick as the given number of slices, shows on a flat sheet, in pixels of the picture. */
export function boxOn(
  sheet: Sheet,
  volume: Volume,
  box: Pick<Box, 'sliceIndex' | 'x' | 'y' | 'width' | 'height'>,
  slices: number,
): NonNullable<Figure['box']> {
  const origin = sheet.toLps(0, 0)
  const [right, down] = [sheet.toLps(1, 0), sheet.toLps(0, 1)]
  const along = (axis: Vec3, point: Vec3) =>
    axis.reduce((sum, a, k) => sum + (a - origin[k]) * (point[k] - origin[k]), 0) / sheet.spacingMm ** 2
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((c) => {
    const point = transform(volume.ijkToLps, [
      box.x - 0.5 + (c & 1 ? box.width : 0),
      box.y - 0.5 + (c & 2 ? box.height : 0),
      box.sliceIndex + slices * (c & 4 ? 0.5 : -0.5),
    ])
    return [along(right, point), along(down, point)]
  })
  const [us, vs] = [corners.map((c) => c[0]), corners.map((c) => c[1])]
  const [x, y] = [Math.min(...us), Math.min(...vs)]
  return { x, y, width: Math.max(...us) - x, height: Math.max(...vs) - y }
}

function figure(
  kind: Figure['kind'],
  level: Level | null,
  sheet: Sheet,
  pixels: Uint8Array,
  { labels }: Segmentation,
  box: Figure['box'],
): Figure {
  const { width, height, spacingMm } = sheet
  return { kind, level, width, height, spacingMm, pixels, outlines: traceLabels(labels, sheet), box }
}
