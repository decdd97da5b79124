import { LEVELS, type Level } from '../levels.ts'
import type { Session } from '../ports.ts'
import { CHANNELS, CROP } from './crop.ts'

/** Slices of a crop, rows and columns of its heat map. */
const SLICES = CROP.shape[0]
export const HEAT_ROWS = CROP.shape[1] / CROP.heatStride
export const HEAT_COLUMNS = CROP.shape[2] / CROP.heatStride

/** What Model I says of one vertebra. */
export type SliceScores = {
  /** Logit of the vertebra: mean of its most suspicious slices. */
  readonly logit: number
  /** Logit of each slice, head to feet. */
  readonly sliceLogits: Float32Array
  /** Fracture heat, logits, [24, 16, 16]. */
  readonly heat: Float32Array
}

/** A fracture shows on several of the 1.5 mm slices; one bright slice alone is more often noise. */
const TOP_SLICES = 3

/** Model I: EfficientNet on each slice of a crop's `networkInput`, read at the head of the vertebra's level. */
export async function classifySlices(
  data: Float32Array,
  level: Level,
  session: Session,
): Promise<SliceScores> {
  const { fracture, heat } = await session.run({
    image: { data, shape: [SLICES, CHANNELS, CROP.shape[1], CROP.shape[2]] },
  })
  const head = LEVELS.indexOf(level)
  const sliceLogits = Float32Array.from({ length: SLICES }, (_, s) => fracture.data[s * LEVELS.length + head])
  return { logit: topMean(sliceLogits), sliceLogits, heat: heat.data }
}

/** Mean of the highest values. */
export function topMean(logits: Float32Array): number {
  const highest = [...logits].sort((a, b) => b - a).slice(0, TOP_SLICES)
  return highest.reduce((sum, v) => sum + v, 0) / highest.length
}
