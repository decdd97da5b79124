import type { Volume } from '../volume/volume.ts'
import type { Plane } from './plane.ts'

/** One slice of the volume, in the order of the volume's z. */
export type SliceOrigin = {
  readonly sopInstanceUid: string
  /** Path in the source, and the frame where the file has several. RSNA's slice_number is its stem. */
  readonly path: string
}

/** A file that was not used, and why. Nothing is dropped silently. */
export type Skipped = { readonly path: string; readonly reason: string }

/** Something a reader of the report should know about the study's quality. */
export type Finding = {
  /** Stable kebab-case name, e.g. `slices-too-thick`, `gantry-tilt`, `c7-outside-field`. */
  readonly code: string
  readonly severity: 'info' | 'warning' | 'blocking'
  /** What was found, where, and what it means, in a sentence for a radiologist. */
  readonly message: string
}

/** One series of a source as `neckfrac info` shows it. */
export type SeriesSummary = {
  readonly seriesInstanceUid: string
  readonly description: string
  readonly modality: string
  readonly plane: Plane
  readonly sliceCount: number
  readonly rows: number
  readonly columns: number
  /** x, y in plane, z between slice centres along the normal; null where it cannot be known. */
  readonly spacingMm: readonly [number, number, number] | null
  readonly kernel: string
  /** Why it was chosen, or why not. */
  readonly reason: string
  readonly chosen: boolean
}

/** What reading a source gives: one HU volume and all that has to be said about it. */
export type Study = {
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly patientId: string
  readonly description: string
  readonly volume: Volume
  /** Of the slices as they were read: the axes of a volume are put in the order of an axial series. */
  readonly plane: Plane
  /** Empty for NIfTI. */
  readonly slices: readonly SliceOrigin[]
  readonly series: readonly SeriesSummary[]
  readonly findings: readonly Finding[]
  readonly skipped: readonly Skipped[]
}
