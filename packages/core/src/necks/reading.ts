import { z } from 'zod'
import { NeckFracError } from '../errors.ts'
import { LEVELS } from '../levels.ts'

/** Levels that a reader names, in the order of label values 1..8. */
export const READ_LEVELS = [...LEVELS, 'T1'] as const
export type ReadLevel = (typeof READ_LEVELS)[number]

/** Heights are LPS z in mm, 16 mm in front of the middle of the cord. */
const readVertebra = z.object({
  /** C1: its anterior arch; C2: from the dens' tip down; others: between the discs. */
  zMm: z.number(),
  topMm: z.number().optional(),
  bottomMm: z.number().optional(),
  /** False: counted, but its borders are a guess; not scored. */
  sure: z.boolean(),
  /** The field ends within it. */
  cut: z.boolean().optional(),
})

const neckReading = z.object({
  id: z.string(),
  /** Models are selected on `development`; `test` is looked at once, at the end. */
  split: z.enum(['development', 'test']),
  vertebrae: z.partialRecord(z.enum(READ_LEVELS), readVertebra),
  note: z.string(),
})
export type NeckReading = z.infer<typeof neckReading>

const readings = z.object({
  format: z.literal('neckfrac-readings'),
  version: z.literal(1),
  images: z.string(),
  how: z.string(),
  reader: z.string(),
  date: z.string(),
  patients: z.array(neckReading),
})

/** Levels read by eye, from their JSON. @throws NeckFracError data */
export function parseReadings(text: string, name: string): readonly NeckReading[] {
  try {
    return readings.parse(JSON.parse(text)).patients
  } catch (cause) {
    throw new NeckFracError('data', `${name} holds no readings of necks: ${(cause as Error).message}`, {
      cause,
    })
  }
}
