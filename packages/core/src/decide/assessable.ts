import { LEVELS, type Level, labelOf } from '../levels.ts'
import type { Segmentation, Vertebra } from '../segment/segmentation.ts'
import { median } from '../series/group.ts'
import type { Plane } from '../series/plane.ts'
import type { Finding, Study } from '../series/study.ts'
import { boundsLps, spacingMm } from '../volume/geometry.ts'
import type { LabelVolume, Volume } from '../volume/volume.ts'

/** Fewer consecutive cervical vertebrae than this, whole or partly in view, are no study of the cervical spine. */
const FEWEST_LEVELS = 5
/**
 * A vertebra counts from this share of the median of the neck's own: with five in a row at most the outer two are cut, so
 * that the median is a whole one, of a child as of an adult. The fourth of RSNA 2022 called no vertebra fractured of which
 * less was visible. None of 40 real necks falls below five by it; a third of C5 in a phantom has 0.2, half of it 0.5.
 */
const COUNTED_SHARE = 0.3
/** And from this volume: in a real head cut through C4 a C5 of 800 mm3 was made up. */
const COUNTED_MM3 = 1500
/** The spine below T1 in a study without a neck speaks for chest, abdomen or lumbar spine from this length, mm. */
const LOWER_SPINE_MM = 40
/** The scan above C1 to C3 in a study without a neck speaks for a head from this length, mm. */
const HEAD_MM = 60
/** RSNA 2022 holds slices of 1 mm and less; beyond these limits a fracture line is averaged away. */
const SLICE_WARNING_MM = 1.5
const SLICE_LIMIT_MM = 3
/** A 512 matrix on a 500 mm field has 0.98 mm. */
const PIXEL_LIMIT_MM = 1.5

/** Whether the voxels are too large to judge fractures, in use as in training. */
export function tooCoarse(volume: Volume): boolean {
  const [pixelX, pixelY, slice] = spacingMm(volume.ijkToLps)
  return slice > SLICE_LIMIT_MM || Math.max(pixelX, pixelY) > PIXEL_LIMIT_MM
}

/** The axis of a volume from slice to slice, where its axes are in the order of an axial series: x, y, z. */
const SLICE_AXIS: Readonly<Record<Plane, 0 | 1 | 2>> = { sagittal: 0, coronal: 1, axial: 2, oblique: 2 }
/** Of the voxels along x, y, z. */
const LIMITS_MM = [PIXEL_LIMIT_MM, PIXEL_LIMIT_MM, SLICE_LIMIT_MM] as const

/** Whether the voxels are small enough to judge fractures, said in words of the slices that were read. */
function assessVoxels({ volume, plane }: Pick<Study, 'volume' | 'plane'>): Finding[] {
  const voxelMm = spacingMm(volume.ijkToLps)
  const sliceAxis = SLICE_AXIS[plane]
  const sliceMm = voxelMm[sliceAxis]
  const slices = `${plane[0].toUpperCase()}${plane.slice(1)} slices are ${sliceMm.toFixed(2)} mm apart`
  const findings: Finding[] = []
  if (sliceMm > LIMITS_MM[sliceAxis])
    findings.push({
      code: 'slices-too-thick',
      severity: 'blocking',
      message:
        `${slices}: too coarse to judge fractures (limit ${LIMITS_MM[sliceAxis]} mm).` +
        (plane === 'axial' ? '' : ' Send the axial series.'),
    })
  else if (sliceMm > SLICE_WARNING_MM)
    findings.push({
      code: 'slices-thick',
      severity: 'warning',
      message: `${slices}: fine fracture lines can be missed.`,
    })
  const excess = (axis: number) => voxelMm[axis] / LIMITS_MM[axis]
  const [pixelAxis] = [0, 1, 2].filter((axis) => axis !== sliceAxis).sort((a, b) => excess(b) - excess(a))
  if (excess(pixelAxis) > 1)
    findings.push({
      code: 'pixels-too-large',
      severity: 'blocking',
      message: `Pixels are ${voxelMm[pixelAxis].toFixed(2)} mm wide: too coarse to judge fractures (limit ${LIMITS_MM[pixelAxis]} mm).`,
    })
  return findings
}

/** What the geometry and the labels say about whether fractures can be judged at all. */
export function assess(study: Pick<Study, 'volume' | 'plane'>, segmentation: Segmentation): Finding[] {
  const { volume } = study
  const { vertebrae } = segmentation
  const findings = assessVoxels(study)
  const add = (code: string, severity: Finding['severity'], message: string) =>
    findings.push({ code, severity, message })
  const inView = new Set(vertebrae.map((v) => v.label))
  const levels = levelsOf(vertebrae)
  const leastMm3 = leastCountedMm3(vertebrae)
  const counted = levelsOf(vertebrae.filter((v) => v.volumeMm3 >= leastMm3))
  if (longestRun(counted) < FEWEST_LEVELS) {
    const seen = counted.length > 0 ? `only ${counted.join(', ')}` : 'none'
    const slivers = levels.filter((level) => !counted.includes(level)).join(', ')
    add(
      'no-cervical-spine',
      'blocking',
      `Too little of the cervical spine is in view to judge it. ${otherRegion(volume, segmentation)} ` +
        `Of the seven cervical vertebrae ${seen} could be labelled` +
        `${slivers && ` (of ${slivers} too small a part: less than ${(leastMm3 / 1000).toFixed(1)} ml)`}; ${FEWEST_LEVELS} consecutive ones are needed.`,
    )
    return findings
  }
  const missing = LEVELS.filter((level) => !levels.includes(level))
  if (missing.length > 0)
    add(
      'levels-not-in-view',
      'warning',
      `Not in view or not recognised: ${missing.join(', ')}. They were not judged.`,
    )
  const cut = vertebrae.flatMap((v) => (v.truncated ? (LEVELS[v.label - 1] ?? []) : []))
  if (cut.length > 0)
    add(
      'levels-cut-off',
      'warning',
      `Cut off by the edge of the scan: ${cut.join(', ')}. Only the part in view was judged.`,
    )
  if (!isCountable(vertebrae))
    add(
      'levels-uncertain',
      'warning',
      inView.has(2) || inView.has(8)
        ? `${inView.has(2) ? 'C2' : 'T1'} is only partly in view, too little to count from: every level may be off by one.`
        : 'Neither C2 nor T1 is in view: the vertebrae cannot be counted, so every level may be off by one.',
    )
  return findings
}

/** Volume from which a vertebra counts. */
function leastCountedMm3(vertebrae: readonly Vertebra[]): number {
  const volumes = vertebrae.filter((v) => v.label <= LEVELS.length).map((v) => v.volumeMm3)
  return volumes.length === 0 ? COUNTED_MM3 : Math.max(COUNTED_MM3, COUNTED_SHARE * median(volumes))
}

/** Most cervical vertebrae in an unbroken row. */
function longestRun(levels: readonly Level[]): number {
  let longest = 0
  let run = 0
  for (const level of LEVELS) {
    run = levels.includes(level) ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}

const levelsOf = (vertebrae: readonly Vertebra[]): readonly Level[] =>
  LEVELS.filter((level) => vertebrae.some((v) => v.label === labelOf(level)))

/** What a study without a cervical spine shows instead, as far as the labels tell. */
function otherRegion(volume: Volume, { labels, vertebrae }: Segmentation): string {
  const neck = vertebrae.filter((v) => v.label <= LEVELS.length)
  const [first] = neck
  const neckMm = first === undefined ? 0 : first.maxLps[2] - neck[neck.length - 1].minLps[2]
  const belowMm = lowerSpineMm(labels)
  if (belowMm >= Math.max(LOWER_SPINE_MM, neckMm))
    return `It looks like a study of the chest, abdomen or lumbar spine: ${belowMm.toFixed(0)} mm of spine below T1 are in view.`
  const aboveMm = first === undefined ? 0 : boundsLps(volume).max[2] - first.maxLps[2]
  if (first && first.label <= 3 && aboveMm >= Math.max(HEAD_MM, neckMm))
    return `It looks like a study of the head: the scan reaches ${aboveMm.toFixed(0)} mm above ${LEVELS[first.label - 1]}.`
  return vertebrae.length === 0
    ? 'It looks like a study of the head or of another part of the body: no vertebra was recognised.'
    : 'The scan shows too short a part of the neck.'
}

/** Extent along the body of what is labelled T2 or lower, mm; rows of a few voxels are noise. */
function lowerSpineMm({ data, shape: [slices, rows, columns], ijkToLps }: LabelVolume): number {
  const counts = new Uint32Array(rows)
  for (let n = 0; n < slices * rows * columns; n++)
    if (data[n] === LOWER_LABEL) counts[Math.floor(n / columns) % rows]++
  const filled = counts.reduce((sum, count) => sum + (count >= LOWER_VOXELS ? 1 : 0), 0)
  return filled * spacingMm(ijkToLps)[1]
}

/** The segmenter's label of T2 and all below it. */
const LOWER_LABEL = 9
/** Voxels of 4 x 2 x 2 mm in a row that speak for a vertebra: 0.16 ml of bone in 2 mm of height. */
const LOWER_VOXELS = 10

/**
 * Whether a vertebra is in view that is known by itself. C2 is known by its dens: by all of C2, or by the ring of C1
 * around the dens; T1 is known by its ribs, of which a cut T1 may show none.
 */
function isCountable(vertebrae: readonly Vertebra[]): boolean {
  const has = (label: number) => vertebrae.some((v) => v.label === label)
  const whole = (label: number) => vertebrae.some((v) => v.label === label && !v.truncated)
  return whole(2) || whole(8) || (has(1) && has(2))
}
