import type { Vec3 } from '../volume/geometry.ts'
import type { LabelVolume } from '../volume/volume.ts'

/** Outputs of the network: background, C1-C7, T1, T2 and lower. */
export const CLASSES = 10

/** A labelled vertebra. */
export type Vertebra = {
  /** RSNA label value: 1-7 = C1-C7, 8 = T1. */
  readonly label: number
  /** Middle of the mask's bounding box, LPS, mm. */
  readonly centreLps: Vec3
  /** Bounding box of the mask, LPS, mm. */
  readonly minLps: Vec3
  readonly maxLps: Vec3
  readonly volumeMm3: number
  /** Mean softmax probability over the mask, 0..1. */
  readonly confidence: number
  /** True when the mask touches the end of the field of view along the body. */
  readonly truncated: boolean
}

/** What the segmenter found, on its own working grid. */
export type Segmentation = {
  /** RSNA values, but that 9 stands for T2 and all below it. */
  readonly labels: LabelVolume
  /** From C1 downward. */
  readonly vertebrae: readonly Vertebra[]
}
