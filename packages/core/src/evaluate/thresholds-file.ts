import { z } from 'zod'
import { decisionSchema } from '../bundle/manifest.ts'
import { NeckFracError } from '../errors.ts'
import type { Thresholds } from './evaluate.ts'

const thresholds = decisionSchema.shape.thresholds
/** A bundle's manifest, its decision, or the thresholds alone. */
const schema = z.union([
  z.object({ decision: z.object({ thresholds }) }).transform((m) => m.decision.thresholds),
  z.object({ thresholds }).transform((d) => d.thresholds),
  thresholds,
])

/** Thresholds of C1..C7 and the patient from JSON. @throws NeckFracError `data`. */
export function readThresholds(text: string, file: string): Thresholds {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new NeckFracError(
      'data',
      `${file} is not JSON. Give a bundle's folder, or a JSON file with thresholds for C1..C7 and patient.`,
      { cause },
    )
  }
  const parsed = schema.safeParse(json)
  if (!parsed.success)
    throw new NeckFracError('data', `${file} holds no thresholds from 0 to 1 for C1..C7 and patient.`)
  return parsed.data
}
