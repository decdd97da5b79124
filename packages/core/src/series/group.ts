import type { Instance } from '../dicom/instance.ts'
import { whySecondaryCapture } from '../dicom/sop-classes.ts'
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
  // Archives that give every file one UID, or none, mix patients.
  (a, b) => a.patientId === b.patientId,
  (a, b) => a.modality === b.modality,
  (a, b) => whySecondaryCapture(a) === whySecondaryCapture(b),
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

/** Groups the images of one study. Files whose images have no place in space are handed back with the reason. */
export function groupSeries(instances: readonly Instance[]): GroupedSeries {
  const skipped: Skipped[] = []
  const groups = new Map<string, Instance[][]>()
  for (const instance of instances) {
    const lack = whyNoPlace(instance)
    if (lack !== null) {
      const reason = whySecondaryCapture(instance) ?? lack
      if (skipped.at(-1)?.path !== instance.path) skipped.push({ path: instance.path, reason })
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
  if (instance.frames > 1 && instance.position === null)
    return `multi-frame image (${instance.frames} frames) that does not say where each lies`
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
 * Two acquisitions in one series lie on top of each other, so that sorting would mix them. AcquisitionNumber tells
 * them apart where acquisitions cover the same part of the body; else, where most positions hold several images, their
 * order by InstanceNumber: the first at each position is of the first stack.
 */
function splitAcquisitions(part: readonly Instance[]): readonly (readonly Instance[])[] {
  const normal = normalOf(part[0])
  const along = (instance: Instance) => dot(instance.position!, normal)
  const stacks = [...Map.groupBy(part, (instance) => instance.acquisitionNumber).values()]
  const spans = stacks.map((stack) => extentOf(stack.map(along)))
  if (spans.some((a, i) => spans.some((b, j) => i < j && overlap(a, b) > SAME_PLACE)))
    return stacks.flatMap(splitRepeats)
  return splitRepeats(part)
}

/** Acquisitions that share at least this part of the shorter one's extent show the same part of the body. */
const SAME_PLACE = 0.5
/** Series in which fewer positions than this repeat have stray duplicates, and are no two stacks. */
const REPEATED_POSITIONS = 0.5

function splitRepeats(part: readonly Instance[]): readonly (readonly Instance[])[] {
  const byName = new Map(part.map((instance) => [`${instance.sopInstanceUid} ${instance.frame}`, instance]))
  const unique = [...byName.values()]
  const byPosition = Map.groupBy(unique, ({ position }) =>
    position!.map((mm) => Math.round(mm / SAME_POSITION_MM)).join(' '),
  )
  const repeated = [...byPosition.values()].filter(({ length }) => length > 1).length
  if (repeated < REPEATED_POSITIONS * byPosition.size || byPosition.size < 2) return [part]
  const stacks: Instance[][] = []
  for (const images of byPosition.values()) {
    const ordered = images.toSorted((a, b) => (a.instanceNumber ?? 0) - (b.instanceNumber ?? 0))
    for (const [n, image] of ordered.entries()) {
      stacks[n] ??= []
      stacks[n].push(image)
    }
  }
  return stacks
}

type Extent = readonly [from: number, to: number]
const extentOf = (values: readonly number[]): Extent => [
  values.reduce((a, b) => Math.min(a, b)),
  values.reduce((a, b) => Math.max(a, b)),
]

/** Part of the shorter extent that both cover; single positions cover nothing. */
function overlap(a: Extent, b: Extent): number {
  const shorter = Math.min(a[1] - a[0], b[1] - b[0])
  return shorter > 0 ? (Math.min(a[1], b[1]) - Math.max(a[0], b[0])) / shorter : 0
}

const normalOf = ({ orientation }: Instance): Vec3 => cross(orientation![0], orientation![1])

function measureSeries(seriesInstanceUid: string, instances: readonly Instance[]): Series {
  const normal = normalOf(instances[0])
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
