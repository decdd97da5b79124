import type { Instance } from '../dicom/instance.ts'
import { cross, dot, type Vec3 } from '../volume/geometry.ts'
import type { Skipped } from './study.ts'

/** Images that could form one volume: same series, orientation, matrix, pixel size and kind of image. */
export type Series = {
  readonly seriesInstanceUid: string
  readonly instances: readonly Instance[]
  /** Unit normal of the slices, row direction x column direction. */
  readonly normal: Vec3
  /** Median distance of neighbouring slices along the normal, mm; null for a single position. */
  readonly stepMm: number | null
  /** Distance from the first to the last slice along the normal, mm. */
  readonly extentMm: number
}

export type GroupedSeries = { readonly series: readonly Series[]; readonly skipped: readonly Skipped[] }

/** Largest difference of a direction cosine inside one series: half a degree. */
const SAME_DIRECTION = 0.01
/** Largest relative difference of the pixel size inside one series. */
const SAME_PIXEL = 0.001

/** Slices at less than this distance along the normal count as the same position. */
export const SAME_POSITION_MM = 0.01

/** Rules that split one SeriesInstanceUID: two images stay together when every rule holds. */
const TOGETHER: readonly ((a: Instance, b: Instance) => boolean)[] = [
  (a, b) => a.modality === b.modality,
  (a, b) => a.format.rows === b.format.rows && a.format.columns === b.format.columns,
  (a, b) => [0, 1].every((axis) => sameDirection(a.orientation![axis], b.orientation![axis])),
  (a, b) =>
    [0, 1].every(
      (i) => Math.abs(a.pixelSpacingMm![i] - b.pixelSpacingMm![i]) <= SAME_PIXEL * a.pixelSpacingMm![i],
    ),
  (a, b) => a.imageType.includes('LOCALIZER') === b.imageType.includes('LOCALIZER'),
  (a, b) => (a.imageType[0] === 'DERIVED') === (b.imageType[0] === 'DERIVED'),
  (a, b) => a.kernel === b.kernel,
]

/** Groups the images of one study. Images that have no place in space are handed back with the reason. */
export function groupSeries(instances: readonly Instance[]): GroupedSeries {
  const skipped: Skipped[] = []
  const groups = new Map<string, Instance[][]>()
  for (const instance of instances) {
    const reason = whyNoPlace(instance)
    if (reason !== null) {
      skipped.push({ path: instance.path, reason })
      continue
    }
    const parts = groups.get(instance.seriesInstanceUid) ?? []
    const part = parts.find(([first]) => TOGETHER.every((holds) => holds(first, instance)))
    if (part === undefined) parts.push([instance])
    else part.push(instance)
    groups.set(instance.seriesInstanceUid, parts)
  }
  const series = [...groups].flatMap(([uid, parts]) =>
    parts.flatMap(splitAcquisitions).map((part) => measureSeries(uid, part)),
  )
  return { series, skipped }
}

function whyNoPlace(instance: Instance): string | null {
  if (instance.orientation === null)
    return `no usable ImageOrientationPatient (modality ${instance.modality})`
  if (instance.position === null) return `no ImagePositionPatient (modality ${instance.modality})`
  if (instance.pixelSpacingMm === null) return `no PixelSpacing (modality ${instance.modality})`
  const [alongRow, downColumn] = instance.orientation
  if (Math.abs(dot(alongRow, downColumn)) > SAME_DIRECTION)
    return 'ImageOrientationPatient is not rectangular'
  return null
}

const sameDirection = (a: Vec3, b: Vec3): boolean =>
  a.every((value, i) => Math.abs(value - b[i]) <= SAME_DIRECTION)

/**
 * Two acquisitions in one series lie on top of each other, so that sorting would mix them. Where half of the images
 * share their position with another one, AcquisitionNumber tells them apart.
 */
function splitAcquisitions(part: readonly Instance[]): readonly (readonly Instance[])[] {
  const positions = new Set(part.map((i) => i.position!.map((v) => Math.round(v * 100)).join(' ')))
  const unique = new Map(part.map((i) => [i.sopInstanceUid, i]))
  if (positions.size > 0.75 * unique.size) return [part]
  const byAcquisition = Map.groupBy(part, (instance) => instance.acquisitionNumber)
  return [...byAcquisition.values()]
}

function measureSeries(seriesInstanceUid: string, instances: readonly Instance[]): Series {
  const [alongRow, downColumn] = instances[0].orientation!
  const normal = cross(alongRow, downColumn)
  const along = instances.map((instance) => dot(instance.position!, normal)).sort((a, b) => a - b)
  const steps = along
    .slice(1)
    .map((value, i) => value - along[i])
    .filter((step) => step > SAME_POSITION_MM)
  const stepMm = steps.length === 0 ? null : median(steps)
  return { seriesInstanceUid, instances, normal, stepMm, extentMm: along[along.length - 1] - along[0] }
}

/** Middle value; of an even number the lower one of the two, so that it is a distance that occurs. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1]
}
