import { LEVELS } from '../levels.ts'
import type { Segmentation, Vertebra } from '../segment/segmentation.ts'
import type { Finding } from '../series/study.ts'
import { spacingMm } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'

/** Fewer cervical vertebrae than this are no cervical spine study. */
const FEWEST_LEVELS = 3
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

/** What the geometry and the labels say about whether fractures can be judged at all. */
export function assess(volume: Volume, { vertebrae }: Segmentation): Finding[] {
  const findings: Finding[] = []
  const add = (code: string, severity: Finding['severity'], message: string) =>
    findings.push({ code, severity, message })

  const [pixelX, pixelY, slice] = spacingMm(volume.ijkToLps)
  const pixel = Math.max(pixelX, pixelY)
  if (slice > SLICE_LIMIT_MM)
    add(
      'slices-too-thick',
      'blocking',
      `Slices are ${slice.toFixed(2)} mm apart: too coarse to judge fractures (limit ${SLICE_LIMIT_MM} mm).`,
    )
  else if (slice > SLICE_WARNING_MM)
    add(
      'slices-thick',
      'warning',
      `Slices are ${slice.toFixed(2)} mm apart: fine fracture lines can be missed.`,
    )
  if (pixel > PIXEL_LIMIT_MM)
    add(
      'pixels-too-large',
      'blocking',
      `Pixels are ${pixel.toFixed(2)} mm wide: too coarse to judge fractures (limit ${PIXEL_LIMIT_MM} mm).`,
    )

  const inView = new Set(vertebrae.map((v) => v.label))
  const levels = LEVELS.filter((_, n) => inView.has(n + 1))
  if (levels.length < FEWEST_LEVELS) {
    const seen = levels.length > 0 ? `only ${levels.join(', ')}` : 'none'
    add(
      'no-cervical-spine',
      'blocking',
      `No cervical spine in view: of the seven cervical vertebrae ${seen} could be labelled, ${FEWEST_LEVELS} are needed.`,
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
      `Cut off by the end of the scan: ${cut.join(', ')}. Only the part in view was judged.`,
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

/**
 * Whether a vertebra is in view that is known by itself. C2 is known by its dens: by all of C2, or by the ring of C1
 * around the dens; T1 is known by its ribs, of which a cut T1 may show none.
 */
function isCountable(vertebrae: readonly Vertebra[]): boolean {
  const has = (label: number) => vertebrae.some((v) => v.label === label)
  const whole = (label: number) => vertebrae.some((v) => v.label === label && !v.truncated)
  return whole(2) || whole(8) || (has(1) && has(2))
}
