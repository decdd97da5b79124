import type { Level } from '../levels.ts'
import type { Vec3 } from '../volume/geometry.ts'
import type { LabelVolume, Volume } from '../volume/volume.ts'
import type { FamilyName } from './families.ts'
import type { ScanPlan } from './scanner/plan.ts'

export type FractureType =
  | 'dens-ii'
  | 'dens-iii'
  | 'c1-ring'
  | 'c1-arch'
  | 'c2-pars'
  | 'c2-body'
  | 'compression'
  | 'burst'
  | 'teardrop'
  | 'extension-teardrop'
  | 'facet'
  | 'lamina'
  | 'spinous'
  | 'transverse'

/** One fracture as it was put into the patient. */
export type FractureTruth = {
  readonly level: Level
  readonly type: FractureType
  /** 0 barely visible .. 1 gross. */
  readonly severity: number
  readonly centreLps: Vec3
  /** A box per slice for each place of it; RSNA conventions, sliceIndex counts the volume's z from 0. */
  readonly boxes: readonly { sliceIndex: number; x: number; y: number; width: number; height: number }[]
}

/** What may be read as a fracture and is none; the last two come from the scanner. */
export type LookAlikeType =
  | 'vascular-channel'
  | 'basivertebral-vein'
  | 'nutrient-foramen'
  | 'anterior-osteophyte'
  | 'uncinate-osteophyte'
  | 'ossified-anterior-ligament'
  | 'ossified-posterior-ligament'
  | 'nuchal-ossicle'
  | 'limbus-vertebra'
  | 'healed-line'
  | 'atlas-cleft'
  | 'dens-synchondrosis'
  | 'neurocentral-synchondrosis'
  | 'os-odontoideum'
  | 'disc-vacuum'
  | 'schmorl-node'
  | 'motion-step'
  | 'streak'

/** One look-alike in the images. */
export type LookAlikeTruth = {
  readonly level: Level
  readonly type: LookAlikeType
  /** 0 hardly visible .. 1 conspicuous; null for artefacts. */
  readonly severity: number | null
  readonly centreLps: Vec3
  /** As a fracture's. */
  readonly boxes: FractureTruth['boxes']
}

export type PhantomTruth = {
  readonly seed: number
  readonly preset: string
  readonly family: FamilyName
  /** The label map that the vertebrae were made from; null for formulas. */
  readonly template: string | null
  readonly fractured: Readonly<Record<Level, boolean>>
  readonly fractures: readonly FractureTruth[]
  readonly lookAlikes: readonly LookAlikeTruth[]
  readonly scan: ScanPlan
}

/** A synthetic patient as a scanner would give it, with the truth beside it. All arrays share one grid. */
export type PhantomStudy = {
  readonly volume: Volume
  readonly labels: LabelVolume
  /** 0 none, n = fractures[n - 1] of the truth: voxels of the fracture gap and the displaced edge. */
  readonly fractureMask: Uint8Array
  readonly truth: PhantomTruth
}
