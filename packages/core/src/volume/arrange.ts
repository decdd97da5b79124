import { type Instance, nameOf } from '../dicom/instance.ts'
import { NeckFracError } from '../errors.ts'
import { median, SAME_POSITION_MM } from '../series/group.ts'
import type { Finding, Skipped } from '../series/study.ts'
import { affine, cross, dot, type Mat4, norm, subtract, type Vec3 } from './geometry.ts'

/** Where one layer of the volume comes from: (1 - weight) * slices[below] + weight * slices[above]. */
export type Layer = { readonly below: number; readonly above: number; readonly weight: number }

/** Slices in the order of the volume's z, and how they fill an even grid. */
export type Arrangement = {
  readonly slices: readonly Instance[]
  readonly layers: readonly Layer[]
  readonly ijkToLps: Mat4
  readonly findings: readonly Finding[]
  readonly skipped: readonly Skipped[]
}

/** Positions are written to 0.1 mm or better, so that an even series may look uneven by half of that. */
const EVEN_WITHIN_MM = 0.055
/** Or by this part of the step, whichever is more. */
const EVEN_WITHIN_STEP = 0.05
/** A gap wider than this many steps hides more than one slice: no interpolation can be trusted across it. */
const MAX_GAP_STEPS = 2.05
/** At most this many uneven places are repaired, or this part of all steps, whichever is more. */
const MAX_UNEVEN_PLACES = 3
const MAX_UNEVEN_PART = 0.1
/** Slices may lie this far from the straight line through the stack, mm. */
const MAX_OFF_LINE_MM = 1
/** Stacks sheared by more than this are named a gantry tilt. */
const TILT_DEGREES = 0.5

/** Orders slices along their normal and says how they make a volume. @throws NeckFracError input */
export function arrangeSlices(instances: readonly Instance[]): Arrangement {
  const { same, skipped } = keepMajoritySize(instances)
  const [alongRow, downColumn] = same[0].orientation!
  const normal = cross(alongRow, downColumn)
  const along = (instance: Instance): number => dot(instance.position!, normal)
  const sorted = [...same].sort(
    // Images at one position keep the order of the source.
    (a, b) => along(a) - along(b) || (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0),
  )
  const slices = sorted.filter(
    (slice, i) => i === 0 || along(slice) - along(sorted[i - 1]) > SAME_POSITION_MM,
  )
  const kept = new Set(slices)
  const findings: Finding[] = []
  for (const slice of sorted)
    if (!kept.has(slice))
      skipped.push({ path: nameOf(slice), reason: 'duplicate: another image has the same position' })
  if (sorted.length > slices.length)
    findings.push({
      code: 'duplicate-slices',
      severity: 'info',
      message: `${sorted.length - slices.length} images at the position of another one were left out.`,
    })
  if (slices.length < 2)
    throw new NeckFracError(
      'input',
      `${slices[0].path}: all images of the series have one position, no volume`,
    )

  const at = slices.map(along)
  const { layers, finding } = spreadLayers(at)
  if (finding !== null) findings.push(finding)
  const span = subtract(slices[slices.length - 1].position!, slices[0].position!)
  const step = scale(span, 1 / (layers.length - 1))
  checkLine(slices, span, at)
  const shear = describeTilt(step, normal)
  if (shear !== null) findings.push(shear)
  const [betweenRows, betweenColumns] = slices[0].pixelSpacingMm!
  const ijkToLps = affine(
    scale(alongRow, betweenColumns),
    scale(downColumn, betweenRows),
    step,
    slices[0].position!,
  )
  return { slices, layers, ijkToLps, findings, skipped }
}

function keepMajoritySize(instances: readonly Instance[]): { same: readonly Instance[]; skipped: Skipped[] } {
  const sizeOf = ({ format }: Instance) => `${format.columns} x ${format.rows}`
  const bySize = [...Map.groupBy(instances, sizeOf)].sort(([, a], [, b]) => b.length - a.length)
  const [[size, same], ...others] = bySize
  const skipped = others
    .flatMap(([, slices]) => slices)
    .map((slice) => ({ path: nameOf(slice), reason: `${sizeOf(slice)} pixels, the series has ${size}` }))
  return { same, skipped }
}

/** Layers of an even grid over positions that are even, or nearly so. @throws NeckFracError input */
function spreadLayers(at: readonly number[]): { layers: readonly Layer[]; finding: Finding | null } {
  const steps = at.slice(1).map((value, i) => value - at[i])
  const typical = median(steps)
  const tolerance = Math.max(EVEN_WITHIN_MM, EVEN_WITHIN_STEP * typical)
  const extent = at[at.length - 1] - at[0]
  const isEven = at.every((value, i) => Math.abs(value - at[0] - (i * extent) / steps.length) <= tolerance)
  if (isEven) return { layers: at.map((_, i) => ({ below: i, above: i, weight: 0 })), finding: null }

  const uneven = steps.filter((step) => Math.abs(step - typical) > 2 * tolerance)
  const widest = Math.max(...steps)
  const allowed = Math.max(MAX_UNEVEN_PLACES, MAX_UNEVEN_PART * steps.length)
  if (widest > MAX_GAP_STEPS * typical || uneven.length > allowed)
    throw new NeckFracError(
      'input',
      `slices are ${typical.toFixed(2)} mm apart, but ${uneven.length} of ${steps.length} distances differ ` +
        `and the widest gap is ${widest.toFixed(2)} mm: images are missing or series are mixed. Send the complete series.`,
    )
  const count = Math.round(extent / typical) + 1
  const layers: Layer[] = []
  let interpolated = 0
  for (let k = 0, below = 0; k < count; k++) {
    const position = at[0] + (k * extent) / (count - 1)
    while (below < at.length - 2 && at[below + 1] <= position) below++
    const weight = (position - at[below]) / steps[below]
    const near = Math.min(weight, 1 - weight) * steps[below] <= tolerance
    if (near) {
      const slice = weight < 0.5 ? below : below + 1
      layers.push({ below: slice, above: slice, weight: 0 })
    } else {
      layers.push({ below, above: below + 1, weight })
      interpolated++
    }
  }
  const message =
    `Slices are ${typical.toFixed(2)} mm apart with ${uneven.length} uneven places, the widest ${widest.toFixed(2)} mm; ` +
    `${interpolated} of ${count} layers were interpolated between their neighbours.`
  return { layers, finding: { code: 'uneven-slices', severity: 'warning', message } }
}

/** Slices of one volume lie on a line; anything else is a mixture or a moved table. */
function checkLine(slices: readonly Instance[], span: Vec3, at: readonly number[]): void {
  const extent = at[at.length - 1] - at[0]
  for (const [i, slice] of slices.entries()) {
    const offset = subtract(slice.position!, slices[0].position!)
    const expected = scale(span, (at[i] - at[0]) / extent)
    const off = norm(subtract(offset, expected))
    if (off > MAX_OFF_LINE_MM)
      throw new NeckFracError(
        'input',
        `${slice.path}: the slice lies ${off.toFixed(1)} mm beside the line through the series, so the images belong to no common volume`,
      )
  }
}

function describeTilt(step: Vec3, normal: Vec3): Finding | null {
  const degrees = (Math.acos(Math.min(1, Math.abs(dot(step, normal)) / norm(step))) * 180) / Math.PI
  if (degrees <= TILT_DEGREES) return null
  const message = `Gantry tilt: the slices are sheared by ${degrees.toFixed(1)} degrees against the table; the geometry takes account of it.`
  return { code: 'gantry-tilt', severity: 'info', message }
}

const scale = (v: Vec3, factor: number): Vec3 => [v[0] * factor, v[1] * factor, v[2] * factor]
