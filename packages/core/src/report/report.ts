import type { Thresholds } from '../bundle/manifest.ts'
import type { Level } from '../levels.ts'
import type { Finding, SeriesSummary, Skipped } from '../series/study.ts'
import type { Vec3 } from '../volume/geometry.ts'

/** Shown first wherever a result is shown. @param trainedOn The bundle's own words, e.g. "synthetic studies only". */
export const noticeFor = (trainedOn: string): string =>
  `Not a medical device. Research software; the networks were trained on ${trainedOn}. Do not use it for diagnosis.`

export type Call = 'fracture' | 'no-fracture' | 'not-assessable'

/** Where the most suspicious finding of a vertebra lies. RSNA conventions: x, y top-left, in pixels of the slice. */
export type Box = {
  /** Index into the volume's slices, from 0. */
  readonly sliceIndex: number
  readonly sopInstanceUid: string
  /** File of the slice; RSNA's slice_number is its stem. */
  readonly path: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Centre of the box in the patient, LPS, mm. */
  readonly centreLps: Vec3
}

/**
 * A suspicious place of a vertebra as a box in three dimensions, whatever the call: what a reader may want to look at
 * next, and what the evaluation of boxes counts. Several of one vertebra do not overlap.
 */
export type Candidate = {
  /** The vertebra's probability times the place's own heat, 0..1; a second place counts at most half. */
  readonly score: number
  /** Slices of the volume, from 0, both included, and their files. */
  readonly firstSlice: number
  readonly lastSlice: number
  readonly firstPath: string
  readonly lastPath: string
  /** Top-left and size in pixels of those slices. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Centre of the box in the patient, LPS, mm. */
  readonly centreLps: Vec3
}

/** How suspicious a vertebra is along the body: what a reader may scroll to, whatever the call. */
export type Suspicion = {
  /** LPS z of the first value, mm; the next ones lie below it. */
  readonly firstZMm: number
  readonly stepMm: number
  /** The vertebra's probability times the highest heat in each slice of its crop, 0..1, as a candidate's score. */
  readonly values: readonly number[]
}

export type VertebraResult = {
  readonly level: Level
  /** Centre of the labelled vertebra, LPS, mm; null when it is not in view. */
  readonly centreLps: Vec3 | null
  /** How much of it the scan shows, whether or not it was judged; missing in reports of earlier versions. */
  readonly inView?: 'whole' | 'partly' | 'no'
  /** Calibrated ensemble probability of a fracture, 0..1; null when not assessable. */
  readonly probability: number | null
  /** Probability from which the call is 'fracture'. */
  readonly threshold: number
  readonly call: Call
  /** Present when the call is 'fracture'. */
  readonly box: Box | null
  /** Most suspicious places, the highest score first; missing in reports of version 0.1.0. */
  readonly candidates?: readonly Candidate[]
  /** Missing where the vertebra was not judged, and in reports before 0.3.0. */
  readonly suspicion?: Suspicion
  /** Each model's own probability, before ensemble and calibration. */
  readonly models: Readonly<Record<string, number>>
}

/** A grey picture with vector overlays; the coordinates are in pixels of the picture, origin at its top-left corner. */
export type Figure = {
  readonly kind: 'overview' | 'axial' | 'sagittal'
  /** The vertebra shown; null for the overview. */
  readonly level: Level | null
  readonly width: number
  readonly height: number
  readonly spacingMm: number
  /** 8-bit grey, row by row, bone window. */
  readonly pixels: Uint8Array
  /** Vertebra outlines, closed polygons. */
  readonly outlines: readonly {
    readonly label: string
    readonly points: readonly (readonly [number, number])[]
  }[]
  readonly box: {
    readonly x: number
    readonly y: number
    readonly width: number
    readonly height: number
  } | null
}

export type Report = {
  readonly schemaVersion: 1
  readonly notice: string
  readonly software: { readonly name: string; readonly version: string }
  readonly bundle: {
    readonly name: string
    readonly version: string
    readonly trainedOn: string
    /** SHA-256 of each network's file. */
    readonly networks: Readonly<Record<string, string>>
    readonly operatingPoint: string
    /** Every point that the bundle offers, by name; missing in reports before 0.3.0. */
    readonly operatingPoints?: Readonly<
      Record<string, { readonly aim: string; readonly thresholds: Thresholds }>
    >
    /** On which studies of one site the decision was adjusted, without labels; missing where it was not. */
    readonly site?: string
  }
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly source: string
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly description: string
  readonly geometry: {
    readonly rows: number
    readonly columns: number
    readonly sliceCount: number
    readonly spacingMm: Vec3
  }
  readonly series: readonly SeriesSummary[]
  readonly status: 'analysed' | 'not-analysable'
  /** patient_overall; the stated function of the seven in decide/. */
  readonly patient: { readonly probability: number | null; readonly threshold: number; readonly call: Call }
  /** C1..C7, always seven. */
  readonly vertebrae: readonly VertebraResult[]
  readonly findings: readonly Finding[]
  readonly skipped: readonly Skipped[]
  readonly timingsMs: Readonly<Record<string, number>>
  /** For the HTML page; left out of the JSON. */
  readonly figures: readonly Figure[]
}
