import type { Suspicion } from '../report/report.ts'
import { CROP } from './crop.ts'
import { maskedHeat } from './locate.ts'
import type { SliceScores } from './slices.ts'
import type { VertebraCrop } from './vertebra-crop.ts'

/** Digits that a strip of some hundred pixels can show. */
const DIGITS = 4

/** Model I's heat along the body: the hottest cell of each slice of the crop, from the head down. */
export function suspicionOf(crop: VertebraCrop, scores: SliceScores, probability: number): Suspicion {
  const heat = maskedHeat(crop, scores)
  const [slices] = CROP.shape
  const [stepMm] = CROP.spacingMm
  const cells = heat.length / slices
  const values = Array.from({ length: slices }, (_, slice) => {
    const hottest = heat.subarray(slice * cells, (slice + 1) * cells).reduce((a, b) => Math.max(a, b))
    return Number((probability * hottest).toFixed(DIGITS))
  })
  return { firstZMm: crop.centreLps[2] + (stepMm * (slices - 1)) / 2, stepMm, values }
}
