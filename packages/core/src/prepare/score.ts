import { CROP_SIZE, networkInput } from '../classify/crop.ts'
import { classifySequence } from '../classify/sequence.ts'
import { classifySlices } from '../classify/slices.ts'
import type { Scores } from '../decide/decide.ts'
import type { Level } from '../levels.ts'
import type { Session } from '../ports.ts'

/** Raw scores of prepared crops, through the code that judges a patient's. image and mask [vertebrae, 24, 128, 128]. */
export async function scoreCrops(
  crops: { readonly image: Uint8Array; readonly mask: Uint8Array; readonly levels: readonly Level[] },
  sessions: { readonly slices: Session; readonly sequence: Session },
): Promise<Partial<Record<Level, Scores>>> {
  const scores: Partial<Record<Level, Scores>> = {}
  for (const [n, level] of crops.levels.entries()) {
    const of = (array: Uint8Array) => array.subarray(n * CROP_SIZE, (n + 1) * CROP_SIZE)
    const input = networkInput({ image: of(crops.image), mask: of(crops.mask) })
    const { logit } = await classifySlices(input, level, sessions.slices)
    scores[level] = { slices: logit, sequence: await classifySequence(input, sessions.sequence) }
  }
  return scores
}
