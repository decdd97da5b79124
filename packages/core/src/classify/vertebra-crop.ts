import { LEVELS, type Level } from '../levels.ts'
import type { Segmentation, Vertebra } from '../segment/segmentation.ts'
import type { Vec3 } from '../volume/geometry.ts'
import type { Volume } from '../volume/volume.ts'
import { cropImage, cropMask } from './crop.ts'

/** What the fracture models see of one vertebra. */
export type VertebraCrop = {
  readonly level: Level
  /** Middle of the crop, LPS, mm. */
  readonly centreLps: Vec3
  /** [24, 128, 128], bone window, 0..255. */
  readonly image: Uint8Array
  /** [24, 128, 128], 0..255. */
  readonly mask: Uint8Array
}

/** Crops one labelled vertebra; null for what is no cervical level. */
export function cropVertebra(
  volume: Volume,
  { labels }: Segmentation,
  { label, centreLps }: Vertebra,
): VertebraCrop | null {
  const level = LEVELS[label - 1]
  if (!level) return null
  return { level, centreLps, image: cropImage(volume, centreLps), mask: cropMask(labels, label, centreLps) }
}
